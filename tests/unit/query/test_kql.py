"""KQL's parser and printer against the corpus in tests/corpus/kql, and where they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.errors import QuerySyntaxError
from detections.query.kql import (
    MAX_DEPTH,
    And,
    Is,
    Literal,
    Nested,
    Not,
    Or,
    Range,
    Wildcard,
    leaves,
    parse,
    to_json,
    to_kql,
)

CORPUS = Path(__file__).parents[2] / "corpus" / "kql"


def blocks(name: str) -> list[str]:
    return (CORPUS / name).read_text("utf-8").removesuffix("\n").split("\n\n")


@pytest.mark.parametrize("query", (CORPUS / "identity.txt").read_text("utf-8").splitlines())
def test_a_query_in_canonical_form_prints_back_to_itself(query: str) -> None:
    assert to_kql(parse(query)) == query


@pytest.mark.parametrize("block", blocks("canonical.txt"))
def test_a_query_prints_in_canonical_form(block: str) -> None:
    query, _, printed = block.partition("\n")
    assert to_kql(parse(query)) == printed
    assert parse(printed) == parse(query)


@pytest.mark.parametrize("block", blocks("errors.txt"))
def test_an_error_reads_as_in_kibana(block: str) -> None:
    message, _, rest = block.partition("\n")
    query, _, arrow = rest.rpartition("\n")
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query)
    error = caught.value
    assert str(error) == block
    assert (error.message, error.query) == (message, query)
    assert len(query[: error.start].encode("utf-16-le")) // 2 == arrow.index("^")


@pytest.mark.parametrize("query", ["", " ", "\t\r\n\u00a0"])
def test_the_empty_query_is_everything(query: str) -> None:
    assert parse(query) == Is(Wildcard(("", "")), Wildcard(("", "")))


def test_precedence_and_value_lists() -> None:
    def a(value: str) -> Is:
        return Is(Literal("a"), Literal(value))

    assert parse("a:(1 or 2 and not 3) and b > 4") == And(
        (Or((a("1"), And((a("2"), Not(a("3")))))), Range(Literal("b"), "gt", Literal("4")))
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", Literal(True)),
        ('"true"', Literal("true", quoted=True)),
        ("TRUE", Literal("TRUE")),
        ("null", Literal(None)),
        ("1.50", Literal("1.50")),
        (r"tru\u0065", Literal(True)),
        (r"\t", Literal("")),
        ('""', Literal("", quoted=True)),
        ("\u2003x\ufeff", Literal("x")),
        ("\x85x\x1c", Literal("\x85x\x1c")),
        (r"\ud83d\ude00", Literal("\U0001f600")),
        (r"\ud83d", Literal("\ud83d")),
        (r"\*", Literal("*")),
        ("a*", Wildcard(("a", ""))),
        ("**", Wildcard(("", "", ""))),
        ("a@kuery-wildcard@b", Literal("a@kuery-wildcard@b")),
        ("a@kuery-wildcard@b*", Wildcard(("a", "b", ""))),
    ],
)
def test_values(text: str, value: Literal | Wildcard) -> None:
    found = parse(f"f: {text}")
    assert found == Is(Literal("f"), value)
    # True == 1 and "" == "": the type must be the same too.
    assert isinstance(found, Is)
    assert type(getattr(found.value, "value", None)) is type(getattr(value, "value", None))


def test_spans_cover_the_text_of_each_node() -> None:
    query = ' (a: "x" or not b >= 5) and c:(d* or e) and n:{ f }'
    node = parse(query)

    def text(part: object) -> str:
        start, end = part.span  # type: ignore[attr-defined]
        return query[start:end]

    assert isinstance(node, And)
    either, values, nested = node.items
    assert isinstance(either, Or)
    assert isinstance(nested, Nested)
    assert text(node) == query.strip()
    assert text(either) == 'a: "x" or not b >= 5'
    assert text(values) == "c:(d* or e)"
    assert [text(leaf) for leaf in leaves(node)] == ['a: "x"', "b >= 5", "d*", "e", "f"]
    assert [text(leaf.field) for leaf in leaves(values)] == ["c", "c"]
    assert text(nested) == "n:{ f }"
    assert text(nested.path) == "n"


def test_the_json_of_a_tree_is_kibanas() -> None:
    assert to_json(parse('a*: "b" and not c > *d')) == {
        "type": "function",
        "function": "and",
        "arguments": [
            {
                "type": "function",
                "function": "is",
                "arguments": [
                    {"type": "wildcard", "value": "a@kuery-wildcard@"},
                    {"type": "literal", "value": "b", "isQuoted": True},
                ],
            },
            {
                "type": "function",
                "function": "not",
                "arguments": [
                    {
                        "type": "function",
                        "function": "range",
                        "arguments": [
                            {"type": "literal", "value": "c", "isQuoted": False},
                            "gt",
                            {"type": "wildcard", "value": "@kuery-wildcard@d"},
                        ],
                    }
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [("(", "a", ")"), ("not (", "a", ")"), ("a:{", "b", "}"), ("(b or ", "a", ")"), ("(b or c and not (", "a", "))")],
)
def test_nesting_is_followed_to_a_depth(opening: str, inner: str, closing: str) -> None:
    times = MAX_DEPTH // len(closing)
    node = parse(opening * times + inner + closing * times)
    assert to_kql(parse(to_kql(node))) == to_kql(node)
    assert to_json(node)["type"] == "function"
    with pytest.raises(QuerySyntaxError, match=f"Nested deeper than {MAX_DEPTH} levels") as caught:
        parse(opening * 10_000 + inner + closing * 10_000)
    assert caught.value.start < len(opening) * (MAX_DEPTH + 1)


def test_value_lists_nest_to_the_same_depth() -> None:
    assert parse(f"a:{'(' * MAX_DEPTH}b{')' * MAX_DEPTH}") == parse("a:b")
    with pytest.raises(QuerySyntaxError, match="Nested deeper"):
        parse(f"a:{'(' * 10_000}b{')' * 10_000}")


def test_size_is_no_error() -> None:
    text = "x" * 10_000_000
    assert parse(f'a: "{text}"') == Is(Literal("a"), Literal(text, quoted=True))
    assert parse(f"a: {text}*") == Is(Literal("a"), Wildcard((text, "")))
    many = parse(" or ".join(["a: b"] * 50_000))
    assert isinstance(many, Or)
    assert len(many.items) == 50_000
    with pytest.raises(QuerySyntaxError):
        parse('a: "' + text)
