"""ES|QL's grammar against the one that Elastic generates from Elasticsearch's own: what both accept.

The witness is ``detection-rules-esql-py`` (Elastic License 2.0), a development tool that is installed by hand
(``pip install --ignore-requires-python detection-rules-esql-py``) and never shipped. Without it this is skipped.
"""

from __future__ import annotations

import importlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from detections.errors import QuerySyntaxError
from detections.query.esql import parse
from detections.query.esql.scan import EXPRESSION

DATA = Path(__file__).parents[3].parent / "shared/data/esql"
MUTANTS = 1000
ADDED = (
    "NOT", "AND", "IN", "(", ")", ",", "|", "=", "==", ":", "::", ".", "*", "-", '"x"', "1", "1.5", "by", "a", "`b`",
    "?x", "[", "{", "where", "null", "true", "like", "is", "first(", "asc", "nulls first", "metadata", "(a, b)",
)  # fmt: skip
EXPLAINED = re.compile(
    # Elasticsearch refuses these behind its grammar, which takes any word for a unit and any constant for a limit.
    r"unknown unit of time|LIMIT takes a whole number|SAMPLE takes|number is too large|KQL:|has no option|unknown mode"
    r"|RERANK takes|IN takes a sub-query"
    # APPEND_SEPARATOR of DISSECT
    r"|expected a string$"
)


def witness() -> Callable[[str], bool]:
    """What says whether the grammar of Elasticsearch's main branch accepts a query."""
    # Its own name is no sign: a folder or a script called esql is found by it, too.
    if importlib.util.find_spec("antlr4") is None:
        pytest.skip("detection-rules-esql-py is not installed: the grammar has no second opinion")
    antlr = importlib.import_module("antlr4")
    listener = importlib.import_module("antlr4.error.ErrorListener").ErrorListener
    lexer, parser = (
        getattr(importlib.import_module(f"esql._antlr.vlatest.{name}"), name)
        for name in ("EsqlBaseLexer", "EsqlBaseParser")
    )

    class Listener(listener):  # type: ignore[misc, valid-type]
        def syntaxError(self, *found: object) -> None:  # noqa: N802
            raise ValueError(found)

    def accepts(query: str) -> bool:
        tokens = lexer(antlr.InputStream(query))
        reader = parser(antlr.CommonTokenStream(tokens))
        for one in (tokens, reader):
            one.removeErrorListeners()
            one.addErrorListener(Listener())
        try:
            reader.statements()
        except Exception:  # the witness refuses in more ways than one
            return False
        return True

    return accepts


def mutant(query: str, chance: random.Random) -> str:
    tokens = [(one.end() - len(one[0].lstrip()), one.end()) for one in EXPRESSION.finditer(query) if one[0].strip()]
    start, end = chance.choice(tokens)
    match chance.randrange(4):
        case 0:
            return query[:start] + query[end:]
        case 1:
            return f"{query[:end]} {query[start:]}"
        case 2:
            return f"{query[:start]} {chance.choice(ADDED)} {query[end:]}"
    return f"{query[:start]} {chance.choice(ADDED)} {query[start:]}"


def test_mutants_are_accepted_by_both_or_by_neither() -> None:
    accepts = witness()
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's ES|QL queries are not mutated")
    queries = [case["query"] for case in json.loads((DATA / "cases.json").read_text(encoding="utf-8"))]
    chance = random.Random(12)
    for _ in range(MUTANTS):
        query = mutant(chance.choice(queries), chance)
        try:
            parse(query)
        except QuerySyntaxError as error:
            assert not accepts(query) or EXPLAINED.search(error.message), query
        else:
            assert accepts(query), query
