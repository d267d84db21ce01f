"""Elasticsearch's own ES|QL cases, broken: cut off at each place, with each token left out, with each token twice.

What is refused is refused with its place, and the rest is run. A part of the texts is taken, another one for each case;
`ESQL_BROKEN=1` takes them all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated, QueryError
from detections.query.esql.scan import EXPRESSION

DATA = Path(__file__).parents[3].parent / "shared/data/esql"
EVERY = int(os.environ.get("ESQL_BROKEN", "40"))
"""One of so many texts is taken."""

ROWS = 3


def broken(query: str) -> Iterator[str]:
    yield from (query[:end] for end in range(len(query)))
    for token in EXPRESSION.finditer(query):
        start = token.end() - len(token[0].lstrip())
        if start < token.end():
            yield query[:start] + query[token.end() :]
            yield f"{query[: token.end()]} {query[start:]}"


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def test_a_broken_query_is_refused_with_its_place_or_run() -> None:
    if not DATA.is_dir():
        pytest.skip("../shared is not there: Elasticsearch's ES|QL cases are not broken")
    tables = {"languages_lookup": {"rows": load("data/languages_lookup.json")["rows"]}}
    data: dict[str, Any] = {"ROW": {"rows": [], "mapping": {}}}
    ran = refused = 0
    for number, case in enumerate(load("cases.json")):
        if case["source"] not in data:
            data[case["source"]] = load(f"data/{case['source']}.json")
        source = data[case["source"]]
        fields = {name: {"l": "long"}.get(kind, kind) for name, kind in source["mapping"].items()}
        for at, text in enumerate(broken(case["query"])):
            if at % EVERY != number % EVERY:
                continue
            try:
                found = detections.search(source["rows"][:ROWS], text, "esql", fields=fields, tables=tables)
            except NotEvaluated:
                refused += 1
            except QueryError as error:
                refused += 1
                assert 0 <= error.start < error.end, text
                assert error.start <= len(text), text
            else:
                ran += 1
                assert all(len(row) == len(found.columns) for row in found.rows), text
    assert ran > 0
    assert refused > ran
