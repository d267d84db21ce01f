"""ES|QL, run as users run it: `search` over documents with a mapping."""

from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated, QueryError

FIELDS = {
    "name": {"type": "keyword", "ignore_above": 5}, "size": "long", "part": "double", "at": "date", "ip": "ip",
    "flag": "boolean", "blob": "flattened",
}  # fmt: skip
EVENTS: list[dict[str, Any]] = [
    {"name": "a", "size": 1, "part": 0.5, "at": "2026-01-03T20:00:00Z", "ip": "10.0.0.1", "flag": True},
    {"name": "b", "size": [2, 3], "at": "2026-01-05T08:00:00Z"},
    {"name": "too long", "size": 4},
    {"name": ["c", "d"]},
]


def names(query: str) -> list[Any]:
    found = detections.search(EVENTS, f"FROM x | {query} | KEEP name", "esql", fields=FIELDS)
    return [row[0] for row in found.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('WHERE name == "a"', ["a"]),
        ('WHERE NOT name == "a"', ["b"]),
        ('WHERE name != "a"', ["b"]),
        ('WHERE name IN ("a", "b")', ["a", "b"]),
        ('WHERE name NOT IN ("a")', ["b"]),
        ("WHERE name IS NULL", [None]),
        ("WHERE name IS NOT NULL", ["a", "b", ["c", "d"]]),
        ('WHERE name LIKE "?"', ["a", "b"]),
        ('WHERE name RLIKE "[ab]"', ["a", "b"]),
        ("WHERE size > 1", [None]),
        ("WHERE size + 1 == 2", ["a"]),
        ("WHERE size / 0 IS NULL AND size IS NOT NULL", ["a", "b", None]),
        ('WHERE at >= "2026-01-04"', ["b"]),
        ('WHERE ip == "10.0.0.1"', ["a"]),
        ("WHERE flag", ["a"]),
        ("WHERE flag == true OR size IS NULL", ["a", ["c", "d"]]),
        ('WHERE DATE_EXTRACT("hour_of_day", at) >= 20', ["a"]),
        ('WHERE COALESCE(name, "none") == "none"', [None]),
        ("SORT size DESC NULLS LAST | LIMIT 2", [None, "b"]),
        ("EVAL name = LENGTH(name) | WHERE name == 1", [1, 1]),
    ],
)
def test_what_a_query_keeps(query: str, expected: list[Any]) -> None:
    assert names(query) == expected


def test_columns_are_kept_dropped_and_renamed() -> None:
    query = (
        "FROM x METADATA _id | EVAL twice = size * 2 | RENAME size AS n | DROP flag, ip, blob, part | KEEP n, tw*, _id"
    )
    found = detections.search(EVENTS[:1], query, "esql", fields=FIELDS)
    assert found.columns == [
        {"name": "n", "type": "long"}, {"name": "twice", "type": "long"}, {"name": "_id", "type": "keyword"},
    ]  # fmt: skip
    assert found.rows == [[1, 2, None]]


def test_dates_and_addresses_are_shown_in_text() -> None:
    found = detections.search(EVENTS[:1], "FROM x | KEEP at, ip", "esql", fields=FIELDS)
    assert found.rows == [["2026-01-03T20:00:00.000Z", "10.0.0.1"]]


@pytest.mark.parametrize(
    ("query", "message", "place"),
    [
        ("WHERE nmae == 1", r"Unknown column \[nmae\], did you mean \[name\]", "nmae"),
        ('WHERE name == "x" AND frob(name)', "Unknown function", "frob"),
        ("WHERE blob IS NULL", "unsupported type", "blob"),
        ("WHERE name + 1 == 2", "must be", "name"),
        ("WHERE name == 1", r"must also be \[keyword\] but was \[integer\]", "1"),
        ('WHERE at > "soon"', "Cannot convert", '"soon"'),
        ("WHERE size", r"must be \[boolean\], found value \[size\] type \[long\]", "size"),
        ("EVAL x = LENGTH()", "expects 1 argument, found 0", "LENGTH"),
        ("KEEP absent", "Unknown column", "absent"),
    ],
)
def test_what_is_refused_and_where(query: str, message: str, place: str) -> None:
    text = f"FROM x | {query}"
    with pytest.raises(QueryError, match=message) as caught:
        detections.search([], text, "esql", fields=FIELDS)
    assert text[caught.value.start :].startswith(place)


@pytest.mark.parametrize("command", ["STATS n = COUNT(*) BY name", "MV_EXPAND name", 'GROK name "%{WORD:w}"'])
def test_other_commands_say_that_nothing_evaluates_them(command: str) -> None:
    with pytest.raises(NotEvaluated, match=command.split()[0]):
        detections.search([], f"FROM x | {command}", "esql", fields=FIELDS)
