"""ES|QL's parser and printer, on a corpus of queries and errors."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from detections.errors import QuerySyntaxError
from detections.query.esql import ast, parse, to_esql

CORPUS = Path(__file__).parents[2] / "corpus/esql"


def cases(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["case"]
    return found


def condition(text: str) -> ast.Expression:
    command = parse(f"FROM x | WHERE {text}").commands[1]
    assert isinstance(command, ast.Where)
    return command.condition


@pytest.mark.parametrize("case", cases("printed.toml"), ids=lambda case: case["query"][:40])
def test_a_query_is_printed(case: dict[str, str]) -> None:
    tree = parse(case["query"])
    assert to_esql(tree) == case["printed"]
    assert parse(case["printed"]) == tree


@pytest.mark.parametrize("case", cases("errors.toml"), ids=lambda case: case["query"][:40])
def test_an_error_says_what_and_where(case: dict[str, str]) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(case["query"])
    assert case["error"] in caught.value.message
    if "at" in case:
        assert case["query"][caught.value.start :].startswith(case["at"])
    else:
        assert caught.value.start == len(case["query"])


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a OR b AND NOT c", "a OR (b AND (NOT c))"),
        ("NOT a == 1", "NOT (a == 1)"),
        ("NOT a AND b", "(NOT a) AND b"),
        ("a + b * c == d - e - f", "(a + (b * c)) == ((d - e) - f)"),
        ("-a * b", "(-a) * b"),
        ("-a::int", "-(a::int)"),
        ("a - 1 IN (b, c)", "(a - 1) IN (b, c)"),
        ("a == b IS NULL", "(a == b) IS NULL"),
        ("a + 1 LIKE b", "(a + 1) LIKE b"),
        ("NOT a NOT LIKE b", "NOT (a NOT LIKE b)"),
    ],
)
def test_operators_bind_as_in_the_grammar(text: str, grouped: str) -> None:
    assert condition(text) == condition(grouped)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("2147483647", 2**31 - 1, "integer"),
        ("-2147483648", -(2**31), "integer"),
        ("2147483648", 2**31, "long"),
        ("-9223372036854775808", -(2**63), "long"),
        ("9223372036854775808", 2**63, "unsigned_long"),
        ("18446744073709551616", 2.0**64, "double"),
        (".5", 0.5, "double"),
        ("1.", 1.0, "double"),
        ("1e2", 100.0, "double"),
        ("+ 3", 3, "integer"),
        (r'"a\"\\\n"', 'a"\\\n', "keyword"),
        ('""""a"""""', '"a""', "keyword"),
        ('""', "", "keyword"),
        ("TRUE", True, "boolean"),
        ("[1, 2147483648]", (1, 2**31), "long"),
    ],
)
def test_constants_have_the_narrowest_type(text: str, value: object, kind: str) -> None:
    found = condition(text)
    assert isinstance(found, ast.Literal)
    assert (found.value, found.type) == (value, kind)


def test_nodes_know_where_they_stand() -> None:
    text = 'FROM x | WHERE (a == "b" OR NOT c IN (1, 2)) AND d IS NULL'
    found = condition(text.partition("WHERE ")[2])
    assert isinstance(found, ast.Logical)
    inner = found.items[0]
    assert isinstance(inner, ast.Logical)
    leaves = [inner.items[0], inner.items[1], found.items[1]]
    assert [text[leaf.span[0] : leaf.span[1]] for leaf in leaves] == ['a == "b"', "NOT c IN (1, 2)", "d IS NULL"]


def test_a_column_without_a_name_is_called_as_it_stands() -> None:
    command = parse("FROM x | EVAL LENGTH( a )+1, b = 2").commands[1]
    assert isinstance(command, ast.Eval)
    assert [field.name for field in command.fields] == ["LENGTH( a )+1", "b"]


def test_what_others_ask_of_a_query() -> None:
    query = parse("FROM a, b-* METADATA _id | INLINE STATS n = COUNT(*) | WHERE n > c.d | KEEP e, f*")
    assert (query.indices, query.metadata, query.aggregates) == (("a", "b-*"), ("_id",), False)
    assert [(command.name, command.span) for command in query.opaque] == [("inline stats", (27, 52))]
    assert [name.name for name in ast.names(query)] == ["n", "c.d", "e"]
    assert parse("FROM a | stats count(*)").aggregates
    assert parse("FROM (FROM a | LIMIT 1), b | LIMIT 1").opaque[0].name == "from (subquery)"
    assert parse("SHOW INFO").indices == ()


@pytest.mark.parametrize("opening", ["(", "NOT ", "- ", "abs(", "a IN (b, (", "1 + ", "case(a, "])
def test_deep_nesting_is_an_error_with_a_place(opening: str) -> None:
    with pytest.raises(QuerySyntaxError, match="nested more than 100 deep"):
        parse(f"FROM x | WHERE {opening * 10_000}a")


def test_long_queries_are_only_work() -> None:
    many = condition(" OR ".join(["a == 1"] * 10_000))
    assert isinstance(many, ast.Logical)
    assert len(many.items) == 10_000
    listed = condition(f"a IN ({', '.join(map(str, range(10_000)))})")
    assert isinstance(listed, ast.In)
    assert len(listed.items) == 10_000
    literal = condition(f'"{"x" * 10_000_000}"')
    assert isinstance(literal, ast.Literal)
    assert len(str(literal.value)) == 10_000_000
