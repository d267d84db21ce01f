"""STATS and INLINE STATS, and the other commands that need all rows, run as users run them."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.errors import QueryError

FIELDS = {
    "g": "keyword",
    "h": "keyword",
    "n": "integer",
    "d": "double",
    "at": "date",
    "b": "boolean",
    "t": "text",
    "ip": "ip",
}
EVENTS: list[dict[str, Any]] = [
    {"g": "a", "h": "x", "n": 1, "d": 0.5, "at": "2026-01-01T00:10:00Z", "b": True, "ip": "10.0.0.2"},
    {"g": "a", "h": "y", "n": 3, "d": 1.5, "at": "2026-01-01T00:20:00Z", "b": False, "ip": "9.0.0.1"},
    {"g": "b", "h": "x", "n": [2, 4], "at": "2026-01-01T01:30:00Z"},
    {"g": ["b", "c", "b"], "n": 7, "d": 2.0, "at": "2026-01-02T00:00:00Z"},
    {"n": 5, "at": "2026-01-01T00:15:00Z"},
]


def rows(commands: str, events: list[dict[str, Any]] = EVENTS) -> list[list[Any]]:
    return detections.search(events, f"FROM x | {commands}", "esql", fields=FIELDS).rows


def columns(commands: str) -> dict[str, str]:
    found = detections.search([], f"FROM x | {commands}", "esql", fields=FIELDS)
    return {column["name"]: column["type"] for column in found.columns}


@pytest.mark.parametrize(
    ("call", "kind", "expected"),
    [
        ("COUNT(*)", "long", 5),
        ("COUNT()", "long", 5),
        ("COUNT(n)", "long", 6),
        ("COUNT(g)", "long", 5),
        ("COUNT(1)", "long", 5),
        ("COUNT(null)", "long", 0),
        ("COUNT(n > 2 OR null)", "long", 3),
        ("COUNT_DISTINCT(g)", "long", 3),
        ("COUNT_DISTINCT(h, 100)", "long", 2),
        ("SUM(n)", "long", 22),
        ("SUM(d)", "double", 4.0),
        ("AVG(n)", "double", 22 / 6),
        ("MIN(n)", "integer", 1),
        ("MAX(d)", "double", 2.0),
        ("MAX(g)", "keyword", "c"),
        ("MIN(b)", "boolean", False),
        ("MIN(ip)", "ip", "9.0.0.1"),
        ("MAX(at)", "datetime", "2026-01-02T00:00:00.000Z"),
        ("MEDIAN(n)", "double", 3.5),
        ("PERCENTILE(n, 100)", "double", 7.0),
        ("MEDIAN_ABSOLUTE_DEVIATION(n)", "double", 1.5),
        ("STD_DEV(d)", "double", 0.6236095644623235),
        ("VARIANCE(d)", "double", 0.3888888888888889),
        ("VALUES(h)", "keyword", ["x", "y"]),
        ('TOP(n, 3, "desc")', "integer", [7, 5, 4]),
        ('TOP(n, 2, "ASC", h)', "keyword", ["x", "x"]),
        ("FIRST(n, at)", "integer", 1),
        ("LAST(g, at)", "keyword", ["b", "c"]),
        ("WEIGHTED_AVG(d, n)", "double", (0.5 + 4.5 + 14) / 22),
        ("WEIGHTED_AVG(n, 2)", "double", 22 / 6),
        ("WEIGHTED_AVG([1, 5], n)", "double", 3.0),
        ("PRESENT(d)", "boolean", True),
        ("ABSENT(t)", "boolean", True),
        ("MAX(t)", "keyword", None),
        ('SUM(n) WHERE h == "x"', "long", 7),
        ("ROUND(SUM(d) / COUNT(*), 1) + MAX(n)", "double", 7.8),
        ("MV_COUNT(VALUES(n))", "integer", 6),
    ],
)
def test_what_an_aggregate_function_comes_to(call: str, kind: str, expected: Any) -> None:
    assert columns(f"STATS r = {call}") == {"r": kind}
    found = rows(f"STATS r = {call}")[0][0]
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_a_weight_counts_although_its_value_does_not() -> None:
    events = [{"n": 1, "d": 2.0}, {"n": [2, 3], "d": 4.0}, {"d": 6.0}, {"n": 4}, {"n": 5, "d": [1.0, 7.0]}]
    assert rows("STATS WEIGHTED_AVG(n, d)", events) == [[2.0 / (2.0 + 4.0 + 6.0 + 1.0 + 7.0)]]
    for weight in ("0", "0.0", "null"):
        with pytest.raises(QueryError, match="cannot be null or 0"):
            rows(f"STATS WEIGHTED_AVG(n, {weight})")


def test_without_rows_there_is_a_row_without_groups_and_none_with_groups() -> None:
    assert rows("STATS COUNT(*), SUM(n), VALUES(g), PRESENT(n), ABSENT(n), COUNT_DISTINCT(g)", []) == [
        [0, None, None, False, True, 0]
    ]
    assert rows("STATS COUNT(*) BY g", []) == []
    assert rows("STATS BY g", []) == []


def test_a_row_belongs_to_the_group_of_each_of_its_values_and_null_is_a_group() -> None:
    assert rows("STATS c = COUNT(*), s = SUM(n) BY g | SORT g") == [
        [2, 4, "a"], [2, 13, "b"], [1, 7, "c"], [1, 5, None],
    ]  # fmt: skip
    assert rows("STATS c = COUNT(*) BY g, h | SORT g, h") == [
        [1, "a", "x"], [1, "a", "y"], [1, "b", "x"], [1, "b", None], [1, "c", None], [1, None, None],
    ]  # fmt: skip
    assert rows("STATS BY h | SORT h") == [["x"], ["y"], [None]]


def test_groups_are_computed_and_named() -> None:
    query = "STATS m = MAX(n) BY hour = DATE_TRUNC(1 hour, at), g IS NULL | SORT hour, `g IS NULL`"
    assert columns(query) == {"m": "integer", "hour": "datetime", "g IS NULL": "boolean"}
    assert rows(query) == [
        [3, "2026-01-01T00:00:00.000Z", False],
        [5, "2026-01-01T00:00:00.000Z", True],
        [4, "2026-01-01T01:00:00.000Z", False],
        [7, "2026-01-02T00:00:00.000Z", False],
    ]
    assert rows("STATS n = COUNT(*) BY LEFT(h, 1) | SORT `LEFT(h, 1)` | KEEP `LEFT(h, 1)`") == [["x"], ["y"], [None]]
    # A group goes before a field of its name, also in the aggregate functions.
    assert rows('STATS m = MAX(n), g BY g, n = n * 10 | WHERE g == "a" | SORT m') == [[10, "a", 10], [30, "a", 30]]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("BUCKET(n, 2)", [0.0, 2.0, 4.0, 6.0, None]),
        ("BUCKET(n, 4, 0, 8)", [0.0, 5.0, None]),
        ("BUCKET(at, 1 day)", ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]),
        ("BUCKET(at, 3, \"2026-01-01\", \"2026-01-03\")", ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]),
        ("BUCKET(at, 60, \"2026-01-01T00:00:00Z\", \"2026-01-01T02:00:00Z\")", [
            "2026-01-01T00:10:00.000Z", "2026-01-01T00:15:00.000Z", "2026-01-01T00:20:00.000Z",
            "2026-01-01T01:30:00.000Z", "2026-01-02T00:00:00.000Z",
        ]),
    ],
)  # fmt: skip
def test_buckets(call: str, expected: list[Any]) -> None:
    assert [row[0] for row in rows(f"STATS BY x = {call} | SORT x")] == expected


def test_tbucket_cuts_the_time_of_the_events() -> None:
    events = [{"@timestamp": f"2026-01-01T00:{minute}:00Z"} for minute in (10, 50)]
    found = detections.search(events, "FROM x | STATS c = COUNT(*) BY t = TBUCKET(1 hour)", "esql")
    assert found.rows == [[2, "2026-01-01T00:00:00.000Z"]]


def test_inline_stats_leaves_the_rows() -> None:
    query = "KEEP h, n | INLINE STATS m = MAX(n), c = COUNT(*) BY h"
    assert list(columns(query)) == ["n", "m", "c", "h"]
    assert rows(query) == [
        [1, 4, 2, "x"], [3, 3, 1, "y"], [[2, 4], 4, 2, "x"], [7, 7, 2, None], [5, 7, 2, None],
    ]  # fmt: skip
    assert [row[1] for row in rows("KEEP n | INLINE STATS m = MAX(n)")] == [7] * 5
    assert [row[1] for row in rows("KEEP g | INLINE STATS c = COUNT(*) BY g | KEEP g, c")] == [2, 2, 2, None, 1]


def test_what_stands_behind_a_stats_sees_its_columns_only() -> None:
    assert rows("STATS c = COUNT(*) BY g | WHERE c > 1 | SORT g DESC | LIMIT 1 | EVAL d = c * 2 | KEEP d, g") == [
        [4, "b"]
    ]
    with pytest.raises(QueryError, match=r"Unknown column \[n\]"):
        rows("STATS c = COUNT(*) BY g | WHERE n > 1")


@pytest.mark.parametrize(
    ("commands", "message", "place"),
    [
        ("STATS n", "column \\[n\\] must appear in the STATS BY clause", "n"),
        ("STATS a = n + COUNT(*)", "must appear in the STATS BY", "n + "),
        ("STATS a = ABS(1)", "expected an aggregate function", "ABS"),
        ("STATS COUNTS(n)", "Unknown function \\[counts\\], did you mean \\[count\\]", "COUNTS"),
        ("STATS SUM(g)", "must be", "g)"),
        ("STATS MAX(SUM(n))", "not allowed outside STATS|aggregate", "SUM"),
        ("STATS MAX(n, n)", "expects 1 argument, found 2", "MAX"),
        ("STATS SUM(*)", "takes no \\*", "SUM"),
        ("STATS PERCENTILE(n, 101)", "between 0 and 100", "PERCENTILE"),
        ("STATS PERCENTILE(n, n)", "must be a constant", "n)"),
        ("STATS TOP(n, 0)", "greater than 0", "TOP"),
        ("STATS COUNT(*) BY BUCKET(g, 5)", "must be \\[datetime or numeric\\]", "g, 5"),
        ("STATS COUNT(*) BY BUCKET(n, 0)", "must be greater than 0", "BUCKET"),
        ("STATS COUNT(*) WHERE n", "condition must be \\[boolean\\]", "n"),
        ("EVAL a = BUCKET(n, 5)", "outside of the groups of a STATS", "BUCKET"),
        ("WHERE COUNT(n) > 1", "not allowed outside STATS", "COUNT"),
        ("STATS COUNT(*) BY 1 day", "cannot group by", "1 day"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(commands: str, message: str, place: str) -> None:
    text = f"FROM x | {commands}"
    with pytest.raises(QueryError, match=message) as caught:
        detections.search([], text, "esql", fields=FIELDS)
    assert text[caught.value.start :].startswith(place)


# --- other commands over all rows


def test_limit_by_and_dedup_take_the_first_rows() -> None:
    assert rows("SORT n DESC | LIMIT 1 BY h | KEEP h, n") == [[None, 7], ["x", [2, 4]], ["y", 3]]
    assert rows("KEEP h | DEDUP") == [["x"], ["y"], [None]]


def test_fork_gives_the_rows_of_each_branch() -> None:
    query = "KEEP h, n | FORK (WHERE n > 4 | KEEP n) (STATS n = MAX(n) BY h) (LIMIT 1)"
    assert columns(query) == {"n": "integer", "h": "keyword", "_fork": "keyword"}
    assert rows(query) == [
        [7, None, "fork1"], [5, None, "fork1"], [4, "x", "fork2"], [3, "y", "fork2"], [7, None, "fork2"],
        [1, "x", "fork3"],
    ]  # fmt: skip
    with pytest.raises(QueryError, match="conflicting data types"):
        rows('FORK (EVAL z = 1) (EVAL z = "a")')


# --- warnings


def test_what_has_no_result_is_warned_of_once() -> None:
    query = "FROM x\n| EVAL a = n + 1, b = 1 / (d - d)"
    found = detections.search(EVENTS * 30, query, "esql", fields=FIELDS)
    assert found.warnings == [
        "Line 2:12: evaluation of [n + 1] failed, treating result as null. Only first 20 failures recorded.",
        "Line 2:12: java.lang.IllegalArgumentException: single-value function encountered multi-value",
        "Line 2:23: evaluation of [1 / (d - d)] failed, treating result as null. Only first 20 failures recorded.",
        "Line 2:23: java.lang.ArithmeticException: / by zero",
    ]


def test_a_branch_that_is_not_taken_warns_of_nothing() -> None:
    query = "FROM x | EVAL a = CASE(d > 1, 1 / (d - d), 0), b = COALESCE(h, TO_STRING(1 / 0)) | KEEP a, b"
    found = detections.search(EVENTS[:1], query, "esql", fields=FIELDS)
    assert found.rows == [[0.0, "x"]]
    assert [one for one in found.warnings if "d - d" in one] == []
