"""The ways in which a predicate is changed in one place."""

from __future__ import annotations

import pytest

from detections.case.mutators import mutants
from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.kql import compile_kql
from detections.mapping import Field, Mapping
from detections.plan.predicate import (
    Always,
    And,
    Compute,
    Equals,
    Exists,
    IsTrue,
    Like,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Ranges,
)
from detections.plan.predicate import Test as Ask
from detections.plan.program import Events
from detections.plan.rows import Where
from detections.query import EqlQuery, EsqlQuery, KqlQuery, parse
from detections.values.wildcard import ANY

MAPPING = Mapping.of(
    {
        "a": "keyword", "b": "keyword", "n": "long", "m": "long", "flag": "boolean", "ip": "ip", "message": "text",
        "event.category": "keyword", "@timestamp": "date", "o": "nested", "o.k": "keyword",
    }
)  # fmt: skip
A, B = Field("a", "keyword"), Field("b", "keyword")


def predicate_of(query: str, language: str) -> Predicate:
    match parse(query, language):
        case KqlQuery() as kql:
            return compile_kql(kql, MAPPING)
        case EqlQuery() as eql:
            body = compile_eql(eql, MAPPING).body
            assert isinstance(body, Events)
            return body.predicate
        case EsqlQuery() as esql:
            (predicate,) = [one.predicate for one in compile_esql(esql, MAPPING).commands if isinstance(one, Where)]
            return predicate


def changes(query: str) -> dict[str, Predicate]:
    """What is changed in a query in KQL, and what comes of it."""
    return {change.description: change.predicate for change in mutants(predicate_of(query, "kuery"), query)}


def equals(field: Field, *values: str) -> Ask:
    return Ask(field, Equals(frozenset(values)))


def test_connectives_and_negations() -> None:
    made = changes("a: 1 and not b: 2")
    one, two = equals(A, "1"), equals(B, "2")
    assert made["`a: 1 and not b: 2`: or instead of and"] == Or((one, Not(two)))
    assert made["`not b: 2`: not removed"] == And((one, two))
    assert made["`a: 1`: always true"] == And((Always(True), Not(two)))
    assert made["`b: 2`: always false"] == And((one, Not(Always(False))))
    assert changes("a: 1 or b: 2")["`a: 1 or b: 2`: and instead of or"] == And((one, two))


def test_a_change_stands_where_the_query_says_it() -> None:
    query = "a: 1 and (b: 2 or not n: 3)"
    places = {change.description: query[slice(*change.span)] for change in mutants(
        compile_kql(parse(query, "kuery"), MAPPING), query
    )}  # fmt: skip
    assert places["`a: 1 and (b: 2 or not n: 3`: or instead of and"] == "a: 1 and (b: 2 or not n: 3"
    assert places["`b: 2 or not n: 3`: and instead of or"] == "b: 2 or not n: 3"
    assert places["`not n: 3`: not removed"] == "n: 3"
    assert places["`b: 2`: always true"] == "b: 2"


def test_what_stands_inside_is_put_back_into_its_place() -> None:
    nested = Nested("o", IsTrue(equals(A, "1")))
    made = {change.description: change.predicate for change in mutants(nested, "a: 1")}
    assert made["`filter`: always true"] == Nested("o", IsTrue(Always(True)))
    assert set(made) == {f"`filter`: {change}" for change in (
        "always true", "always false", "only that it exists", '"1x" instead of "1"',
    )}  # fmt: skip
    assert list(mutants(And((equals(A, "1"),)), "")) != []
    assert not any("instead of and" in change.description for change in mutants(And((equals(A, "1"),)), ""))


BESIDE = ["always true", "always false", "6 instead of 5", "4 instead of 5"]
OPERATORS = [
    ("a: (1 or 2)", "kuery", 2 * ["always true", "always false", "only that it exists"]
     + ["1x instead of 1", "2x instead of 2"]),
    ("n >= 5", "kuery", ["always true", "always false", "only that it exists", "> instead of >=",
                         "without the lower bound"]),
    ("n < 5", "kuery", ["always true", "always false", "only that it exists", "<= instead of <",
                        "without the upper bound"]),
    ("a: *", "kuery", ["always true", "always false"]),
    ("a: x*y", "kuery", ["always true", "always false", "only that it exists", "xx instead of x", "without star 1",
                         "yx instead of y"]),
    ("message: \"one two\"", "kuery", ["always true", "always false", "only that it exists", 'without "one"',
                                       'without "two"']),
    ("message: one", "kuery", ["always true", "always false", "only that it exists"]),
    ("flag: true", "kuery", ["always true", "always false", "only that it exists", "false instead of true"]),
    ("any where a regex \"x.*\"", "eql",
     ["always true", "always false", "only that it exists", "another expression"]),
    ("any where n + m > 5", "eql", [">= instead of >", *BESIDE]),
    ("any where length(a) == 5", "eql", BESIDE),
    ("FROM x | WHERE n + m == 5", "esql", ["!= instead of ==", *BESIDE]),
    ("FROM x | WHERE CASE(flag AND n == m, \"x\", a) == \"y\"", "esql",
     ["always true", "always false", "!= instead of ==", "or instead of and", "!= instead of ==", '"xx" instead of "x"',
      '"yx" instead of "y"']),
]  # fmt: skip


@pytest.mark.parametrize(("query", "language", "expected"), OPERATORS)
def test_each_operator_has_its_changes(query: str, language: str, expected: list[str]) -> None:
    predicate = predicate_of(query, language)
    found = [change for change in mutants(predicate, query) if " instead of or" not in change.description]
    assert sorted(change.description.partition("`: ")[2] for change in found) == sorted(expected)
    assert predicate not in [change.predicate for change in found]
    assert len({change.predicate for change in found}) == len(found)


def test_values_stars_and_bounds_change_one_at_a_time() -> None:
    field = Field("n", "long")
    several = Ask(A, Equals(frozenset({"1", "2"})))
    made = {change.description.partition("`: ")[2]: change.predicate for change in mutants(several, "")}
    assert made['without "1"'] == equals(A, "2")
    assert made['"1x" instead of "1"'] == equals(A, "1x", "2")
    like = Ask(A, Like(("x", ANY), case_insensitive=True))
    made = {change.description.partition("`: ")[2]: change.predicate for change in mutants(like, "")}
    assert made["without star 1"] == Ask(A, Like(("x",), case_insensitive=True))
    assert made["only that it exists"] == Ask(A, Exists())
    (between,) = [compile_kql(parse("n > 5", "kuery"), MAPPING)]
    made = {change.description.partition("`: ")[2]: change.predicate for change in mutants(between, "n > 5")}
    assert made[">= instead of >"] == compile_kql(parse("n >= 5", "kuery"), MAPPING)
    assert made["without the lower bound"].operator.low is None  # type: ignore[union-attr]
    assert field == between.field  # type: ignore[union-attr]


def test_ranges_words_and_stars_are_left_out_one_by_one() -> None:
    def without(operator: Operator) -> dict[str, Operator]:
        made = mutants(Ask(A, operator), "")
        changes = {change.description.partition("`: ")[2]: change.predicate for change in made}
        return {change: ask.operator for change, ask in changes.items() if "without" in change}  # type: ignore[union-attr]

    assert without(Ranges(((1, 2), (4, 5), (7, 8)))) == {
        "without range 1": Ranges(((4, 5), (7, 8))),
        "without range 2": Ranges(((1, 2), (7, 8))),
        "without range 3": Ranges(((1, 2), (4, 5))),
    }
    assert without(Ranges(((1, 2),))) == {}
    assert list(without(Phrase(("a", "b", "c"))).values()) == [
        Phrase(("b", "c")), Phrase(("a", "c")), Phrase(("a", "b")),
    ]  # fmt: skip
    assert without(Like((ANY, "x", ANY, "y"))) == {
        "without star 0": Like(("x", ANY, "y")), "without star 2": Like((ANY, "x", "y")),
    }  # fmt: skip


NEGATIONS = [
    ('not a: "x"', "kuery", '`not a: "x"`: not removed'),
    ('any where a != "x"', "eql", '`a != "x"`: == instead of !='),
    ('any where not (a == "x" or b == "y")', "eql", '`not (a == "x" or b == "y")`: not removed'),
    ('any where a not in ("x", "y")', "eql", '`a not in ("x", "y")`: not removed'),
    ('FROM x | WHERE a != "x"', "esql", '`a != "x"`: == instead of !='),
]


@pytest.mark.parametrize(("query", "language", "change"), NEGATIONS)
def test_a_negation_is_shown_as_it_is_written(query: str, language: str, change: str) -> None:
    descriptions = [one.description for one in mutants(predicate_of(query, language), query)]
    assert descriptions[0] == change


def test_what_is_always_so_is_turned_and_what_says_nothing_is_left() -> None:
    assert [change.predicate for change in mutants(Always(True), "")] == [Always(False)]
    assert [change.predicate for change in mutants(Always(False), "")] == [Always(True)]
    assert list(mutants(Always(None), "")) == []


def test_computed_leaves_keep_what_they_ask_of_several_values() -> None:
    body = compile_eql(parse("any where n + m > 5", "eql"), MAPPING).body
    assert isinstance(body, Events) and isinstance(body.predicate, Compute) and body.predicate.several == "any"
    for change in mutants(body.predicate, ""):
        assert not isinstance(change.predicate, Compute) or change.predicate.several == "any"
