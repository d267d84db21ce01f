"""The columnar answer is the plain one."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_predicates
from detections.engine import Evaluator, select
from detections.errors import NotEvaluated
from detections.events import Documents
from detections.mapping import Field
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Equals,
    Exists,
    IsTrue,
    Like,
    Matches,
    Nested,
    Not,
    Or,
    Phrase,
    Predicate,
    rewrite,
)
from detections.plan.predicate import (
    Test as Ask,
)
from detections.values.bits import of_rows, rows_of
from detections.values.wildcard import ANY, ONE

KEYWORD = Field("k", "keyword", ignore_above=3)
TEXT = Field("k.text", "text", path="k")
LONG = Field("n", "long")
DOUBLE = Field("n", "double")
BOOLEAN = Field("b", "boolean")
IP = Field("i", "ip")
ROOT = Field("f", "flattened", key="")
KEYED = Field("f.x", "flattened", key="x", ignore_above=3)
INNER = Field("o.k", "keyword", nested="o")
UNSEEN = Field("o.k", "keyword")

WORDS = st.sampled_from(["a", "b", "A", "ab", "abc", "abcd", "😀a", "a b", "1", "true", ""])
SCALARS = st.one_of(WORDS, st.sampled_from([0, 1, 1.0, 1.5, -3, True, False, None]))
VALUES = st.one_of(SCALARS, st.lists(st.one_of(SCALARS, st.lists(SCALARS, max_size=2)), max_size=3))
IPS = st.one_of(
    st.sampled_from(["10.0.0.1", "10.0.0.2", "::1", "AWS Internal", None]), st.just(["10.0.0.1", "10.0.0.9"])
)
OBJECTS = st.fixed_dictionaries({}, optional={"k": VALUES, "x": VALUES})
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "k": VALUES, "n": VALUES, "b": VALUES, "i": IPS, "f": st.one_of(OBJECTS, st.fixed_dictionaries({"x": OBJECTS})),
        "f.x": SCALARS, "o": st.one_of(OBJECTS, st.lists(OBJECTS, max_size=3)),
    },
)  # fmt: skip

STRINGS = st.one_of(
    st.builds(Equals, st.frozensets(WORDS, min_size=1, max_size=3), st.booleans()),
    st.builds(Like, st.lists(st.one_of(st.sampled_from(["a", "b", "B"]), st.just(ANY), st.just(ONE)), min_size=1,
                             max_size=4).map(tuple), st.booleans()),
    st.builds(Matches, st.sampled_from(["a.*", "(a|b)+", ".b?c?", "[a-z]+"])),
    st.builds(Between, st.one_of(st.none(), WORDS), st.one_of(st.none(), WORDS), st.booleans(), st.booleans()),
    st.just(Exists()),
)  # fmt: skip
TEXTS = st.one_of(
    st.builds(Phrase, st.sampled_from([("a",), ("a", "b"), ("ab",)])),
    st.builds(AnyToken, st.just(frozenset({"a", "1"}))),
    st.builds(Equals, st.just(frozenset({"ab", "b"}))),
    st.just(Exists()),
    st.builds(Like, st.just(("a", ANY))),
)
ENDS = st.one_of(st.none(), st.integers(-3, 2))
WHOLE = st.one_of(
    st.builds(Equals, st.frozensets(st.integers(-3, 2), min_size=1)),
    st.builds(Between, ENDS, ENDS, st.booleans(),
              st.booleans()),
    st.just(Exists()),
)  # fmt: skip
DECIMAL = st.one_of(
    st.builds(Equals, st.just(frozenset({1.0, 1.5}))), st.builds(Between, st.just(0.5), st.none()), st.just(Exists())
)
TRUTH = st.one_of(st.builds(Equals, st.frozensets(st.booleans(), min_size=1)), st.just(Exists()))
LOW, HIGH = 0xFFFF0A000000, 0xFFFF0A000002
ADDRESS = st.one_of(st.builds(Between, st.just(LOW), st.just(HIGH)), st.just(Equals(frozenset({1}))), st.just(Exists()))


def asks_of(field: Field, operators: st.SearchStrategy[Any]) -> st.SearchStrategy[Ask]:
    ways = st.sampled_from(["false", "missing"]), st.sampled_from(["any", "missing"])
    return st.builds(Ask, st.just(field), operators, *ways)


LEAVES = st.one_of(
    asks_of(KEYWORD, STRINGS), asks_of(TEXT, TEXTS), asks_of(LONG, WHOLE), asks_of(DOUBLE, DECIMAL),
    asks_of(BOOLEAN, TRUTH), asks_of(IP, ADDRESS), asks_of(ROOT, STRINGS), asks_of(KEYED, STRINGS),
    asks_of(INNER, STRINGS), asks_of(UNSEEN, STRINGS),
    asks_of(INNER, STRINGS).map(lambda test: Nested("o", Or((test, Not(test))))),
    asks_of(INNER, STRINGS).map(lambda test: Nested("o", Not(test))),
    st.sampled_from([Always(True), Always(False), Always(None)]),
)  # fmt: skip


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Predicate]:
    several = st.lists(inner, max_size=4).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(Not), inner.map(IsTrue))


PREDICATES = st.recursive(LEAVES, combined, max_leaves=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(DOCUMENTS, max_size=12), st.lists(PREDICATES, min_size=1, max_size=3), st.sampled_from([1, 30]))
def test_the_columnar_answer_is_the_plain_one(
    documents: list[dict[str, Any]], predicates: list[Predicate], times: int
) -> None:
    evaluator = Evaluator(Documents(0, documents * times))
    for predicate in predicates:
        found = evaluator.answer(predicate)
        plain = [naive_predicates.answer(predicate, document) for document in documents] * times
        assert [row for row, one in enumerate(plain) if one] == list(rows_of(found.true))
        assert [row for row, one in enumerate(plain) if one is None] == list(rows_of(found.missing))
        assert select(predicate, Documents(0, documents * times)) == list(rows_of(found.true))


def documents(count: int, distinct: int) -> Documents:
    return Documents(0, [{"k": f"{row % distinct}", "n": row % 7} for row in range(count)])


@pytest.mark.parametrize("distinct", [1, 200, 255, 256, 4000])
def test_few_and_many_distinct_values(distinct: int) -> None:
    field = Field("k", "keyword")
    batch = documents(4000, distinct)
    wanted = frozenset({"0", "254", "255", "3999"})
    expected = [row for row in range(4000) if f"{row % distinct}" in wanted]
    assert select(Ask(field, Equals(wanted)), batch) == expected
    assert select(Ask(field, Like(("25", ANY))), batch) == [
        row for row in range(4000) if f"{row % distinct}".startswith("25")
    ]
    assert select(Not(Ask(field, Exists())), batch) == []


def test_dear_leaves_are_asked_about_surviving_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def matcher(*_: object, **__: object) -> Any:
        return lambda text: asked.append(text) or True

    monkeypatch.setattr("detections.engine.operators.regex.matcher", matcher)
    dear = Ask(Field("k", "keyword"), Matches("x.*"))
    cheap = Ask(LONG, Equals(frozenset({3})))
    batch = Documents(0, [{"k": f"value {row}", "n": row} for row in range(1000)])
    assert select(And((dear, cheap)), batch) == [3]
    assert asked == ["value 3"]


def test_a_leaf_is_asked_once_for_all_predicates(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def matcher(*_: object, **__: object) -> Any:
        return lambda text: bool(asked.append(text))

    monkeypatch.setattr("detections.engine.operators.regex.matcher", matcher)
    first = Ask(Field("k", "keyword"), Matches("x.*"), span=(1, 2))
    second = Ask(Field("k", "keyword"), Matches("x.*"), span=(3, 4))
    evaluator = Evaluator(documents(1000, 10))
    evaluator.answer(first)
    evaluator.answer(Not(second))
    assert len(asked) == 10


def test_one_leaf_can_be_inverted() -> None:
    predicate = And((Ask(LONG, Equals(frozenset({1}))), Ask(KEYWORD, Exists())))
    evaluator = Evaluator(Documents(0, [{"n": 1, "k": "a"}, {"n": 2, "k": "a"}, {"n": 1}]))
    usual = evaluator.answer(predicate).true
    inverted = evaluator.answer(rewrite(predicate, lambda leaf: Not(IsTrue(leaf)) if leaf.field is LONG else leaf)).true
    assert (usual, usual ^ inverted) == (0b001, 0b011)


def test_null_value_stands_for_explicit_nulls_only() -> None:
    field = Field("a.k", "keyword", null_value="NULL")
    batch = Documents(0, [{"a": {"k": None}}, {"a.k": None}, {}, {"a": [{"k": ["x", None]}]}, {"a": {"k": "x"}}])
    assert select(Ask(field, Equals(frozenset({"NULL"}))), batch) == [0, 1, 3]
    assert select(Ask(field, Equals(frozenset({"x"}))), batch) == [3, 4]


def test_an_empty_text_is_a_null_where_numbers_stand() -> None:
    field = Field("n", "long", null_value=7)
    batch = Documents(0, [{"n": ""}, {"n": ["", 1]}, {"n": " "}, {"n": []}, {"n": None}])
    assert select(Ask(field, Equals(frozenset({7}))), batch) == [0, 1, 4]
    assert select(Ask(field, Exists()), batch) == [0, 1, 4]


@pytest.mark.parametrize(
    ("document", "size", "kind"),
    [
        ({"o": {"k": "a", "x": "b"}}, True, True),
        ({"o.k": "a", "o.x": "b"}, True, False),
        ({"o": [{"k": "a"}], "o.x": "b"}, True, False),
        ({"o.k": ["b", "a"]}, True, False),
        ({"o.x": "b"}, False, False),
        ({"o": "a"}, False, False),
    ],
)
def test_a_dotted_key_makes_a_nested_object_of_its_own(document: dict[str, Any], size: bool, kind: bool) -> None:
    alone = Ask(INNER, Equals(frozenset({"a"})))
    both = And((alone, Ask(Field("o.x", "keyword", nested="o"), Equals(frozenset({"b"})))))
    batch = Documents(0, [document])
    assert [select(Nested("o", one), batch) for one in (alone, both)] == [[0] * size, [0] * kind]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"f": {"y": "a"}}, True),
        ({"f.y": "a"}, True),
        ({"f": [{"y": ["b", "a"]}]}, True),
        ({"f": "a"}, False),
        ({"f": ["a"]}, False),
    ],
)
def test_a_flattened_root_takes_objects_only(document: dict[str, Any], found: bool) -> None:
    assert select(Ask(ROOT, Equals(frozenset({"a"}))), Documents(0, [document])) == [0] * found


def test_a_constant_is_in_every_document() -> None:
    field = Field("c", "constant_keyword", constant="aws")
    assert select(Ask(field, Equals(frozenset({"aws"}))), Documents(0, [{}, {"c": "aws"}])) == [0, 1]


def test_an_empty_batch() -> None:
    assert select(Or((Always(True), Ask(KEYWORD, Exists()))), Documents(0, [])) == []


def test_a_regular_expression_too_complex_is_said() -> None:
    with pytest.raises(NotEvaluated, match="regular expression on k: too complex"):
        select(Ask(KEYWORD, Matches(".*a.{20}")), documents(1, 1))


def test_size_is_only_work() -> None:
    batch = Documents(0, [{"k": "x" * 10_000_000 + " needle"}])
    begin = time.perf_counter()
    assert select(Ask(Field("k", "keyword"), Like((ANY, "needle"))), batch) == [0]
    assert select(Ask(TEXT, Phrase(("needle",))), batch) == [0]
    assert select(Ask(KEYWORD, Exists()), batch) == []
    assert time.perf_counter() - begin < 60


@given(st.sets(st.integers(0, 200)))
def test_bits(rows: set[int]) -> None:
    assert list(rows_of(of_rows(rows, 201))) == sorted(rows)
