"""FROM with sub-queries: each sees the documents of its own indices, and their rows come one after the other."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.compile.esql import compile_esql
from detections.compile.esql.versions import newer_than
from detections.errors import NotEvaluated, QueryError
from detections.mapping import Mapping
from detections.query import EsqlQuery, parse
from detections.report import explain

FIELDS = {"g": "keyword", "n": "integer", "t": "text"}
EVENTS: list[dict[str, Any]] = [
    {"_index": "logs-a", "g": "x", "n": 1, "t": "one"},
    {"_index": "logs-a", "g": "y", "n": 2},
    {"_index": "logs-b", "g": "x", "n": 3},
    {"data_stream": {"dataset": "c"}, "g": "z", "n": 4},
    {"g": "w", "n": 5},
]


def found(query: str) -> detections.SearchResult:
    return detections.search(EVENTS, query, "esql", fields=FIELDS)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("FROM (FROM logs-a | KEEP n), (FROM logs-b | KEEP n)", [[1], [2], [4], [5], [3], [4], [5]]),
        ("FROM (FROM logs-a | KEEP n), (FROM logs-c-default, logs-b | KEEP n)", [[1], [2], [5], [3], [4], [5]]),
        ("FROM logs-*, (FROM logs-b | WHERE n < 4) | KEEP n", [[1], [2], [3], [4], [5], [3]]),
        ("FROM (FROM logs-* | WHERE n > 3) | WHERE n < 5 | KEEP n", [[4]]),
        ("FROM (FROM logs-a, (FROM logs-b)) | STATS c = COUNT(*), m = MAX(n)", [[7, 5]]),
        ("FROM (FROM logs-a | STATS c = COUNT(*) BY g), (FROM logs-b | KEEP n) | KEEP g, c, n | SORT n, c, g | LIMIT 2",
         [[None, None, 3], [None, None, 4]]),
    ],
)  # fmt: skip
def test_the_rows_of_all(query: str, rows: list[list[Any]]) -> None:
    # A document that says no index, or one that nothing names, is seen through each.
    assert found(query).rows == rows


def test_columns_are_those_of_all_and_a_type_that_differs_is_of_no_use() -> None:
    two = "FROM (FROM a | EVAL v = n, w = t | KEEP v, w), (FROM b | EVAL v = g, w = g, x = 1 | KEEP v, w, x)"
    assert {one["name"]: one["type"] for one in found(two).columns} == {
        "v": "unsupported",
        "w": "keyword",
        "x": "integer",
    }
    with pytest.raises(QueryError, match=r"Cannot use field \[v\]"):
        found(f"{two} | WHERE v IS NOT NULL")


def test_what_is_wrong_in_a_sub_query_is_said_with_its_place() -> None:
    with pytest.raises(QueryError, match=r"Unknown column \[nn\]") as raised:
        found("FROM a, (FROM b | WHERE nn > 1)")
    assert (raised.value.start, raised.value.end) == (24, 26)
    with pytest.raises(NotEvaluated, match="ROW in a sub-query is not evaluated here"):
        found("FROM a, (ROW b = 1)")


def test_only_what_is_read_is_read() -> None:
    query = EsqlQuery(text := "FROM (FROM a | WHERE n > 1), (FROM b) | KEEP g", parse(text, "esql").tree)
    shown = explain.text(compile_esql(query, Mapping.of(FIELDS)).outline())
    assert "source1" in shown
    assert "source2" in shown
    assert "_fork" not in shown


def test_since_when_there_are_sub_queries() -> None:
    needs = newer_than(parse("FROM a, (FROM b | SAMPLE 0.5)", "esql"), "9.3")
    assert [one.what for one in needs] == ["a sub-query in FROM"]
