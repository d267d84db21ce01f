"""Event queries of EQL, run as users run them: what a condition says of documents, as Elasticsearch 9 says it."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated, QueryTypeError

FIELDS: dict[str, Any] = {
    "@timestamp": "date", "event.category": "keyword", "id": "long",
    "name": "keyword", "args": "keyword", "size": "long", "sizes": "long", "ratio": "double", "flag": "boolean",
    "ip": "ip", "at": "date", "release": "version", "short": {"type": "keyword", "ignore_above": 3},
    "filled": {"type": "keyword", "null_value": "NONE"}, "fixed": "constant_keyword", "wild": "wildcard",
    "host": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 5}}},
    "alias": {"type": "alias", "path": "name"}, "absent": "keyword",
}  # fmt: skip
EVENTS: list[dict[str, Any]] = [
    {
        "id": 1, "event": {"category": "process"}, "name": "Alpha", "args": ["Alpha", "-v", "*"], "size": 3,
        "ratio": 0.5, "sizes": [1, 5], "flag": True, "ip": "10.0.0.1", "at": "2026-01-03T20:00:00Z",
        "release": "1.2.4", "short": "abc", "filled": None, "fixed": "x", "wild": "C:\\Temp\\a.exe", "host": "Web",
    },
    {
        "id": 2, "event.category": ["file", "process"], "name": "beta", "args": "b*", "size": -4, "sizes": [],
        "flag": False, "ip": ["192.168.0.1", "::1"], "at": ["2026-01-05", "2026-02-01"],
        "release": ["1.11.3", "bad"], "short": "long", "filled": "a", "fixed": "x", "wild": "c:\\temp\\B.EXE",
        "host": "Long name",
    },
    {"id": 3, "event": {"category": "Process"}, "name": ["gamma", "Alpha"], "size": 9223372036854775807},
    {"id": 4, "name": "", "args": ["a?", "äÖ"], "sizes": [0, 0], "ratio": 2.0, "host": "a\tb"},
]  # fmt: skip
ALL = [1, 2, 3, 4]


def ids(query: str, events: list[dict[str, Any]] = EVENTS, fields: dict[str, Any] = FIELDS) -> list[int]:
    stamped = [{"@timestamp": number, **event} for number, event in enumerate(events)]
    return [event["id"] for event in detections.search(stamped, query, "eql", fields=fields).events]


def where(condition: str) -> list[int]:
    return ids(f"any where {condition}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("any where true", ALL),
        ("process where true", [1, 2]),
        ('"Process" where true', [3]),
        ("PROCESS where true", []),
        ("nothing where true", []),
        ("process where false", []),
        ("any where true | head 3 | tail 2", [2, 3]),
    ],
)
def test_categories(query: str, expected: list[int]) -> None:
    assert ids(query) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('name == "Alpha"', [1, 3]),
        ('name == "alpha"', []),
        ('name != "Alpha"', [2, 4]),
        ('not name == "Alpha"', [2, 4]),
        ('name : "ALPHA"', [1, 3]),
        ('not name : "ALPHA"', [2, 4]),
        ('name in ("alpha", "beta")', [2]),
        ('name in~ ("alpha", "BETA")', [1, 2, 3]),
        ('name not in~ ("alpha", "BETA")', [4]),
        ('alias : "beta"', [2]),
        ('name == ""', [4]),
        # Wildcards.
        ('name : "*a"', [1, 2, 3]),
        ('name : "?eta"', [2]),
        ('name : ("B*", "g?mma")', [2, 3]),
        ('name like "*a"', [1, 2, 3]),
        ('name like "A*"', [1, 3]),
        ('name like "a*"', []),
        ('name like~ "a*"', [1, 3]),
        ('name : "*"', ALL),
        ('args : "*"', [1, 2, 4]),
        ('args == "*"', [1]),
        ('args != "*"', [2, 3, 4]),
        ('args in~ ("b*")', [2]),
        ('args : "A?"', [4]),
        ('wild : "c:\\\\TEMP\\\\*.exe"', [1, 2]),
        ('wild == "C:\\\\Temp\\\\a.exe"', [1]),
        ('args : "ÄÖ"', []),
        ('args == "äÖ"', [4]),
        # Regular expressions, Lucene's, over whole values.
        ('name regex "[A-Z].*"', [1, 3]),
        ('name regex~ "ALPHA|b[e]ta"', [1, 2, 3]),
        ('name regex "lph"', []),
        ('name regex ("a", ".+ta")', [2]),
        # What matches everything asks for a value; a text over ignore_above has none, but it has one as text.
        ('name regex ".*"', ALL),
        ('not args regex "(.|a)*"', [3]),
        ('host regex ".*"', [1, 2, 4]),
        ('host regex ".+"', [1, 4]),
        # Order.
        ('name > "beta"', [3]),
        ('name >= "beta" and name < "c"', [2, 3]),
        ("size > 2", [1, 3]),
        ("2 < size", [1, 3]),
        ("size >= 9223372036854775807", [3]),
        ("size <= -4.5", []),
        ("size < 3.5 and size != 3", [2]),
        ("size == 3.0", [1]),
        ("size == 3.5", []),
        ("sizes == 5 and sizes == 1", [1]),
        ("sizes > 1 and sizes < 5", [1]),
        ("not sizes > 1", [2, 3, 4]),
        # Other types.
        ("flag", [1]),
        ("not flag", [2, 3, 4]),
        ("flag == false", [2]),
        ("flag != true", [2, 3, 4]),
        ('ip == "10.0.0.1"', [1]),
        ('ip == "10.0.0.0/8"', [1]),
        ('ip > "10.0.0.1"', [2]),
        ('cidrMatch(ip, "10.0.0.0/8", "::/64")', [1, 2]),
        ('CIDRMATCH(ip, "192.168.0.0/16") == false', [1, 3, 4]),
        ('at == "2026-01-03"', [1]),
        ('at < "2026-01-05T00:00:00Z"', [1]),
        ('at >= "2026-01-01||+1M/M"', [2]),
        ("at == 1767470400000", [1]),
        ('release == "1.2.4"', [1]),
        ('release < "1.10"', [1]),
        ('release > "1.5.0"', [2]),
        ('fixed == "x"', [1, 2]),
        # Mappings.
        ('short == "long"', []),
        ('short == "abc"', [1]),
        ('filled == "NONE"', [1]),
        ("filled == null", [3, 4]),
        ('host == "Web"', [1]),
        ('host : "web"', [1]),
        ('host == "Long name"', []),
        ("host != null", [1, 2, 4]),
        ('host : "*"', [1, 2, 4]),
    ],
)
def test_one_field_and_constants(condition: str, expected: list[int]) -> None:
    assert where(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("absent == null", ALL),
        ("null != absent", []),
        ('absent == "x"', []),
        ('absent != "x"', ALL),
        ('not absent : "x"', ALL),
        ('not (absent : "x" and size > 1)', ALL),
        ("ratio == null", [2, 3]),
        ("args != null", [1, 2, 4]),
        # Optional, and not mapped at all: null, known when the query is made; == and != ask whether the other side is.
        ("?gone == null", ALL),
        ('?gone == "x"', []),
        ('not ?gone : "*"', ALL),
        ('?gone != "x"', ALL),
        ("?gone < 1 or not ?gone < 1", []),
        ('?gone regex "a.*" or not ?gone regex "a.*"', []),
        ('not ?gone regex ".*"', ALL),
        ('not ?gone regex "a{2}"', ALL),
        ('not ?gone regex ("a.*", ".*")', []),
        ('not ?gone regex~ "a"', []),
        ('not ?gone : "x"', []),
        ('not (?gone : "x" or size == 3)', [2, 3, 4]),
        ('?gone : "x" or size == 3', [1]),
        ("?gone == ?other", ALL),
        ('startsWith(?gone, "x")', []),
        ('not startsWith(?gone, "x")', []),
        ('concat(?gone, "x") == null', ALL),
        ('?absent != "x"', ALL),
        ("size == ?gone", [4]),
        # In a script null is a value.
        ("null == (size > 1)", [4]),
        ("(size > 1) != null", [1, 2, 3]),
        ('null == (absent : "x" and size > 1)', [1, 3, 4]),
        ("string(ratio) == null", [2, 3]),
        ("length(name) > 4", [1, 3]),
        ("not length(name) > 4", [2, 4]),
        ("length(absent) != 1", ALL),
        ("length(absent) == 1", []),
    ],
)
def test_null_and_missing(condition: str, expected: list[int]) -> None:
    assert where(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # Any choice of values will do, a new one for each use of the field.
        ("sizes + 1 == 6", [1]),
        ("sizes - sizes == 4", [1]),
        ("sizes + size == 8", [1]),
        ("sizes - sizes == 0", [1, 4]),
        ("not sizes - 1 == 0", [2, 3, 4]),
        ('concat(args, name) == "-vAlpha"', [1]),
        ('concat(args, args) == "*-v"', [1]),
        ('length(name) == 5 and substring(name, 0, 1) == "g"', [3]),
        ('startsWith("Alphabet", name)', [1, 3, 4]),
        ('stringContains("xAlphabet", name)', [1, 3]),
        ('string(ip) == "::1"', [2]),
        ('concat(at, "") == "2026-01-03T20:00Z"', [1]),
        ('string(flag) in ("false", "x")', [2]),
        ('string(ratio) : "0.*"', [1]),
        ("size / 2 == 1", [1]),
        ("size / -3 == 1", [2]),
        ("size % 3 == -1", [2]),
        ("-size == 4", [2]),
        ("size * 2 > 0", [1, 3]),
        ("size * 2.0 > 0", [1, 3]),
        ("size * size > 0", [1, 2]),
        ("ratio / 0 > 1", [1, 4]),
        ("size / 0 == 1", []),
        ("size + ratio == 3.5", [1]),
        ("number(name) == 1", []),
        ('indexOf(name, "a") == 1', [3]),
        ('indexOf~(name, "A") == null', [4]),
        ("endsWith(name, name)", ALL),
        ('endsWith~(wild, ".EXE")', [1, 2]),
        ('endsWith(wild, "\\\\a.exe")', [1]),
        # A wildcard query, where the constant's own marks count; an expression has none.
        ('stringContains(args, "*")', [1, 2, 4]),
        ('stringContains(args, "?")', [1, 2, 4]),
        ('stringContains(args, "\\\\*")', [1, 2]),
        ('stringContains(concat(args, ""), "*")', [1, 2]),
        ('endsWith(wild, "\\\\temp\\\\b.exe")', []),
        ('endsWith~(wild, "\\\\\\\\temp\\\\\\\\b.exe")', [2]),
        ('endsWith(args, "b?")', [2]),
        ('endsWith(concat(args, ""), "b?")', []),
        ('substring(name, 1) regex~ "LPHA|eta"', [1, 2, 3]),
        ('string(cidrMatch(ip, "10.0.0.0/8")) : "true"', [1]),
        ('string(size > 1 and size != 3) == "true"', [3]),
        ('string(name in~ ("beta", "x")) == "true"', [2]),
        ('string(name : ("beta", "g*")) == "true"', [2, 3]),
        ('string(name like "B*") == "true"', []),
    ],
)
def test_what_is_computed(condition: str, expected: list[int]) -> None:
    assert where(condition) == expected


def test_marks_stand_for_no_end_of_a_line_in_what_is_computed() -> None:
    events: list[dict[str, Any]] = [{"id": 1, "name": "a\nb"}, {"id": 2, "name": "a\u2028b"}, {"id": 3, "name": "aÄb"}]
    assert ids('any where name : "a?B"', events) == [1, 2, 3]
    assert ids('any where concat(name, "") : "A?B"', events) == [3]
    assert ids('any where concat(name, "") like "a*b"', events) == [3]
    assert ids('any where concat(name, "") like "*\\n*"', events) == [1]
    assert ids('any where concat(name, "") like~ "*ä*"', events) == []
    assert ids('any where concat(name, "") : "aäB"', events) == [3]


@pytest.mark.parametrize(
    ("pipes", "expected"),
    [
        ("head 3 | tail 2 | head 1", [2]),
        ("tail 3 | head 2 | tail 1", [3]),
        ("head 3 | tail 9", [1, 2, 3]),
        # As if there were as many as the first pipe takes.
        ("head 9 | tail 3", []),
        ("head 6 | tail 4 | head 3", [3, 4]),
        ("tail 6 | head 4 | tail 3", [1, 2]),
    ],
)
def test_several_pipes_are_one(pipes: str, expected: list[int]) -> None:
    assert ids(f"any where true | {pipes}") == expected


@pytest.mark.parametrize(
    "equation",
    [
        'between("welcome to the planet", "welcome", "planet") == " to the "',
        'between("welcome to the planet", "WELCOME", "planet") == ""',
        'between~("welcome to the planet", "WELCOME", "E") == " to th"',
        'between("welcome to the planet", "welcome", "e", true) == " to the plan"',
        'between("abc", "", "c") == "abc"',
        'between("abab", "ab", "b", true) == "a"',
        'between("abc", "ab", "b", true) == null',
        'between("abc", null, "b") == null',
        'concat("a", 1, true, 2.0) == "a1true2.0"',
        'concat("a", null) == null',
        'concat() == ""',
        'endsWith("FooBar", "Bar") == true',
        'endsWith("FooBar", "BAR") == false',
        'endsWith~("FooBar", "BAR") == true',
        'indexOf("foobar", "o") == 1',
        'indexOf("foobar", "o", 2) == 2',
        'indexOf("foobar", "o", null) == 1',
        'indexOf("foobar", "o", -9) == 1',
        'indexOf("foobar", "x") == null',
        'indexOf("foobar", "", 99) == 6',
        'indexOf("😀b", "b") == 2',
        'length("") == 0',
        'length("a😀") == 3',
        'length(null) == null',
        'number("314") == 314',
        'number("+314", 10) == 314',
        'number("-3.14") == -3.14',
        'number("0x1337") == 4919',
        'number("0x1337", 16) == 4919',
        'number("052403", 8) == 21763',
        'number("1e3") == 1000',
        'number("12", 2) == null',
        'number("1", 99) == null',
        'number("1_0") == null',
        'number("") == null',
        'number("99999999999999999999") == 1e20',
        'number("zz", 36) == 1295',
        'startsWith("FooBar", "") == true',
        'startsWith~("FooBar", "foo") == true',
        'startsWith(null, "Foo") == null',
        'string(null) == null',
        'string(2.1828) == "2.1828"',
        'string(1e10) == "1.0E10"',
        'stringContains("abc", "b") == true',
        'stringContains("abc", "") == false',
        'stringContains~("abc", "B") == true',
        'substring("hello world", 6) == "world"',
        'substring("hello world", 5, -1) == " worl"',
        'substring("hello world", -5, 100) == "world"',
        'substring("hello world", -60, 5) == "hello"',
        'substring("hello world", 5, 2) == ""',
        'substring("hello world", null, 5) == "hello world"',
        'substring("a😀b", 3) == "b"',
        'cidrMatch(null, "10.0.0.0/8") == null',
        'add(1, 2) == 3 and subtract(1, 2) == -1 and multiply(2, 3.5) == 7',
        'divide(7, 2) == 3 and divide(-7, 2.0) == -3.5 and modulo(-7, 3) == -1',
        '9223372036854775807 + 1 == null',
        '-7 % 2.5 == -2',
        '0.0 / 0 == null or 0.0 / 0 != 1',
        '"foo" > "Foo" and "Foo" : "fOO" and "ÄÖ" : "äö" and "a" in ("b", "a") and not "a" in ("A")',
        '3 in (1, 3.0)',
        '"foobar" like "f*b?r" and not "foobar" like "F*" and "foobar" regex ".+bar"',
        'null == null and not (null != null) and (null < 1) == null',
    ],
)  # fmt: skip
def test_functions_over_constants(equation: str) -> None:
    assert where(equation) == ALL


def test_a_dynamic_mapping_takes_any_name() -> None:
    events = [{"id": 1, "my.own": "A", "event": {"category": "x"}}, {"id": 2}]
    assert ids('x where my.own : "a"', events, None) == [1]  # type: ignore[arg-type]
    assert ids('any where ?my.own != "a"', events, None) == [1, 2]  # type: ignore[arg-type]


def test_unsigned_longs_are_whole_to_the_last() -> None:
    numbers = [{"id": at, "big": 2**64 - 1 - at} for at in range(2)]
    fields = {**FIELDS, "big": "unsigned_long"}
    assert ids("any where big == 18446744073709551615", numbers, fields) == [0]
    assert ids("any where big in (18446744073709551614, 1)", numbers, fields) == [1]
    assert ids("any where big >= 18446744073709551615", numbers, fields) == [0]
    assert ids("any where big > 9223372036854775807", numbers, fields) == [0, 1]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('day == "17.12.2022"', [0, 1]),
        ('day == "2022-12-17"', [0, 1]),
        ('day > "17.12.2022"', [2]),
        ('day >= "17.12.2022 10h"', [1, 2]),
        ('day <= "17.12.2022 10h"', [0, 1]),
        ('day <= "17.12.2022"', [0, 1]),
        ('day < "18.12.2022"', [0, 1]),
        ('day > "2022-12-17||+1d"', []),
        ("day == null", [3]),
    ],
)
def test_a_date_has_the_format_of_its_mapping_or_the_default(condition: str, expected: list[int]) -> None:
    days = ["17.12.2022", "17.12.2022 10h", "2022-12-18", "12/18/2022"]
    fields = {**FIELDS, "day": {"type": "date", "format": "dd.MM.yyyy||dd.MM.yyyy HH'h'"}}
    assert ids(f"any where {condition}", [{"id": at, "day": day} for at, day in enumerate(days)], fields) == expected


def test_a_date_that_fits_no_format_is_refused() -> None:
    fields = {**FIELDS, "day": {"type": "date", "format": "dd.MM.yyyy"}}
    with pytest.raises(QueryTypeError, match=r"failed to parse date field \[17/12/2022\] with format \[dd.MM.yyyy\]"):
        ids('any where day == "17/12/2022"', [], fields)
    with pytest.raises(NotEvaluated, match="the letter W"):
        ids("any where day != null", [{"id": 1, "day": "x"}], {**fields, "day": {"type": "date", "format": "WW"}})


def test_many_values_and_long_texts_are_only_work() -> None:
    events = [{"id": 1, "args": [str(number) for number in range(5000)], "name": "x" * 200_000}]
    assert ids('any where length(args) == 4 and args == "4999" and length(name) == 200000', events) == [1]
    assert ids('any where name like "*x*x*x*y" or endsWith~(name, "xX")', events) == [1]
    assert ids('any where substring(name, 1) regex "(x+x+)+y" or size == 1', events) == []
