"""GROK, DISSECT, MV_EXPAND, LOOKUP JOIN, ENRICH and full-text search, run as users run them."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.compile.esql import compile_esql
from detections.errors import NotEvaluated, QueryError
from detections.mapping import Mapping
from detections.plan.predicate import leaves
from detections.plan.rows import Where
from detections.query import parse

FIELDS = {"m": "keyword", "t": "text", "n": "integer", "ip": "ip", "k": {"type": "keyword", "fields": {"text": "text"}}}


def rows(events: list[dict[str, Any]], commands: str, **given: Any) -> list[list[Any]]:
    return detections.search(events, f"FROM x | {commands}", "esql", fields=FIELDS, **given).rows


def row(text: str, command: str) -> dict[str, Any]:
    found = detections.search([{"m": text}], f"FROM x | KEEP m | {command} | DROP m", "esql", fields=FIELDS)
    return dict(zip((column["name"] for column in found.columns), found.rows[0], strict=True))


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("1.2.3.4 GET /a", "%{IP:ip} %{WORD:verb} %{NOTSPACE:path}", {"ip": "1.2.3.4", "verb": "GET", "path": "/a"}),
        ("n=42 d=1.5 true", "n=%{INT:n:int} d=%{NUMBER:d:double} %{WORD:b:boolean}", {"n": 42, "d": 1.5, "b": True}),
        ("before 7 behind", "%{INT:n:long}", {"n": 7}),
        ("nothing here", "%{INT:n}", {"n": None}),
        ("1 2", "%{INT:n} %{INT:n}", {"n": ["1", "2"]}),
        ("a|b", "(?<x>[a-z])[|](?<y>[a-z])", {"x": "a", "y": "b"}),
        ("2026-01-02T03:04:05Z x", "%{TIMESTAMP_ISO8601:at} %{GREEDYDATA:r}", {"at": "2026-01-02T03:04:05Z", "r": "x"}),
        ("Jan  2 03:04:05 h sshd[12]: hi", "%{SYSLOGBASE} %{GREEDYDATA:rest}", {
            "timestamp": "Jan  2 03:04:05", "log.syslog.facility.code": None, "log.syslog.priority": None,
            "host.hostname": "h", "process.name": "sshd", "process.pid": 12, "rest": "hi",
        }),
        ("u@example.com", "%{EMAILADDRESS:mail}", {"mail": "u@example.com"}),
        ("https://u@a.b:80/c?d=e", "%{URI:uri}", {"uri": "https://u@a.b:80/c?d=e"}),
        ("::1 z", "%{IPORHOST:h} %{WORD:w}", {"h": "::1", "w": "z"}),
        ("beef", "(?<x>\\\\h+)", {"x": "beef"}),
    ],
)  # fmt: skip
def test_grok(text: str, pattern: str, expected: dict[str, Any]) -> None:
    assert row(text, f'GROK m "{pattern}"') == expected


def test_grok_takes_the_first_pattern_that_matches() -> None:
    command = 'GROK m "a=%{INT:a:int}", "b=%{WORD:b}"'
    assert [row(text, command) for text in ("a=1", "b=x", "c")] == [
        {"a": 1, "b": None}, {"a": None, "b": "x"}, {"a": None, "b": None},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("1 2 3", "%{a} %{b} %{c}", {"a": "1", "b": "2", "c": "3"}),
        ("1   2", "%{a->} %{b}", {"a": "1", "b": "2"}),
        ("[x] y - z", "[%{a}] %{?skipped} - %{b}", {"a": "x", "b": "z"}),
        ("1,2", "%{a},%{},%{b}", {"a": None, "b": None}),
        ("1,,3", "%{a},%{b},%{c}", {"a": "1", "b": "", "c": "3"}),
        ("jane doe", "%{+n/2} %{+n/1}", {"n": "doejane"}),
        ("x y z", "%{+n/2} %{n} %{+n/0}", {"n": "yzx"}),
        ("jane doe", "%{n} %{n}", {"n": "doe"}),
    ],
)
def test_dissect(text: str, pattern: str, expected: dict[str, Any]) -> None:
    assert row(text, f'DISSECT m "{pattern}"') == expected


def test_dissect_puts_a_separator_between_what_is_appended() -> None:
    assert row("a b c", 'DISSECT m "%{+x} %{+x} %{y}" APPEND_SEPARATOR=", "') == {"x": "a, b", "y": "c"}


@pytest.mark.parametrize(
    ("commands", "message", "place"),
    [
        ('GROK m "%{WRD:a}"', "Unable to find pattern \\[WRD\\].*, did you mean WORD", '"%{WRD'),
        ('GROK m "%{WORD:a:date}"', "unknown type \\[date\\]", '"%{WORD'),
        ('GROK m "(a"', "Invalid pattern", '"(a"'),
        ('GROK n "%{INT:a}"', "Grok only supports KEYWORD or TEXT", "n "),
        ('GROK m "%{INT:a:int}", "%{WORD:a}"', "different patterns", '"%{WORD:a}"'),
        ('DISSECT m "plain"', "no keys", '"plain"'),
        ('DISSECT m "%{a}%{b}"', "no delimiter", '"%{a}'),
        ('DISSECT m "%{*a} %{&a}"', "Reference keys not supported", '"%{*a}'),
        ("MV_EXPAND nn", "Unknown column \\[nn\\]", "nn"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(commands: str, message: str, place: str) -> None:
    text = f"FROM x | {commands}"
    with pytest.raises(QueryError, match=message) as caught:
        detections.search([], text, "esql", fields=FIELDS)
    assert text[caught.value.start :].startswith(place)


@pytest.mark.parametrize(
    "pattern", ["(?<x>(a+)+)b", "%{DATA:a}%{DATA:b}%{DATA:c}%{DATA:d}%{DATA:e}%{DATA:f}!", "%{URI:u}!", "(?<x>(.*)*)!"]
)
def test_no_grok_pattern_explodes(pattern: str) -> None:
    text = f"http://{'a' * 400} {'b' * 100}"
    assert set(row(text, f'GROK m "{pattern}"').values()) == {None}


def test_no_regular_expression_of_replace_explodes() -> None:
    events = [{"m": "a" * 3000}]
    assert rows(events, 'EVAL r = REPLACE(m, "(a+)+b", "") == m | KEEP r') == [[True]]


def test_patterns_that_are_known_elsewhere_are_not_evaluated() -> None:
    with pytest.raises(NotEvaluated, match="S3_ACCESS_LOG"):
        rows([], 'GROK m "%{S3_ACCESS_LOG}"')


def test_mv_expand_makes_a_row_a_value() -> None:
    events = [{"m": ["b", "a"], "n": 1}, {"n": 2}, {"m": "c", "n": 3}]
    assert rows(events, "MV_EXPAND m | KEEP m, n") == [["a", 1], ["b", 1], [None, 2], ["c", 3]]
    assert rows(events, "MV_EXPAND m | STATS c = COUNT(*) BY n | SORT n") == [[2, 1], [1, 2], [1, 3]]


# --- tables that are looked up

TABLES = {
    "hosts": [{"m": "a", "owner": "ann", "level": 1}, {"m": "a", "owner": "bob"}, {"m": ["b", "c"], "owner": "eve"}],
    "networks": {"fields": {"low": "ip", "name": "keyword"}, "rows": [{"low": "10.0.0.0", "name": "inner"}]},
}


def test_lookup_join_makes_a_row_for_each_that_fits() -> None:
    events = [{"m": "a", "n": 1}, {"m": "c", "n": 2}, {"m": "z", "n": 3}, {"m": ["a", "b"], "n": 4}, {"n": 5}]
    found = detections.search(
        events, "FROM x | KEEP m, n | LOOKUP JOIN hosts ON m", "esql", fields=FIELDS, tables=TABLES
    )
    assert [column["name"] for column in found.columns] == ["m", "n", "level", "owner"]
    assert found.rows == [
        ["a", 1, 1, "ann"], ["a", 1, None, "bob"], ["c", 2, None, "eve"], ["z", 3, None, None],
        [["a", "b"], 4, None, None], [None, 5, None, None],
    ]  # fmt: skip


def test_lookup_join_takes_a_condition() -> None:
    events = [{"ip": "10.1.0.0", "n": 1}, {"ip": "9.0.0.0", "n": 2}]
    query = "KEEP ip, n | LOOKUP JOIN networks ON ip > low | KEEP n, name"
    assert rows(events, query, tables=TABLES) == [[1, "inner"], [2, None]]


def test_enrich_adds_the_values_of_all_that_fit() -> None:
    events = [{"m": "a"}, {"m": ["b", "z"]}, {"m": "z"}]
    assert rows(events, "KEEP m | ENRICH hosts ON m WITH who = owner", tables=TABLES) == [
        ["a", ["ann", "bob"]], [["b", "z"], "eve"], ["z", None],
    ]  # fmt: skip


def test_a_table_that_nobody_gives_is_not_evaluated_but_checked() -> None:
    query = "FROM x | LOOKUP JOIN hosts ON m | WHERE owner == 1 AND nope(m) | KEEP owner"
    with pytest.raises(NotEvaluated, match="LOOKUP JOIN"):
        detections.search([], query, "esql", fields=FIELDS)
    refused: list[Any] = []
    compile_esql(parse(query, "esql"), Mapping.of(FIELDS), refused=refused)
    assert [error.message for error in refused] == ["Unknown function [nope]"]


# --- full-text search

TEXTS = [
    {"t": "the Quick fox", "m": "Quick", "n": 1},
    {"t": ["slow", "red fox"], "n": [2, 3]},
    {"k": "Red Fox"},
    {"n": 4},
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('t : "quick dog"', [0]),
        ('MATCH(t, "quick fox", {"operator": "AND"})', [0]),
        ('MATCH(t, "FOX")', [0, 1]),
        ('MATCH_PHRASE(t, "red fox")', [1]),
        ('k.text : "fox"', [2]),
        ('m : "Quick"', [0]),
        ('m : "quick"', []),
        ("n : 3", [1]),
        ('MULTI_MATCH("fox", t, k.text)', [0, 1, 2]),
        ('NOT t : "fox"', [2, 3]),
        ('KQL("t: (quick or red) and not n: 1")', [1]),
        ('KQL("m: *") OR n == 4', [0, 3]),
    ],
)
def test_full_text_search(condition: str, expected: list[int]) -> None:
    events = [{**event, "ip": f"10.0.0.{number}"} for number, event in enumerate(TEXTS)]
    found = rows(events, f"WHERE {condition} | KEEP ip")
    assert [int(one[0].rpartition(".")[2]) for one in found] == expected


def test_the_leaves_of_kql_stand_where_they_stand_in_the_query() -> None:
    text = 'FROM x | WHERE n == 1 AND KQL("m: \\"a b\\" and n > 2")'
    commands = compile_esql(parse(text, "esql"), Mapping.of(FIELDS)).commands
    assert isinstance(commands[0], Where)
    assert [text[slice(*leaf.span)] for leaf in leaves(commands[0].predicate)] == ["n == 1", 'm: \\"a b\\"', "n > 2"]


@pytest.mark.parametrize(
    ("condition", "message", "place"),
    [
        ('KQL("m: a and n: b")', "KQL: ", 'b")'),
        ('tt : "x"', "Unknown column \\[tt\\]", "tt"),
        ('LENGTH(m) : "x"', "not a field from an index mapping", "LENGTH"),
        ("MATCH(t)", "expects at least 2 arguments, found 1", "MATCH"),
        ("MATCH(t, m)", "must be a constant", "m)"),
        ('n : "x"', "x", "n :"),
    ],
)
def test_full_text_mistakes_have_a_place(condition: str, message: str, place: str) -> None:
    text = f"FROM x | WHERE {condition}"
    with pytest.raises(QueryError, match=message) as caught:
        detections.search([], text, "esql", fields=FIELDS)
    assert text[caught.value.start :].startswith(place)


# --- points and nanoseconds


def test_points_are_read_in_all_their_forms() -> None:
    forms: list[Any] = [{"lat": 1, "lon": 2}, "1,2", [2, 1], "POINT (2 1)", {"type": "Point", "coordinates": [2, 1]}]
    events = [{"p": form} for form in (*forms, "nowhere", None)]
    found = detections.search(events, "FROM x | EVAL x = ST_X(p) | KEEP p, x", "esql", fields={"p": "geo_point"})
    assert found.rows == [["POINT (2.0 1.0)", 2.0]] * 5 + [[None, None]] * 2


def test_nanoseconds_are_kept() -> None:
    events = [{"at": "2026-01-01T00:00:00.000000002Z"}, {"at": "2026-01-01T00:00:00.000000001Z"}, {"at": 5}]
    found = detections.search(
        events,
        'FROM x | WHERE at > "2026-01-01" | SORT at | EVAL y = DATE_TRUNC(1 day, at)',
        "esql",
        fields={"at": "date_nanos"},
    )
    assert found.rows == [
        ["2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00.000Z"],
        ["2026-01-01T00:00:00.000000002Z", "2026-01-01T00:00:00.000Z"],
    ]


@pytest.mark.parametrize(
    ("column", "field", "message"),
    [
        ("keyword", "integer", r"JOIN left field \[m\] of type \[KEYWORD\] is incompatible with right field \[m\]"),
        ("ip", "keyword", r"of type \[IP\] is incompatible with right field \[m\] of type \[KEYWORD\]"),
        ("keyword", "text", r"JOIN with right field \[m\] of type \[TEXT\] is not supported"),
        ("version", "version", r"of type \[VERSION\] is not supported"),
        ("text", "keyword", None),
        ("integer", "double", None),
        ("long", "short", None),
        ("date", "date", None),
    ],
)
def test_what_lookup_join_compares(column: str, field: str, message: str | None) -> None:
    given = {"t": {"fields": {"m": field, "n": "keyword"}, "rows": []}}
    query = "FROM x | KEEP m | LOOKUP JOIN t ON m"
    if message is None:
        found = detections.search([], query, "esql", fields={"m": column}, tables=given)
        assert [one["name"] for one in found.columns] == ["m", "n"]
        return
    with pytest.raises(QueryError, match=message):
        detections.search([], query, "esql", fields={"m": column}, tables=given)
