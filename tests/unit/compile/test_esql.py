"""ES|QL, run as users run it: `search` over documents with a mapping."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import detections
from detections.compile.esql import compile_esql
from detections.errors import NotEvaluated, QueryError
from detections.mapping import Mapping, catalog_mapping
from detections.plan import predicate as ir
from detections.plan.predicate import Compute, Equals, Leaf, leaves
from detections.plan.rows import Pipeline, Where
from detections.query import parse

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


@pytest.mark.parametrize("command", ["SAMPLE 0.5", "CHANGE_POINT size", 'COMPLETION "a" WITH {"inference_id": "b"}'])
def test_other_commands_say_that_nothing_evaluates_them(command: str) -> None:
    with pytest.raises(NotEvaluated, match=command.split()[0]) as caught:
        detections.search([], f"FROM x | {command}", "esql", fields=FIELDS)
    assert caught.value.span == (9, 9 + len(command.split()[0]))


# --- leaves


def compiled(query: str, fields: dict[str, Any] | None = None) -> Pipeline:
    return compile_esql(parse(query, "esql"), catalog_mapping() if fields is None else Mapping.of(fields))


def found_leaves(query: str) -> list[tuple[Leaf, str]]:
    """The leaves of all conditions, each with its text."""
    conditions = [one.predicate for one in compiled(query, FIELDS).commands if isinstance(one, Where)]
    return [(leaf, query[slice(*leaf.span)]) for condition in conditions for leaf in leaves(condition)]


def test_a_list_has_a_leaf_for_each_value() -> None:
    query = (
        'FROM x | WHERE name IN ("a", "b") AND name NOT LIKE ("c*", "d") '
        'AND CIDR_MATCH(ip, "10.0.0.0/8", "::1") AND size IN (1, LENGTH(name))'
    )
    assert [text for _, text in found_leaves(query)] == [
        '"a"', '"b"', '"c*"', '"d"', '"10.0.0.0/8"', '"::1"', "1", "LENGTH(name)",
    ]  # fmt: skip


def test_fields_are_tested_and_the_rest_is_computed() -> None:
    tested = '"a" != name AND 5 > size AND flag AND name == CONCAT("a", "b")'
    query = f"FROM x | WHERE {tested} AND size + 1 == 2 AND part > size"
    found = found_leaves(query)
    assert [isinstance(leaf, ir.Test) for leaf, _ in found] == [True, True, True, True, False, False]
    assert isinstance(found[3][0], ir.Test)
    assert found[3][0].operator == Equals(frozenset({"ab"}))
    assert [text for _, text in found][4:] == ["size + 1 == 2", "part > size"]


def test_behind_another_command_all_is_computed() -> None:
    for command in ("EVAL n = 1", "LIMIT 5", "KEEP name", "SORT size", "RENAME name AS n, n AS name"):
        ((leaf, text),) = found_leaves(f'FROM x | {command} | WHERE name == "a"')
        assert isinstance(leaf, Compute)
        assert text == 'name == "a"'


# --- names and types


def test_fields_of_the_catalog_are_found_by_name_and_others_are_keywords() -> None:
    pipeline = compiled('FROM x METADATA _id | WHERE source.port > 1 AND my.own == "a" | EVAL n = LENGTH(other)')
    assert [(column.name, column.type) for column in pipeline.columns] == [
        ("my.own", "keyword"), ("other", "keyword"), ("source.port", "long"), ("_id", "keyword"), ("n", "integer"),
    ]  # fmt: skip


def test_a_field_met_late_passes_through_what_stands_before_it() -> None:
    events = [{"event": {"action": "a", "id": "1"}}, {"event": {"action": "b", "id": "2"}}]
    found = detections.search(
        events, 'FROM x | DROP event.id | RENAME event.kind AS k | WHERE event.action == "b"', "esql"
    )
    assert found.rows == [["b"]]
    with pytest.raises(QueryError, match=r"Unknown column \[event.id\]"):
        detections.search(events, 'FROM x | DROP event.id | WHERE event.id == "1"', "esql")


def test_columns_without_a_value_are_left_out_where_the_catalog_has_thousands() -> None:
    found = detections.search([{"event": {"action": "a"}, "source.ip": "::1"}], "FROM x METADATA _id", "esql")
    assert found.columns == [{"name": "event.action", "type": "keyword"}, {"name": "source.ip", "type": "ip"}]
    assert found.rows == [["a", "::1"]]


def test_metadata_is_what_a_hit_has() -> None:
    found = detections.search(
        [{"_id": "1", "_index": "i", "_version": 3, "name": "a"}, {"name": "b"}],
        "FROM x METADATA _id, _index, _version | KEEP _*",
        "esql",
        fields=FIELDS,
    )
    assert found.rows == [["1", "i", 3], [None, None, None]]
    with pytest.raises(NotEvaluated, match="_score"):
        compiled("FROM x METADATA _score", FIELDS)
    with pytest.raises(QueryError, match=r"unresolved metadata pattern \[_what\]"):
        compiled("FROM x METADATA _what", FIELDS)


@pytest.mark.parametrize(
    ("fields", "condition", "message"),
    [
        ({"a": ["keyword", "long"]}, 'a == "x"', "ambiguities being mapped as \\[2\\] incompatible types"),
        ({"a": "flattened"}, 'a.b == "x"', "unsupported type \\[flattened\\]"),
        ({"a": "nested", "a.b": "keyword"}, 'a.b == "x"', "Unknown column"),
        ({"a": "unsigned_long"}, "a == 1", "unsigned_long"),
        ({"a": "date"}, "a - a > 1", "incompatible types"),
        ({"a": "keyword"}, "COUNT(a) > 1", "not allowed outside STATS"),
        ({"a": "keyword"}, "a == 1 day", "second argument"),
        ({"a": "keyword"}, "a::what IS NULL", "Unknown data type"),
        ({"a": "keyword"}, "a LIKE a", "must be a constant"),
        ({"a": "keyword"}, 'a LIKE "x\\\\y"', "backslash"),
        ({"a": "keyword"}, 'a RLIKE "["', "position"),
        ({"a": "keyword"}, "DATE_TRUNC(1 day, a) IS NULL", "must be \\[date_nanos or datetime\\]"),
        ({"a": "date"}, "DATE_TRUNC(0 days, a) IS NULL", "zero or negative"),
        ({"a": "date"}, 'DATE_EXTRACT("hour", a) > 1', "not a part of a date"),
        ({"a": "ip"}, 'CIDR_MATCH(a, "10.0.0.0/99")', "not a CIDR block"),
        ({"a": "ip"}, 'a == "10.0.0"', "Cannot convert string"),
        ({"a": "keyword"}, 'REPLACE(a, "{", "") == ""', "illegal repetition"),
        ({"a": "keyword"}, "CASE(a, 1, 2) == 1", "condition must be \\[boolean\\]"),
        ({"a": "keyword"}, 'CASE(a == "x", 1, a) IS NULL', "must be \\[integer\\]"),
        ({"a": "integer", "b": "long"}, "COALESCE(a, b) == 1", "must be \\[integer\\]"),
        ({"a": "boolean"}, "a > true", "must be"),
    ],
)
def test_what_the_types_refuse(fields: dict[str, Any], condition: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        compiled(f"FROM x | WHERE {condition}", fields)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ('EVAL a = 1 | WHERE KQL("a: b")', "after the first EVAL"),
        ('WHERE QSTR("a: b", {"default_field": "a"})', "the option default_field of QSTR"),
        ('WHERE MATCH(message, "x", {"fuzziness": 1})', "fuzziness"),
        ("WHERE ST_WITHIN(source.geo.location, source.geo.location)", "ST_WITHIN"),
        ("WHERE a IN (FROM b | KEEP c)", "sub-query"),
        ("STATS COUNT(*) BY CATEGORIZE(message)", "CATEGORIZE"),
        ("STATS SAMPLE(message, 3)", "SAMPLE"),
        ("WHERE my.own == 5", "the type of my.own is unknown"),
        ("EVAL a = LENGTH(my.own) | EVAL b = CASE(a > 1, my.own) | WHERE b > 5", "the type of b is unknown"),
        ('EVAL a = REPLACE(event.action, "[a[b]]", "")', "nested character classes"),
        ('EVAL a = DATE_FORMAT("Y", @timestamp)', "letter Y"),
    ],
)
def test_what_is_sound_but_not_evaluated(query: str, reason: str) -> None:
    with pytest.raises(NotEvaluated, match=reason):
        compiled(f"FROM x | {query}")


@pytest.mark.parametrize(
    ("commands", "names"),
    [
        ("KEEP name, *", ["name", "at", "blob", "flag", "ip", "part", "size"]),
        ("KEEP *, name", ["at", "blob", "flag", "ip", "part", "size", "name"]),
        ("KEEP s*, size, na*", ["size", "name"]),
        ("DROP *a*, ip", ["blob", "size"]),
        ("KEEP name, size | RENAME name AS size", ["size"]),
        ("KEEP name, size | RENAME size AS x, name AS size, x AS name", ["size", "name"]),
        ("KEEP name, size | EVAL name = 1", ["size", "name"]),
    ],
)
def test_which_columns_there_are(commands: str, names: list[str]) -> None:
    assert [column.name for column in compiled(f"FROM x | {commands}", FIELDS).columns] == names


def test_text_is_read_from_the_source_but_beside_a_keyword_from_the_keyword() -> None:
    fields = {"m": "text", "k": {"type": "keyword", "ignore_above": 3, "fields": {"text": "text"}}}
    events = [{"m": ["b c", "a", "a"], "k": "Ab"}, {"m": "B", "k": "long one"}]
    found = detections.search(events, "FROM x | EVAL same = k.text == k | KEEP m, k.text, same", "esql", fields=fields)
    assert found.rows == [[["b c", "a", "a"], "Ab", True], ["B", None, None]]


def test_a_field_that_esql_cannot_read_is_a_column_of_nulls() -> None:
    found = detections.search([{"blob": {"a": "b"}}], "FROM x | KEEP blob", "esql", fields=FIELDS)
    assert (found.columns, found.rows) == ([{"name": "blob", "type": "unsupported"}], [[None]])


# --- the row pipeline


def test_sort_takes_the_least_or_the_greatest_of_several_values() -> None:
    events = [{"name": "a", "size": [1, 9]}, {"name": "b", "size": 5}, {"name": "c"}]
    for order, expected in (("ASC", "abc"), ("DESC", "cab"), ("ASC NULLS FIRST", "cab"), ("DESC NULLS LAST", "abc")):
        found = detections.search(events, f"FROM x | SORT size {order} | KEEP name", "esql", fields=FIELDS)
        assert "".join(row[0] for row in found.rows) == expected


def test_row_reads_no_events() -> None:
    found = detections.search(EVENTS, "ROW a = [3, 1], b = null | EVAL c = MV_MAX(a) | WHERE c == 3", "esql")
    assert found.columns[0] == {"name": "a", "type": "integer"}
    assert found.rows == [[[3, 1], None, 3]]
    with pytest.raises(QueryError, match="Unknown column"):
        compiled("ROW a = 1, b = a")


@pytest.mark.parametrize(
    ("opening", "closing", "value"), [("ABS(", ")", 1), ("CASE(flag, ", ")", 1), ("(1 + ", ")", 99)]
)
def test_the_deepest_expression_can_be_compiled_pickled_and_evaluated(opening: str, closing: str, value: int) -> None:
    query = f"FROM x | EVAL z = {opening * 98}size{closing * 98} | KEEP z"
    assert pickle.loads(pickle.dumps(compiled(query, FIELDS))) == compiled(query, FIELDS)
    assert EVENTS[0]["size"] == 1 and EVENTS[0]["flag"] is True
    assert detections.search(EVENTS[:1], query, "esql", fields=FIELDS).rows == [[value]]


@pytest.mark.parametrize("commands", ["WHERE size IN ({})", "EVAL n = size | WHERE n IN ({})"])
def test_a_long_list_holds_each_of_its_values_and_no_other(commands: str) -> None:
    listed = ", ".join(map(str, range(0, 10_000, 2)))
    events = [{"size": number} for number in range(9_000, 11_000)]
    found = detections.search(events, f"FROM x | {commands.format(listed)} | KEEP size", "esql", fields=FIELDS)
    assert found.rows == [[number] for number in range(9_000, 10_000, 2)]


SOURCED = [
    {"_id": "1", "a": {"b": [{"c": "x"}]}, "n": 1},
    {"a": {"b": "y"}},
]


@pytest.mark.parametrize(
    ("commands", "rows"),
    [
        ('WHERE JSON_EXTRACT(_source, "$.a.b[0].c") == "x" | KEEP n', [[1]]),
        ('EVAL v = JSON_EXTRACT(_source, "a.b") | KEEP v', [['[{"c":"x"}]'], ["y"]]),
        ("WHERE _source IS NULL | KEEP n", []),
        ("KEEP _source | LIMIT 1", [['{"a":{"b":[{"c":"x"}]},"n":1}']]),
    ],
)
def test_the_source_of_a_document_is_json(commands: str, rows: list[list[Any]]) -> None:
    found = detections.search(SOURCED, f"FROM x METADATA _source | {commands}", "esql", fields={"n": "integer"})
    assert found.rows == rows


@pytest.mark.parametrize("command", ["EVAL x = LENGTH(_source)", "STATS COUNT(*) BY _source", "SORT _source"])
def test_the_source_is_no_text(command: str) -> None:
    with pytest.raises(QueryError, match="_source"):
        detections.search(SOURCED, f"FROM x METADATA _source | {command}", "esql", fields={"n": "integer"})


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('QSTR("a: x")', [[1]]),
        ('NOT QSTR("a: x")', [[2], [3]]),
        ('QSTR("a: (x OR y*) AND n: [2 TO 9]")', [[2]]),
        ('QSTR("_exists_: a") AND n < 2', [[1]]),
    ],
)
def test_qstr_is_a_query_of_lucene(condition: str, found: list[list[int]]) -> None:
    events = [{"a": "x", "n": 1}, {"a": ["yy", "z"], "n": 2}, {"n": 3}]
    query = f"FROM x | WHERE {condition} | KEEP n"
    assert detections.search(events, query, "esql", fields={"a": "keyword", "n": "integer"}).rows == found


def test_a_mistake_in_qstr_has_its_place() -> None:
    query = 'FROM x | WHERE QSTR("a: (b OR") | KEEP n'
    with pytest.raises(QueryError, match="QSTR: ") as caught:
        detections.search([], query, "esql", fields={"n": "integer"})
    assert query.index("a: (") <= caught.value.start <= query.index('")')
