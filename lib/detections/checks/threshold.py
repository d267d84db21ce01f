"""The threshold can never be reached, or counts what it groups by.

A threshold rule groups events by `field` and alerts on a group with at least `value` of them; `cardinality` asks for
a number of distinct values besides. Within a group every grouping field has one value, so a cardinality of more than
one on a grouping field never holds; a cardinality above the number of events asked for decides alone. A field named
twice groups no finer.

Bad:

```toml
[rule.threshold]
field = ["user.name"]
value = 10
[[rule.threshold.cardinality]]
field = "user.name"
value = 3
```

Good:

```toml
[rule.threshold]
field = ["user.name"]
value = 10
[[rule.threshold.cardinality]]
field = "source.ip"
value = 3
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.places import listed
from detections.errors import Finding, Level
from detections.rule import Rule, ThresholdRule

CODE = "threshold"


def check(rule: Rule) -> Iterator[Finding]:
    if not isinstance(rule, ThresholdRule):
        return
    groups: set[str] = set()
    for keys, name in listed(rule, "rule", "threshold", "field"):
        if name in groups:
            message = f"the field {name} is listed twice"
            yield rule.document.finding(CODE, message, keys, length=None, level=Level.WARNING)
        groups.add(name)
    for index, entry in enumerate(rule.threshold.get("cardinality", ())):
        at = ("rule", "threshold", "cardinality", index, "field")
        if entry["field"] in groups and entry["value"] > 1:
            message = f"a group has one value of {entry['field']}, so this is never reached"
            yield rule.document.finding(CODE, message, at, length=None)
        if index:
            message = "Kibana looks at the first cardinality only"
            yield rule.document.finding(CODE, message, at, length=None, level=Level.WARNING)
