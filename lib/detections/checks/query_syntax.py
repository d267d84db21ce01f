"""The query does not parse.

KQL is read exactly as Kibana reads it, EQL and ES|QL as Elasticsearch does; the message says what could have stood at
the caret. Things that bite in KQL: `not` inside a list of values needs the parentheses (`f: (not a)`), `and`, `or` and
`not` need blanks around them, quotes inside an unquoted value, a backslash that escapes nothing. In EQL: keywords are
lower case, `==` compares, strings stand in double quotes, a backslash in them is doubled or the string stands in three
quotes, and of Endgame's pipes there are `head` and `tail` only.

Bad:

```
event.action: "DeleteRoute" and event.outcome: not "failure"
```

Good:

```
event.action: "DeleteRoute" and not event.outcome: "failure"
```
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import queries_of
from detections.errors import Finding
from detections.rule import Rule

CODE = "query-syntax"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        if asked.problem is not None:
            start, end = asked.problem.start, asked.problem.end
            yield rule.document.finding(CODE, asked.problem.message, asked.keys, start, end - start)
