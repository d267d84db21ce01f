"""An ES|QL query needs a newer Elastic Stack than the rule says it runs on.

ES|QL grows with every version. A command, function or piece of syntax that the oldest stack of a rule does not have
makes the rule fail there at every run, not when it is imported. The rule says which stack that is in
`metadata.min_stack_version`; where it says nothing, 8.19 is taken for it, and what is newer is a warning.

What Elastic still calls a preview may change with the next version: a note says so, which fails no run.

Bad:

```
[metadata]
min_stack_version = "9.1.0"

[rule]
query = "FROM logs-* METADATA _id | INLINE STATS n = COUNT(*) BY user.name | WHERE n > 9"
```

Good: `min_stack_version = "9.3.0"`.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import queries_of
from detections.compile.esql.versions import Requirement, requirements, version_of
from detections.errors import Finding, Level
from detections.functions.signature import OLDEST
from detections.query import EsqlQuery
from detections.rule import Rule

CODE = "esql-version"


def check(rule: Rule) -> Iterator[Finding]:
    stated = rule.metadata.min_stack_version
    oldest = stated or OLDEST
    for asked in queries_of(rule):
        if not isinstance(asked.query, EsqlQuery):
            continue
        seen: set[str] = set()
        for need in requirements(asked.query):
            told = _told(need, oldest, stated is not None)
            if told is None or need.what in seen:
                continue
            seen.add(need.what)
            message, level, hint = told
            start, end = need.span
            yield rule.document.finding(CODE, message, asked.keys, start, end - start, level, hint)


def _told(need: Requirement, oldest: str, stated: bool) -> tuple[str, Level, str] | None:
    """What is to say of a requirement: the message, how much it matters, and what to do."""
    if version_of(need.since) > version_of(oldest):
        message = f"{need.what} exists only since {need.since}"
        hint = f'set min_stack_version = "{need.since}.0"'
        return (f"{message}, the rule is for {oldest}", Level.ERROR, hint) if stated else (message, Level.WARNING, hint)
    if need.ga is None or version_of(need.ga) > version_of(oldest):
        until = "" if need.ga is None else f" before {need.ga}"
        return f"{need.what} is a preview{until}, and may change", Level.NOTE, ""
    return None
