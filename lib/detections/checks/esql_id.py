"""An ES|QL rule without aggregation does not ask for `_id`.

Kibana tells the alerts of such a rule apart by the documents behind them. Without `METADATA _id` in `FROM` it has only
the row's content: the same document alerts again at every run that sees it, and Kibana's editor refuses the rule.
`_version` and `_index` belong there too. A query with `STATS` makes new rows and needs none of it.

Bad:

```
FROM logs-aws.cloudtrail-*
| WHERE event.action == "PutImage"
```

Good:

```
FROM logs-aws.cloudtrail-* METADATA _id, _version, _index
| WHERE event.action == "PutImage"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import queries_of
from detections.errors import Finding
from detections.query import EsqlQuery
from detections.query.esql import ast as esql
from detections.rule import Rule

CODE = "esql-id"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        if not isinstance(asked.query, EsqlQuery):
            continue
        tree = asked.query.tree
        if tree.aggregates or "_id" in tree.metadata:
            continue
        source = tree.commands[0]
        if isinstance(source, esql.From):
            start, end = source.span
            message = "without METADATA _id the same document alerts again and again"
            hint = "add METADATA _id, _version, _index to FROM"
            yield rule.document.finding(CODE, message, asked.keys, start, end - start, hint=hint)
