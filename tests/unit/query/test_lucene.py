"""Lucene's query syntax: its trees, and the places of what is none."""

from __future__ import annotations

import pytest

from detections.errors import QuerySyntaxError
from detections.query import parse
from detections.query.asked import constants, fields
from detections.query.lucene import Boolean, Clause, Condition, Occur, Pattern, Range, Regex, Words, conditions
from detections.values import limits
from detections.values.wildcard import ANY, ONE

MUST, SHOULD, MUST_NOT = Occur.MUST, Occur.SHOULD, Occur.MUST_NOT


def tree(text: str) -> Boolean:
    return parse(text, "lucene").tree


def shape(node: Boolean | Condition) -> object:
    """Signs and texts."""
    if isinstance(node, Condition):
        text = node.value.text if isinstance(node.value, Words) else node.value
        return text if node.field is None else (node.field, text)
    return [
        f"{'+' if one.occur is MUST else '-' if one.occur is MUST_NOT else ''}{shape(one.node)}" for one in node.clauses
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("a b", ["a b"]),
        ("a OR b", ["a", "b"]),
        ("a AND b", ["+a", "+b"]),
        ("a AND b OR c", ["+a", "+b", "c"]),
        ("a OR b AND c", ["a", "+b", "+c"]),
        ("a AND NOT b", ["+a", "-b"]),
        ("NOT a AND b", ["-a", "+b"]),
        ("!a", ["-a"]),
        ("! a", ["!", "a"]),
        ("+a -b c", ["+a", "-b", "c"]),
        ("a && b || c", ["+a", "+b", "c"]),
        ("a&&b", ["a&&b"]),
        ("a - b", ["a", "-", "b"]),
        ("x:a b c", ["('x', 'a')", "b c"]),
        ("x:(a b)", ["[\"('x', 'a b')\"]"]),
        ("a b x:c", ["a b", "('x', 'c')"]),
        ("a b:c", ["a", "('b', 'c')"]),
        ("a b^2", ["a", "b"]),
        ("a b c OR d", ["a b", "c", "d"]),
        ("a b AND c", ["a", "+b", "+c"]),
        ("a b NOT c", ["a b", "-c"]),
        ("(a OR b) AND c", ["+['a', 'b']", "+c"]),
        ("", []),
        ("  ", []),
    ],
)
def test_clauses(text: str, expected: list[str]) -> None:
    assert shape(tree(text)) == expected


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('f:"a b"', "f", Words("a b", quoted=True)),
        ("f:a\\ b", "f", Words("a b")),
        ("f:\\u0041\\(", "f", Words("A(")),
        ("f : a", "f", Words("a")),
        ("f:*", "f", Pattern((ANY,), prefix=True)),
        ("f:a*", "f", Pattern(("a", ANY), prefix=True)),
        ("f:a\\**", "f", Pattern(("a*", ANY), prefix=True)),
        ("f:a?b*", "f", Pattern(("a", ONE, "b", ANY))),
        ("f:/a.*b\\/c/", "f", Regex("a.*b\\/c")),
        ("f:[1 TO 5}", "f", Range("1", "5", True, False)),
        ('f:{* TO "a b"]', "f", Range(None, "a b", False, True)),
        ("f:>=5", "f", Words(">=5")),
        ("a~", None, Words("a", fuzzy="")),
        ("a~1^2", None, Words("a", fuzzy="1")),
        ('"a b"~3', None, Words("a b", quoted=True, fuzzy="3")),
        ("_exists_:f", "_exists_", Words("f")),
        ("f\\ g:a", "f g", Words("a")),
        ("*:a", "*", Words("a")),
    ],
)
def test_conditions(text: str, field: str | None, value: object) -> None:
    assert tree(text).clauses == (Clause(SHOULD, Condition(field, value)),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "start", "message"),
    [
        ("a AND", 5, "unexpected the end of the query"),
        ("AND a", 0, "unexpected 'AND'"),
        ("a OR OR b", 5, "unexpected 'OR'"),
        ("(a", 2, "unexpected the end of the query"),
        ("a)", 1, "unexpected ')'"),
        ("()", 1, "unexpected ')'"),
        ("f:", 2, "unexpected the end of the query"),
        ("f:a:b", 3, "unexpected ':'"),
        ("f:-a", 2, "unexpected '-'"),
        ("NOT NOT a", 4, "unexpected 'NOT'"),
        ('f:"a', 2, "the quotes are not closed"),
        ("f:a/b", 3, "the regular expression is not closed"),
        ("a\\", 1, "ends in a backslash"),
        ("f:[1 5]", 5, "a range is written"),
        ("f:\\u00g", 2, "four hexadecimal digits"),
        ("a^b", 2, "a number must follow"),
        ("}", 0, "unexpected '}'"),
        ("(" * 201 + "a" + ")" * 201, 201, "nested deeper than 200 levels"),
    ],
)
def test_what_is_no_query_is_told_at_its_place(text: str, start: int, message: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, "lucene")
    assert (caught.value.start, message in caught.value.message) == (start, True), caught.value.message


def test_the_places_of_its_parts() -> None:
    text = 'x AND f.g : "a b" OR (h:[1 TO 2])'
    found = {
        (text[slice(*one.span)], text[slice(*one.field_span)], text[slice(*one.value_span)])
        for one in conditions(tree(text))
    }
    assert found == {("x", "", "x"), ('f.g : "a b"', "f.g", '"a b"'), ("h:[1 TO 2]", "h", "[1 TO 2]")}


def test_what_a_query_asks_of_documents() -> None:
    query = parse('f:a OR g:(b "c d") OR _exists_:h OR *:x OR y', "lucene")
    assert [name for name, _ in fields(query)] == ["f", "g", "g", "h"]
    assert constants(query, {"g"}) == {"b", "c d"}


def test_a_long_query_is_read() -> None:
    assert len(tree(" OR ".join(["f:a"] * 20_000)).clauses) == 20_000
    with pytest.raises(QuerySyntaxError, match="characters"):
        parse("a" * (limits.QUERY_TEXT.most + 1), "lucene")
