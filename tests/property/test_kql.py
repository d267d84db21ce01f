"""Laws of KQL: it prints what it parses, a query and its negation split the events, the DSL and the engine agree."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import naive_dsl
from detections.compile.kibana import to_dsl
from detections.compile.kql import compile_kql
from detections.engine import select
from detections.errors import QuerySyntaxError
from detections.events import batches
from detections.mapping import Mapping
from detections.query import parse as parse_query
from detections.query.kql import And, Is, Literal, Nested, Node, Not, Or, Range, Wildcard, parse, to_json, to_kql

# --- printing

PIECE = st.sampled_from(
    [
        *"abnNotTrd019 \t\n\\()<>:*\"{}'.-_@\u00a0\u3000é😀\ud800",
        *("not ", "not", " and ", " or ", "or", "AND", "\\not", "\\u0041", "null", "true", "@kuery-wildcard@"),
    ]
)
TEXT = (
    st.lists(PIECE, max_size=6)
    .map("".join)
    .map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
)
TRIMMED = TEXT.map(lambda text: text.strip(" \t\n\u00a0\u3000"))


def _literal(text: str, quoted: bool) -> Literal:
    typed = {"null": None, "true": True, "false": False}
    return Literal(typed[text] if text in typed and not quoted else text, quoted)


LITERAL = st.one_of(st.builds(_literal, TEXT, st.just(True)), st.builds(_literal, TRIMMED, st.just(False)))
PARTS = st.lists(TEXT.map(lambda text: text.replace("@kuery-wildcard@", "")), min_size=2, max_size=4)
WILDCARD = PARTS.map(
    lambda parts: Wildcard((parts[0].lstrip(" \t\n\u00a0\u3000"), *parts[1:-1], parts[-1].rstrip(" \t\n\u00a0\u3000")))
)
OPERAND = st.one_of(LITERAL, WILDCARD)
LEAF = st.one_of(
    st.builds(Is, OPERAND, OPERAND),
    st.builds(Is, st.just(Literal(None)), OPERAND),
    st.builds(Range, OPERAND, st.sampled_from(["lt", "lte", "gt", "gte"]), OPERAND),
)


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    items = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(And, items), st.builds(Or, items), st.builds(Not, inner), st.builds(Nested, OPERAND, inner)
    )


@given(st.recursive(LEAF, _joined, max_leaves=5))
@settings(max_examples=200, deadline=None)
def test_what_is_printed_parses_to_the_same_tree(node: Node) -> None:
    printed = to_kql(node)
    assert to_json(parse(printed)) == to_json(node)
    assert parse(printed) == node


@given(st.lists(PIECE, max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_text_parses_or_is_refused_at_a_place_in_it(text: str) -> None:
    try:
        node = parse(text)
    except QuerySyntaxError as error:
        assert 0 <= error.start <= len(text)
        assert error.message.startswith("Expected ")
    else:
        assert parse(to_kql(node)) == node


# --- finding

FIELDS: dict[str, dict[str, Any]] = {
    "id": {"type": "keyword"},
    "k": {"type": "keyword", "ignore_above": 4},
    "k.text": {"type": "text", "path": "k"},
    "w": {"type": "wildcard"},
    "t": {"type": "text"},
    "n": {"type": "long"},
    "i": {"type": "ip"},
    "b": {"type": "boolean"},
    "d": {"type": "date"},
    "f": {"type": "flattened"},
    "o.k": {"type": "keyword", "nested": "o"},
    "o.n": {"type": "long", "nested": "o"},
}
MAPPING = Mapping.of(
    {
        **{name: spec for name, spec in FIELDS.items() if "path" not in spec},
        "k": {**FIELDS["k"], "fields": {"text": "text"}},
        "o": "nested",
    }
)

WORDS = st.sampled_from(["a", "ab", "A", "Ab b", "b a", "abcab", "1", "22", "true", "", "x-y", "a*b", "10.0.0.1"])
NUMBERS = st.sampled_from([0, 1, -1, 22, 2**62, "1", "22", 1.5])
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "192.168.1.1", "::1", "2001:db8::1", "junk"])
DATES = st.sampled_from(["2024-01-01", "2024-01-01T12:30:00Z", "2024-02", "2023-12-31T23:59:59Z", 1704110400000])
BOOLEANS = st.sampled_from([True, False, "true", "false", "", "x"])


def _several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(st.one_of(values, st.none()), max_size=3), st.none())


OBJECT = st.fixed_dictionaries({}, optional={"k": _several(WORDS), "n": _several(NUMBERS)})
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "k": _several(st.one_of(WORDS, NUMBERS)),
        "w": _several(WORDS),
        "t": _several(WORDS),
        "n": _several(NUMBERS),
        "i": _several(ADDRESSES),
        "b": _several(BOOLEANS),
        "d": _several(DATES),
        "f": st.fixed_dictionaries({}, optional={"a": _several(WORDS), "b": st.just({"c": "ab"}), "a.b": WORDS}),
        "o": st.one_of(OBJECT, st.lists(OBJECT, max_size=3)),
        "z": WORDS,
    },
)

ASKED = {
    "k": ["a", "Ab b", '"Ab b"', "*", "a*", "*b", "*b*", "**", '""', "a\\*b", "1", "true", "A*b b"],
    "k.text": ["a", "AB", '"b a"', "b*", "*", "b nothing", '"!"'],
    "w": ["a", "a*", "*b", "b a*", "*", "x-y*", "nothing *b*"],
    "t": ["a", "AB", '"ab b"', '"b ab"', "A*", "*b", "* *", "x-y", "nothing b*", '"-"'],
    "n": ["1", "22", "1.0", "1.5", "-1", "4611686018427387904", "*", '"22"', "99999999999999999999"],
    "i": ["10.0.0.1", "10.0.0.0/8", '"::1"', '"2001:db8::/32"', "*"],
    "b": ["true", "false", '"true"', "*"],
    "d": ["2024-01-01", '"2024-01-01T12:30:00Z"', "2024", "2024-01", "2024-02", "1704110400000", "*"],
    "f": ["a", "ab", "*", "a*", "*b*", '"b a"'],
    "f.a": ["a", "Ab b", "*", "a*", '"b a"'],
    "f.b.c": ["ab", "*"],
    "f.a.b": ["a", "*"],
    "z": ["a", "*", "a*"],
    "*k": ["a", "*"],
    "": ["a", "AB", '"b a"', "a*", "1", "10.0.0.0/8", "true", "*", "2024-01-01", "nothing"],
}
BOUNDS = {"n": ["0", "1.5", "-1"], "k": ["a", "B"], "d": ["2024-01-01", "2024-01", "1704110400000"], "i": ["10.0.0.2"]}

VALUE = st.sampled_from([(name, value) for name, values in ASKED.items() for value in values]).map(
    lambda asked: f"{asked[0]}: {asked[1]}" if asked[0] else asked[1]
)
BOUND = st.sampled_from(
    [
        f"{name} {operator} {bound}"
        for name, bounds in BOUNDS.items()
        for operator in ("<", "<=", ">", ">=")
        for bound in bounds
    ]
)
INNER = st.sampled_from(
    ["k: a", "k: *", "n: 1", "n >= 1", "k: a and n: 1", "not k: a", "k: (a or ab*) and not n < 0", "z: *", "*: a"]
)
CONDITION = st.one_of(VALUE, BOUND, INNER.map(lambda inner: f"o: {{ {inner} }}" if inner != "*: a" else "o: { k*: a }"))


def _queries(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda query: f"(not ({query}))"),
    )


QUERY = st.recursive(CONDITION, _queries, max_leaves=4)


def _selected(query: str, documents: list[dict[str, Any]]) -> set[int]:
    (batch,) = batches(documents)
    return set(select(compile_kql(parse_query(query, "kuery"), MAPPING), batch))


@given(QUERY, st.lists(DOCUMENT, min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_dsl_and_the_engine_agree(query: str, documents: list[dict[str, Any]]) -> None:
    dsl = to_dsl(parse_query(query, "kuery"), MAPPING)
    expected = {row for row, document in enumerate(documents) if naive_dsl.selects(dsl, document, FIELDS)}
    assert _selected(query, documents) == expected


@given(QUERY, st.lists(DOCUMENT, min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_query_and_its_negation_split_the_events(query: str, documents: list[dict[str, Any]]) -> None:
    found, left = _selected(query, documents), _selected(f"not ({query})", documents)
    assert found | left == set(range(len(documents)))
    assert not found & left
