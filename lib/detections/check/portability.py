"""The file reads differently with the `toml` package. *Profile house.*

`toml` 0.10.2 is what much of the field reads rules with, though it was never finished: it fails on one public rule
file in twenty, and misreads one in twelve without a word. A file of ours must say the same to everybody. The usual
reasons: `\"\"` at the end of a line inside `'''`, where `toml` loses the line's end; an escaped quote at the end of a
multi-line string; a comment behind an opening bracket.

Bad:

```toml
query = '''
FROM logs-*
| WHERE shared_with != \"\"
'''
```

Good:

```toml
query = '''
FROM logs-*
| WHERE LENGTH(shared_with) > 0
'''
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import toml

from detections.check.places import Keys
from detections.errors import Finding, Level, Location
from detections.rule import Rule

CODE = "portability"


def check(rule: Rule) -> Iterator[Finding]:
    document = rule.document
    try:
        other = toml.loads(document.text)
    except toml.TomlDecodeError as error:
        yield _at_line(rule, f"toml 0.10.2 cannot read the file: {error.msg}", error.lineno)
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        yield _at_line(rule, f"toml 0.10.2 stumbles over the file: {type(error).__name__}", 1)
    else:
        for keys, offset, message in differences(document.data, other):
            yield document.finding(CODE, message, keys, offset)


def _at_line(rule: Rule, message: str, line: int) -> Finding:
    excerpt = rule.document.excerpt(line)
    return Finding(CODE, message, Location(rule.document.path, line, 1), Level.ERROR, excerpt, max(1, len(excerpt)))


def differences(ours: Any, theirs: Any, keys: Keys = ()) -> Iterator[tuple[Keys, int, str]]:
    """Where two readings of a file part: the keys, the offset inside a string, and in what."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from differences(value, theirs[key], (*keys, key))
            else:
                yield (*keys, key), 0, f"toml 0.10.2 does not see {key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, (*keys, index))
    elif isinstance(ours, str) and isinstance(theirs, str):
        if ours != theirs:
            offset = next((at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), 0)
            here, there = ours[offset : offset + 12], theirs[offset : offset + 12]
            yield keys, offset, f"toml 0.10.2 reads {there!r} where the file says {here!r}"
    elif ours != theirs or type(ours) is not type(theirs):
        yield keys, 0, f"toml 0.10.2 reads {theirs!r} where the file says {ours!r}"
