"""A text that everybody reads is empty, or still a placeholder.

The name and the description stand on every alert. Empty ones, and ones that still say TODO, pass every parser and
fail the analyst. The same holds for `note`, `setup` and each of `false_positives` where they are given.

Bad:

```toml
description = "TODO"
```

Good:

```toml
description = "A network ACL was deleted: the subnets behind it fall back to the default ACL, which allows everything."
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from detections.checks.places import listed
from detections.errors import Finding
from detections.rule import Rule

CODE = "required-text"
_TEXTS = ("name", "description", "note", "setup", "false_positives")
_PLACEHOLDER = re.compile(r"\W*(todo|tbd|fixme|xxx+|lorem ipsum|placeholder|description|tba)\b\W*", re.IGNORECASE)


def check(rule: Rule) -> Iterator[Finding]:
    for key in _TEXTS:
        for keys, text in listed(rule, "rule", key):
            if not text.strip():
                # Kibana's default for these is the empty text, which says nothing but does no harm.
                if key not in ("note", "setup"):
                    yield rule.document.finding(CODE, f"{key} is empty", keys, length=None)
            elif _PLACEHOLDER.fullmatch(text):
                message = f"{key} is a placeholder"
                yield rule.document.finding(CODE, message, keys, length=None)
