"""SET, and the functions that Elasticsearch replaces by others before it looks at them."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.compile.esql.versions import newer_than
from detections.errors import NotEvaluated, QueryError
from detections.query import parse

FIELDS = {"@timestamp": "date", "at": "date_nanos", "g": "keyword", "n": "long"}
EVENTS: list[dict[str, Any]] = [
    {"@timestamp": "2026-01-01T10:00:00Z", "g": "a", "n": 4},
    {"@timestamp": "2026-01-01T10:30:00Z", "g": "a"},
    {"@timestamp": "2026-01-01T09:00:00Z", "g": "b", "n": [7, 8]},
    {"g": "b", "n": 1},
    {"g": "c", "n": 2},
]


def rows(query: str, events: list[dict[str, Any]] = EVENTS) -> list[list[Any]]:
    return detections.search(events, query, "esql", fields=FIELDS).rows


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ('time_zone = "Europe/Paris"', NotEvaluated, "a time zone other than UTC is not evaluated here"),
        ('timezone = "UTC"', QueryError, r"Unknown setting \[timezone\], did you mean \[time_zone\]\?"),
        ("time_zone = 1", QueryError, r"Setting \[time_zone\] must be a string"),
        ('unmapped_fields = "none"', QueryError, r"unmapped_fields is one of fail, nullify, load, found \[none\]"),
        ('unmapped_fields = "load"', NotEvaluated, "unmapped_fields = load is not evaluated here"),
    ],
)
def test_a_setting_that_changes_results_is_known_or_said(setting: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rows(f"SET {setting}; FROM x | KEEP g")


@pytest.mark.parametrize("setting", ['time_zone = "UTC"', "approximation = true", 'unmapped_fields = "FAIL"'])
def test_other_settings_change_nothing(setting: str) -> None:
    assert rows(f"SET {setting}; FROM x | WHERE n == 2 | KEEP g") == [["c"]]


def test_fields_that_are_not_there_are_null_if_the_query_says_so() -> None:
    query = "FROM x | WHERE n == 2 | EVAL y = gone IS NULL, z = far + 1 | KEEP g, y, z, gone"
    assert rows(f'SET unmapped_fields = "nullify"; {query}') == [["c", True, None, None]]
    with pytest.raises(QueryError, match=r"Unknown column \[gone\]"):
        rows(query)


def test_first_and_last_take_nulls_and_several_values_as_they_are() -> None:
    found = rows("FROM x | STATS f = FIRST(n, @timestamp), l = LAST(n, @timestamp) BY g")
    # A row without a time counts only where no row of the group has one.
    assert found == [[4, None, "a"], [[7, 8], [7, 8], "b"], [2, 2, "c"]]
    assert rows("FROM x | STATS f = EARLIEST(n), l = LATEST(n) BY g") == found


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("FIRST(g, g)", r"second argument of \[FIRST\(g, g\)\] must be \[date_nanos or datetime or long\]"),
        ("EARLIEST(n, g)", r"error building \[earliest\]: expects 1 argument, found 2"),
        ("LATEST()", r"error building \[latest\]: expects 1 argument, found 0"),
    ],
)
def test_what_first_and_its_like_refuse(call: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        rows(f"FROM x | STATS x = {call}")


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ('TRANGE("2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z")', 1),  # the start is outside, the end inside
        ("TRANGE(1767258000000, 1767261600001)", 1),
        ('NOT TRANGE("2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z")', 2),  # without a time neither
        ("TRANGE(200 years)", 3),
        ("TRANGE(1 hour)", 0),
    ],
)
def test_a_range_of_time(condition: str, kept: int) -> None:
    assert rows(f"FROM x | WHERE {condition} | STATS COUNT(*)") == [[kept]]
    assert rows(f"FROM x | EVAL y = {condition} | WHERE y | STATS COUNT(*)") == [[kept]]


def test_a_range_of_time_does_not_begin_later_than_now() -> None:
    with pytest.raises(QueryError, match="start_time_or_offset cannot be negative"):
        rows("FROM x | WHERE TRANGE(-1 hour)")


def test_cutting_nanoseconds_gives_nanoseconds() -> None:
    query = 'ROW at = "2026-01-01T10:30:00.123456789Z"::date_nanos | STATS BY b = BUCKET(at, 1 hour), c = at'
    found = detections.search([], f"{query} | EVAL d = DATE_TRUNC(1 week, c)", "esql")
    assert [column["type"] for column in found.columns] == ["date_nanos"] * 3
    assert found.rows == [["2026-01-01T10:00:00.000Z", "2026-01-01T10:30:00.123456789Z", "2025-12-29T00:00:00.000Z"]]


def test_since_when_there_are_such_functions() -> None:
    query = parse("FROM x | WHERE TRANGE(1 hour) | STATS EARLIEST(n)", "esql")
    assert [one.what for one in newer_than(query, "9.3")] == ["EARLIEST()"]
    assert [one.what for one in newer_than(query, "9.2")] == ["TRANGE()", "EARLIEST()"]
