"""The window of a new terms rule cannot tell new from old, or its terms are not terms.

A tuple of values is new when its first event since `history_window_start` lies after `from`. So the history has to
start before the window does: Kibana refuses the rule otherwise. Each of the fields is named once, and has to be
aggregatable: text is not.

Bad:

```toml
from = "now-60m"
[rule.new_terms]
field = "new_terms_fields"
value = ["user.name", "user.name"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-30m"
```

Good:

```toml
from = "now-6m"
[rule.new_terms]
field = "new_terms_fields"
value = ["cloud.account.id", "user.name"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-14d"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.places import instant, listed
from detections.compile.planner import mapping_of
from detections.errors import Finding
from detections.rule import NewTermsRule, Rule

CODE = "new-terms"


def check(rule: Rule) -> Iterator[Finding]:
    if not isinstance(rule, NewTermsRule):
        return
    seen: set[str] = set()
    for keys, name in listed(rule, "rule", "new_terms", "value"):
        field = mapping_of(rule).get(name)
        if name in seen:
            yield rule.document.finding(CODE, f"the field {name} is listed twice", keys, length=None)
        elif field is not None and field.declared and field.family == "text":
            message = f"{name} is of type {field.type}, whose values cannot be aggregated"
            yield rule.document.finding(CODE, message, keys, length=None)
        seen.add(name)
    yield from _window(rule)


def _window(rule: NewTermsRule) -> Iterator[Finding]:
    text = rule.history_window_start
    history, start = instant(text), instant(rule.from_)
    if history is None:
        message = f"history_window_start {text} is not a time"
    elif start is not None and history >= start:
        message = f"history_window_start {text} is not before from, {rule.from_}: the history is empty"
    else:
        return
    yield rule.document.finding(CODE, message, ("rule", "new_terms", "history_window_start", 0, "value"), length=None)
