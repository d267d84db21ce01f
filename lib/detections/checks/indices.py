"""The rule does not say where to search.

A rule that names neither `index` nor `data_view_id` searches whatever the Kibana space has as its default patterns:
something else in every space, and possibly nothing. Naming both lets the data view win silently. An empty list or an
empty name searches nothing.

ES|QL rules name their indices in `FROM`; machine learning rules have none; a saved query may bring its own.

Bad:

```toml
type = "query"
query = 'event.action: "DeleteNetworkAcl"'
```

Good:

```toml
type = "query"
index = ["filebeat-*", "logs-aws.cloudtrail-*"]
query = 'event.action: "DeleteNetworkAcl"'
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.places import listed
from detections.errors import Finding, Level
from detections.rule import Rule

CODE = "indices"
_NEED = frozenset({"query", "eql", "threshold", "threat_match", "new_terms"})


def check(rule: Rule) -> Iterator[Finding]:
    document = rule.document
    if rule.type in _NEED and not rule.index and not rule.data_view_id:
        yield document.finding(CODE, "the rule names neither index nor data_view_id", ("rule", "type"), length=None)
    if rule.index and rule.data_view_id:
        message = "data_view_id wins over index: name one of them"
        yield document.finding(CODE, message, ("rule", "data_view_id"), level=Level.WARNING)
    seen: set[str] = set()
    for keys, name in listed(rule, "rule", "index"):
        if not name.strip():
            yield document.finding(CODE, "the name of an index is empty", keys, length=None)
        elif name in seen:
            message = f"the index {name} is listed twice"
            yield document.finding(CODE, message, keys, length=None, level=Level.WARNING)
        seen.add(name)
