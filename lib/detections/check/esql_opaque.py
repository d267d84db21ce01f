"""An ES|QL query uses what cannot be evaluated here yet.

`FROM`, `WHERE`, `EVAL`, `KEEP`, `DROP`, `RENAME`, `SORT` and `LIMIT` with the functions that detection rules use are
read, checked and evaluated. A command or function beyond that is carried through untouched: the rule loads, is
checked otherwise and exported, but its cases cannot run, and what stands behind the command is not looked at. This
warning stands once, at the first such place.

Nothing is wrong with the query. Silence it where that is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.check.queries import queries_of
from detections.compile.esql import compile_esql
from detections.errors import Finding, Level, NotEvaluated, QueryError
from detections.mapping import catalog_mapping
from detections.query import EsqlQuery, Query, Span
from detections.rule import Rule

CODE = "esql-opaque"


def check(rule: Rule) -> Iterator[Finding]:
    for asked in queries_of(rule):
        for message, (start, end) in _first(asked.query):
            yield rule.document.finding(CODE, message, asked.keys, start, end - start, Level.WARNING)


def _first(query: Query | None) -> Iterator[tuple[str, Span]]:
    if not isinstance(query, EsqlQuery):
        return
    try:
        compile_esql(query, catalog_mapping())
    except NotEvaluated as reason:
        yield str(reason), reason.span or (0, 1)
    except QueryError:
        pass  # field-type says so
