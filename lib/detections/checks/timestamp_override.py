"""The time that the rule goes by is not a time, or hides events.

`timestamp_override` names the field by which the window is applied, usually `event.ingested`, so that events which
arrive late are still seen. It must be a date. A document without it falls back to `@timestamp`, unless
`timestamp_override_fallback_disabled` says otherwise: then such documents are never seen.

Bad:

```toml
timestamp_override = "event.ingested"
timestamp_override_fallback_disabled = true
```

Good:

```toml
timestamp_override = "event.ingested"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.compile.planner import mapping_of
from detections.errors import Finding, Level
from detections.rule import Rule

CODE = "timestamp-override"
_DATES = frozenset({"date", "date_nanos"})


def check(rule: Rule) -> Iterator[Finding]:
    override, disabled = rule.timestamp_override, rule.timestamp_override_fallback_disabled
    if override:
        field = mapping_of(rule).get(override)
        if field is not None and field.declared and field.type not in _DATES:
            message = f"{override} is of type {field.type}, not a date"
            yield rule.document.finding(CODE, message, ("rule", "timestamp_override"), length=None)
    if disabled:
        message = (
            f"documents without {override} are never seen"
            if override
            else "timestamp_override_fallback_disabled does nothing without timestamp_override"
        )
        keys = ("rule", "timestamp_override_fallback_disabled")
        yield rule.document.finding(CODE, message, keys, length=None, level=Level.WARNING)
