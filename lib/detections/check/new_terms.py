"""The window of a new terms rule cannot tell new from old, or its terms are no terms.

A tuple of values is new when its first event since `history_window_start` lies after `from`. So the history has to
start before the window does: Kibana refuses the rule otherwise. There are one to three fields, each once, and each has
to be aggregatable: text is not.

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

from detections import catalog
from detections.check.places import grouping_fields, keys_of
from detections.errors import Finding
from detections.rule import NewTermsRule, Rule
from detections.values import datemath

CODE = "new-terms"
MOST = 3
_NOW = 1_700_000_000_000
_TEXTS = frozenset({"text", "match_only_text"})


def check(rule: Rule) -> Iterator[Finding]:
    if not isinstance(rule, NewTermsRule):
        return
    seen: set[str] = set()
    for keys, name in grouping_fields(rule):
        if "new_terms" not in keys and "new_terms_fields" not in keys:
            continue
        spec = catalog.field_spec(name)
        if name in seen:
            yield rule.document.finding(CODE, f"the field {name} is listed twice", keys, length=None)
        elif len(seen) == MOST:
            yield rule.document.finding(CODE, f"Kibana takes at most {MOST} fields", keys, length=None)
        elif spec and spec["type"] in _TEXTS:
            message = f"{name} is of type {spec['type']}, whose values cannot be aggregated"
            yield rule.document.finding(CODE, message, keys, length=None)
        seen.add(name)
    yield from _window(rule)


def _window(rule: NewTermsRule) -> Iterator[Finding]:
    keys = keys_of(rule, ("rule", "new_terms", "history_window_start", 0, "value"), ("rule", "history_window_start"))
    text = rule.history_window_start
    try:
        history = datemath.resolve(text, _NOW)
    except ValueError:
        message = f"history_window_start {text!r} is not date math: now-14d"
        yield rule.document.finding(CODE, message, keys, length=None)
        return
    try:
        start = datemath.resolve(rule.from_, _NOW)
    except ValueError:
        return  # schedule says so
    if history >= start:
        message = f"history_window_start {text} is not before from, {rule.from_}: nothing could be told from old"
        yield rule.document.finding(CODE, message, keys, length=None)
