"""An ES|QL query uses what cannot be evaluated here yet.

`FROM`, `WHERE`, `EVAL`, `KEEP`, `DROP`, `RENAME`, `SORT` and `LIMIT` with the functions that detection rules use are
read, checked and evaluated. A command or function beyond that is carried through untouched: the rule loads, is
checked otherwise and exported, but its cases cannot run, and what stands behind the command is not looked at. This
warning stands once, at the first such place.

Nothing is wrong with the query. Silence it where that is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.check.queries import Part, parts, tree_of
from detections.compile.esql import compile_esql
from detections.errors import Finding, Level, NotEvaluated, QueryError
from detections.mapping import catalog_mapping
from detections.query.esql import ast as esql
from detections.rule import Rule

CODE = "esql-opaque"


def check(rule: Rule) -> Iterator[Finding]:
    for part in parts(rule):
        for message, (start, end) in _first(part):
            yield rule.document.finding(CODE, message, part.keys, start, end - start, Level.WARNING)


def _first(part: Part) -> Iterator[tuple[str, esql.Span]]:
    tree = tree_of(part)
    if not isinstance(tree, esql.Query):
        return
    for command in tree.opaque:
        yield f"{command.name.upper()} is not evaluated here", (command.span[0], command.span[0] + len(command.name))
        return
    try:
        compile_esql(tree, catalog_mapping(), part.text)
    except NotEvaluated as reason:
        yield str(reason), (0, 1)
    except QueryError:
        pass  # field-type says so
