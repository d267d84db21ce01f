"""EQL's parser and printer, on a corpus of queries and errors."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from detections.errors import QuerySyntaxError
from detections.query.eql import ast, parse, to_eql

CORPUS = Path(__file__).parents[2] / "corpus/eql"


def cases(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))["case"]
    return found


def condition(text: str) -> ast.Expression:
    body = parse(f"any where {text}").body
    assert isinstance(body, ast.EventFilter)
    return body.condition


@pytest.mark.parametrize("case", cases("printed.toml"), ids=lambda case: case["query"][:40])
def test_a_query_is_printed(case: dict[str, str]) -> None:
    tree = parse(case["query"])
    assert to_eql(tree) == case["printed"]
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
        ("a or b and not c", "a or (b and (not c))"),
        ("not a == 1", "not (a == 1)"),
        ("not a and b", "(not a) and b"),
        ("a + b * c == d - e - f", "(a + (b * c)) == ((d - e) - f)"),
        ("-a * b", "(-a) * b"),
        ("a - 1 in (b, c)", "a - (1 in (b, c))"),
        ("-a in (b)", "-(a in (b))"),
        ('a == b : "c"', 'a == (b : "c")'),
        ('not a like "b"', 'not (a like "b")'),
        ("not a not in (b)", "not (a not in (b))"),
    ],
)
def test_operators_bind_as_in_the_grammar(text: str, grouped: str) -> None:
    assert condition(text) == condition(grouped)


def test_constants_have_their_types() -> None:
    for text, value in {
        "1": 1,
        "9223372036854775807": 2**63 - 1,
        "18446744073709551615": 2**64 - 1,
        "18446744073709551616": 2.0**64,
        "-9223372036854775808": -(2**63),
        "-9223372036854775809": -(2.0**63),
        "-1": -1,
        "1.0": 1.0,
        "1e2": 100.0,
        "true": True,
        "null": None,
        '"1"': "1",
        "0" * 5000 + "1": 1,
    }.items():
        literal = condition(text)
        assert isinstance(literal, ast.Literal)
        assert (type(literal.value), literal.value) == (type(value), value)


def test_every_node_knows_its_place() -> None:
    query = """sequence by host.id with maxspan=5m
  [process where not ?a.b + -c in (1, "two") and endsWith~(d, "x")] by e
  ![file where f : ("g*", "h")] by `i j`
| head 3"""
    tree = parse(query)
    found = {query[slice(*node.span)] for node in nodes(tree)}
    assert found >= {
        query,
        "host.id",
        "5m",
        '[process where not ?a.b + -c in (1, "two") and endsWith~(d, "x")] by e',
        'process where not ?a.b + -c in (1, "two") and endsWith~(d, "x")',
        'not ?a.b + -c in (1, "two")',
        '?a.b + -c in (1, "two")',
        "?a.b",
        '-c in (1, "two")',
        'c in (1, "two")',
        '"two"',
        'endsWith~(d, "x")',
        "e",
        '![file where f : ("g*", "h")] by `i j`',
        'f : ("g*", "h")',
        "`i j`",
        "head 3",
    }
    assert ast.NOWHERE not in {node.span for node in nodes(tree)}


def test_the_place_of_a_node_takes_in_the_parentheses_of_its_operands() -> None:
    query = "any where not (a or (b)) and (c + d) * 2 == (e) and ((f))"
    found = [query[slice(*node.span)] for node in walk(condition(query.removeprefix("any where ")))]
    assert found == [
        "not (a or (b)) and (c + d) * 2 == (e) and ((f))",
        "not (a or (b))",
        "a or (b)",
        "a",
        "b",
        "(c + d) * 2 == (e)",
        "(c + d) * 2",
        "c + d",
        "c",
        "d",
        "2",
        "e",
        "f",
    ]


def walk(node: ast.Expression) -> list[ast.Expression]:
    return [node, *(inner for child in ast.children(node) for inner in walk(child))]


def nodes(query: ast.Query) -> list[ast.Query | ast.Sequence | ast.Term | ast.Pipe | ast.TimeSpan | ast.Expression]:
    sequence = query.body
    assert isinstance(sequence, ast.Sequence)
    assert sequence.maxspan is not None
    found: list[ast.Expression] = [*sequence.by]
    for term in sequence.terms:
        found += [*term.by, term.filter.condition]
    for node in found:
        found += ast.children(node)
    filters = [term.filter for term in sequence.terms]
    return [query, sequence, *sequence.terms, *filters, *query.pipes, sequence.maxspan, *found]  # type: ignore[list-item]


def test_places_count_code_points() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse('any where a == "😀😀" and and')
    assert caught.value.start == len('any where a == "😀😀" and ')
    # On a terminal each of the two takes two cells.
    assert caught.value.caret().splitlines()[1] == " " * (caught.value.start + 2) + "^^^"


@pytest.mark.parametrize(
    ("opening", "inside", "closing"),
    [
        ("(", "x", ")"),
        ("not ", "x", ""),
        ("-", "x", ""),
        ("length(", "x", ")"),
        ("x in (", "1", ")"),
        ("x + ", "x", ""),
        ("x == 1 and (", "x", " or y)"),
        ("1 * (", "x", ")"),
    ],
)
def test_nesting_has_an_end(opening: str, inside: str, closing: str) -> None:
    text = "any where " + opening * 10_000 + inside + closing * 10_000
    with pytest.raises(QuerySyntaxError, match="nested more than 100 deep"):
        parse(text)
    assert parse("any where " + opening * 30 + inside + closing * 30)
    with pytest.raises(QuerySyntaxError):
        parse("any where " + opening * 10_000)


def test_an_allowed_depth_prints() -> None:
    deep = "any where " + "(" * 99 + "x" + ")" * 99
    assert to_eql(parse(deep)) == "any where x"
    deep = "any where " + "not " * 99 + "x"
    assert to_eql(parse(deep)) == deep


def test_size_is_no_error() -> None:
    text = "x" * 1_000_000
    assert condition(f'a == "{text}"') == ast.Comparison("==", ast.FieldName("a"), ast.Literal(text))
    for operator, kind in (("and", ast.And), ("or", ast.Or)):
        many = condition(f" {operator} ".join(["a == 1"] * 20_000))
        assert isinstance(many, kind)
        assert len(many.items) == 20_000
        assert to_eql(many) == f" {operator} ".join(["a == 1"] * 20_000)
    several = condition("a : (" + ", ".join(['"b"'] * 20_000) + ")")
    assert isinstance(several, ast.Match)
    assert len(several.patterns) == 20_000
    with pytest.raises(QuerySyntaxError):
        parse('any where a == "' + text)
