"""Laws of EQL's syntax: it prints what it parses, and a broken text is an error with a place, nothing else."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.errors import QuerySyntaxError
from detections.query.eql import ast, parse, to_eql

SHARED = Path(__file__).parents[3] / "shared"
CASES = SHARED / "data/eql/elasticsearch"
RULES = SHARED / "data/rules-corpus"

# --- printing

TEXT = st.lists(st.sampled_from([*"ab.*?`\\\"'|/ \té-", "\n", "\r", "\b", '"""', "//", "/*", "}"]), max_size=6).map(
    "".join
)
NAME = st.sampled_from(
    ["a", "@timestamp", "_id", "event.action", "a b", "by", "file.any.x", "x`y", "1a", "é", "a..b", "sample", "A_1"]
)
FIELD = st.builds(ast.FieldName, NAME, st.booleans())
NUMBER = st.one_of(
    st.integers(-(2**63) + 1, 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False), st.integers(-9, 9)
)
LITERAL = st.one_of(NUMBER, TEXT, st.booleans(), st.none()).map(ast.Literal)
CONSTANT = st.one_of(st.integers(0, 99), st.floats(0, 1e300), TEXT, st.booleans(), st.none()).map(ast.Literal)


def _negative(value: ast.Expression) -> ast.Expression:
    """A minus sign before a number is the number's."""
    number = isinstance(value, ast.Literal) and type(value.value) in (int, float)
    return value if number else ast.Negative(value)


def _match(operator: Any, value: ast.Expression, patterns: list[ast.Literal], several: bool) -> ast.Match:
    return ast.Match(operator, value, tuple(patterns if several else patterns[:1]), several)


def _inner(one: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    some = st.lists(one, min_size=1, max_size=3).map(tuple)
    more = st.lists(one, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(ast.Call, st.sampled_from(["length", "CIDRMatch", "endsWith"]), some | st.just(()), st.booleans()),
        st.builds(_negative, one),
        st.builds(ast.Arithmetic, st.sampled_from("+-*/%"), one, one),
        st.builds(ast.Comparison, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), one, one),
        st.builds(ast.In, one, some, st.booleans()),
        st.builds(
            _match,
            st.sampled_from([":", "like", "like~", "regex", "regex~"]),
            one,
            st.lists(CONSTANT, min_size=1, max_size=3),
            st.booleans(),
        ),
        st.builds(ast.Not, one),
        st.builds(ast.And, more),
        st.builds(ast.Or, more),
    )


EXPRESSION = st.recursive(st.one_of(LITERAL, FIELD), _inner, max_leaves=12)
FILTER = st.builds(ast.EventFilter, st.sampled_from([None, "process", "any", "my-event", "", "é"]), EXPRESSION)
MAXSPAN = st.builds(ast.TimeSpan, st.integers(1, 10**12), st.sampled_from(["ms", "s", "m", "h", "d"]))


@st.composite
def sequences(draw: st.DrawFn) -> ast.Sequence:
    keys = st.lists(FIELD, min_size=(own := draw(st.integers(0, 2))), max_size=own).map(tuple)
    missing = st.builds(ast.Term, FILTER, keys, st.just(True), st.integers(1, 4))
    present = st.builds(ast.Term, FILTER, keys, st.just(False), st.integers(1, 4))
    maxspan = draw(st.none() | MAXSPAN)
    others = draw(st.lists(present if maxspan is None else missing | present, min_size=1, max_size=3))
    place = draw(st.integers(0, len(others)))
    terms = (*others[:place], draw(present), *others[place:])
    until = draw(st.none() | st.builds(ast.Term, FILTER, keys, st.booleans()))
    return ast.Sequence(draw(st.lists(FIELD, max_size=2).map(tuple)), maxspan, terms, until)


@st.composite
def samples(draw: st.DrawFn) -> ast.Sample:
    shared, own = draw(st.sampled_from([(1, 0), (2, 1), (0, 1)]))
    terms = st.lists(st.builds(ast.Term, FILTER, st.tuples(*[FIELD] * own)), min_size=1, max_size=5)
    return ast.Sample(draw(st.tuples(*[FIELD] * shared)), draw(terms.map(tuple)))


PIPE = st.builds(ast.Pipe, st.sampled_from(["head", "tail"]), st.integers(0, 2**31 - 1))
PIPES = st.lists(PIPE, max_size=2).map(tuple)
QUERY = st.builds(ast.Query, FILTER | sequences(), PIPES) | st.builds(ast.Query, samples())


@settings(max_examples=300, deadline=None)
@given(QUERY)
def test_what_is_printed_parses_to_the_same_tree(query: ast.Query) -> None:
    printed = to_eql(query)
    again = parse(printed)
    assert again == query
    assert without_spans(again) == without_spans(query)  # unlike ==, tells 1, 1.0 and true apart
    assert to_eql(again) == printed


def without_spans(query: ast.Query) -> str:
    return re.sub(r",? ?(?:name_|category_)?span=\(\d+, \d+\)", "", repr(query))


# --- broken texts


# fmt: off
WORDS = [
    "process", "any", "where", "sequence", "sample", "by", "with", "maxspan", "runs", "until", "=", "1m", "[", "]",
    "![", "(", ")", ",", "and", "or", "not", "in", "in~", ":", "like", "==", "<", "+", "-", "a.b", "?", '"x"', "1",
    ".5", "|", "head", "f~", "`q`", "/*", "*/", "//", "'", '"', '"""', "\\", "é", "null", "true", "of", "join", "\n",
]
# fmt: on


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))
def test_words_in_any_order_parse_or_are_refused_with_a_place(text: str) -> None:
    holds_or_is_refused(text)


def holds_or_is_refused(text: str) -> None:
    try:
        parse(text)
    except QuerySyntaxError as error:
        assert 0 <= error.start <= len(text)
        assert error.start < error.end <= len(text) + 1
        assert error.message


def queries_of_elasticsearch() -> Iterator[str]:
    if not CASES.is_dir():
        pytest.skip("../shared is not there")
    for path in sorted(CASES.glob("*test*.json")):
        yield from (case["query"] for case in json.loads(path.read_text(encoding="utf-8")))


def queries_of_the_eql_package() -> Iterator[str]:
    package = importlib.import_module("eql")
    path = Path(str(package.__file__)).parent / "etc/test_queries.toml"
    yield from (case["query"] for case in tomllib.loads(path.read_text(encoding="utf-8"))["queries"])


@pytest.mark.parametrize("source", [queries_of_elasticsearch, queries_of_the_eql_package])
def test_prefixes_and_queries_without_a_word_parse_or_are_refused_with_a_place(source: Any) -> None:
    texts = set()
    for query in source():
        texts.update(query[:end] for end in range(len(query)))
        words = [*re.finditer(r"\w+|\s+|[^\w\s]", query)]
        texts.update(query[: word.start()] + query[word.end() :] for word in words)
    for text in texts:
        holds_or_is_refused(text)
    assert len(texts) > 1000


def test_elasticsearchs_own_cases_parse_and_print() -> None:
    for query in queries_of_elasticsearch():
        tree = parse(query)
        assert parse(to_eql(tree)) == tree


def test_public_rules_parse_and_print() -> None:
    if not RULES.is_dir():
        pytest.skip("../shared is not there")
    count = 0
    for path in RULES.rglob("*.toml"):
        rule = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", {})
        if rule.get("language") == "eql":
            tree = parse(rule["query"])
            assert parse(to_eql(tree)) == tree
            count += 1
    assert count > 100
