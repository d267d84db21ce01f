"""An ES|QL query uses what cannot be evaluated here yet.

The commands and functions that detection rules use are read, checked and evaluated. What is beyond them (`COMPLETION`,
`CHANGE_POINT`, `SAMPLE`, a sub-query, a table that `LOOKUP JOIN` looks up and nobody gives) is read and checked as far
as it goes: the rule loads and is exported, but its cases cannot run. This note stands once, at the first such place.

Nothing is wrong with the query: a note does not fail a run, not even with `--strict`.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.queries import RuleQuery, queries_of
from detections.compile.esql import compile_esql
from detections.errors import Finding, Level, NotEvaluated, QueryError
from detections.query import EsqlQuery, Span
from detections.rule import Rule

CODE = "esql-opaque"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        for message, (start, end) in _first(asked):
            yield rule.document.finding(CODE, message, asked.keys, start, end - start, Level.NOTE)


def _first(asked: RuleQuery) -> Iterator[tuple[str, Span]]:
    query = asked.query
    if not isinstance(query, EsqlQuery):
        return
    try:
        compile_esql(query, asked.mapping)
    except NotEvaluated as reason:
        yield str(reason), reason.span or (0, 1)
    except QueryError:
        pass  # field-type says so
