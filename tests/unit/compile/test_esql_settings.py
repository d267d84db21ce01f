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
        (
            'time_zone = "Mars/Base"',
            NotEvaluated,
            "the time zone Mars/Base, which nothing here knows, is not evaluated",
        ),
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


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("DATE_TRUNC(1 day, d)", "2024-06-15T22:00:00.000Z"),
        ("DATE_TRUNC(1 month, d)", "2024-05-31T22:00:00.000Z"),
        ('DATE_TRUNC(1 day, "2024-06-16T01:00:00.000000001Z"::date_nanos)', "2024-06-15T22:00:00.000Z"),
        ('DATE_EXTRACT("hour_of_day", d)', 1),
        ('DATE_EXTRACT("offset_seconds", d)', 7200),
        ('DATE_EXTRACT("instant_seconds", d)', 1718492400),
        ("DAY_NAME(d)", "Sunday"),
        ('DATE_FORMAT("yyyy-MM-dd HH:mm", d)', "2024-06-16 01:00"),
        ("DATE_FORMAT(d)", "2024-06-16T01:00:00.000+02:00"),
        ('DATE_PARSE("yyyy-MM-dd", "2024-01-15")', "2024-01-14T23:00:00.000Z"),
        ('DATE_PARSE("2024-01-15T10:00:00+05:00")', "2024-01-15T05:00:00.000Z"),
        ('TO_DATETIME("2024-01-15")', "2024-01-14T23:00:00.000Z"),
        ('"2024-01-15T00:00:00.000000001"::date_nanos', "2024-01-14T23:00:00.000000001Z"),
        ('d == "2024-06-16T01:00:00"', True),
        # The clocks were put forward in the night of 31 March, and back in that of 27 October.
        ('"2024-03-30T12:00:00Z"::datetime + 1 day', "2024-03-31T11:00:00.000Z"),
        ('"2024-03-30T12:00:00Z"::datetime + 24 hours', "2024-03-31T12:00:00.000Z"),
        ('"2024-03-31T11:00:00Z"::date_nanos - 1 day', "2024-03-30T12:00:00.000Z"),
        ('DATE_DIFF("days", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z")', 1),
        ('DATE_DIFF("hours", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z")', 23),
        ('TO_DATETIME("2024-03-31T02:30:00")', "2024-03-31T01:30:00.000Z"),
        ('TO_DATETIME("2024-10-27T02:30:00")', "2024-10-27T00:30:00.000Z"),
        ("DATE_TRUNC(1 year, TO_DATETIME(4000000000000000))", "+128723-12-31T23:00:00.000Z"),
    ],
)
def test_a_time_zone_is_where_the_calendar_and_the_clock_are(expression: str, expected: Any) -> None:
    zone = 'SET time_zone = "Europe/Paris"; ROW d = "2024-06-15T23:00:00Z"::datetime'
    for query in (f"{zone} | EVAL x = {expression} | KEEP x", f"{zone} | MV_EXPAND d | EVAL x = {expression} | KEEP x"):
        assert rows(query) == [[expected]]


def test_groups_of_days_are_those_of_the_zone() -> None:
    query = 'FROM x | WHERE TRANGE("2026-01-01T04:00:00", "2026-01-01T05:00:00") | STATS n = COUNT(*) BY TBUCKET(1 day)'
    assert rows(f'SET time_zone = "-05:00"; {query}') == [[1, "2026-01-01T05:00:00.000Z"]]
    query = 'FROM x | STATS n = COUNT(*) BY BUCKET(@timestamp, 2, "2026-01-01", "2026-01-03") | LIMIT 1'
    assert rows(f'SET time_zone = "+09:00"; {query}') == [[3, "2025-12-31T15:00:00.000Z"]]


@pytest.mark.parametrize("pattern", ['"yyyy XXX"', '"HH:mm z"', "g"])
def test_a_format_that_shows_the_zone_is_not_evaluated_in_another(pattern: str) -> None:
    query = f"FROM x | EVAL t = DATE_FORMAT({pattern}, @timestamp)"
    with pytest.raises(NotEvaluated, match="another zone than UTC"):
        rows(f'SET time_zone = "Europe/Paris"; {query}')
