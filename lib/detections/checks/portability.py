"""The file reads differently with the `toml` package. *Profile house.*

`toml` 0.10.2 is what much of the field reads rules with, though it was never finished: it fails on one public rule
file in twenty, and misreads one in twelve without a word. A file of ours must say the same to everybody. The usual
reasons: two double quotes at the end of a line inside a literal string, where `toml` loses the line's end; a blank at
the end of a line; a string over several lines, in double quotes, inside a list.

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

from detections.errors import Finding
from detections.rule import Rule
from detections.source import Document, Keys

CODE = "portability"


_ACCIDENTS = (IndexError, KeyError, TypeError, ValueError, AttributeError, RecursionError)
"""What `toml` raises besides its own error, which is a ValueError."""


def check(rule: Rule) -> Iterator[Finding]:
    document = rule.document
    theirs = _read(document.text)
    if isinstance(theirs, str):
        yield document.finding(CODE, f"toml 0.10.2 cannot read the file: {theirs}", _culprit(document), length=None)
        return
    for keys, offset, message in differences(document.data, theirs):
        yield document.finding(CODE, message, keys, offset)


def _read(text: str) -> dict[str, Any] | str:
    """What `toml` reads, or why it cannot."""
    try:
        return toml.loads(text)
    except toml.TomlDecodeError as error:
        return str(error.msg)
    except _ACCIDENTS as error:
        return f"it fails with {type(error).__name__}"


def _culprit(document: Document) -> Keys:
    """The first value that `toml` cannot read by itself; where it says that it failed is often far behind."""
    lines = document.text.split("\n")
    starts = sorted((document.key_location(keys).line, keys) for keys in _members(document, document.data, ()))
    ends = [line for line, _ in starts[1:]] + [len(lines) + 1]
    for (line, keys), end in zip(starts, ends, strict=True):
        if isinstance(_read("\n".join(lines[line - 1 : end - 1])), str):
            return keys
    return ()


def _members(document: Document, table: dict[str, Any], keys: Keys) -> Iterator[Keys]:
    """The keys of values that begin on a line of their own."""
    for name, value in table.items():
        at = (*keys, name)
        inner = [((*at, index), one) for index, one in enumerate(value)] if isinstance(value, list) else [(at, value)]
        if inner and all(isinstance(one, dict) for _, one in inner):
            for place, one in inner:
                yield from _members(document, one, place)
        elif document.excerpt(document.key_location(at).line).lstrip().startswith((name, f'"{name}', f"'{name}")):
            yield at


def differences(ours: object, theirs: object, keys: Keys = ()) -> Iterator[tuple[Keys, int, str]]:
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
