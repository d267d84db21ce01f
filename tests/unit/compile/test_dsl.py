"""Predicates as Query DSL. That it finds the same as the predicate is proved on a real Elasticsearch (tests/parity)."""

from __future__ import annotations

from typing import Any

import pytest

from detections.compile.dsl import at_least, to_dsl
from detections.errors import NotEvaluated
from detections.mapping import Field
from detections.plan.expression import Constant
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Compute,
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
)
from detections.plan.predicate import (
    Test as Ask,
)
from detections.values.datemath import Relative
from detections.values.ip import parse_ip
from detections.values.wildcard import ANY, ONE

KEYWORD = Field("k", "keyword")
TEXT = Field("t", "text")
DATE = Field("d", "date")
IP = Field("i", "ip")
KEYED = Field("f.a", "flattened", key="a")
A = Ask(KEYWORD, Equals(frozenset({"a"})))
FOUND = {"terms": {"k": ["a"]}}
COMPUTED = Compute(Constant(True, "boolean"))
ADDRESS = parse_ip("10.0.0.1")


@pytest.mark.parametrize(
    ("predicate", "dsl"),
    [
        (A, FOUND),
        (Ask(KEYWORD, Equals(frozenset())), {"match_none": {}}),
        (Ask(KEYWORD, Equals(frozenset({"a"}), True)), {"term": {"k": {"value": "a", "case_insensitive": True}}}),
        (Ask(KEYWORD, Exists()), {"exists": {"field": "k"}}),
        (Ask(KEYWORD, Between("a", "b", True, False)), {"range": {"k": {"gte": "a", "lt": "b"}}}),
        (Ask(KEYWORD, Between()), {"exists": {"field": "k"}}),
        (Ask(DATE, Between(2024, None, False)), {"range": {"d": {"format": "epoch_millis", "gt": 2024}}}),
        (Ask(IP, Equals(frozenset({ADDRESS}))), {"terms": {"i": ["10.0.0.1"]}}),  # type: ignore[arg-type]
        (Ask(KEYWORD, Like(("a*?\\", ANY, ONE))),
         {"wildcard": {"k": {"value": "a\\*\\?\\\\*?", "case_insensitive": False}}}),
        (Ask(KEYED, Like(("a", ANY))), {"prefix": {"f.a": {"value": "a", "case_insensitive": False}}}),
        (Ask(KEYWORD, Matches("a+", True)), {"regexp": {"k": {"value": "a+", "case_insensitive": True}}}),
        (Ask(TEXT, Phrase(("a", "b"))), {"match_phrase": {"t": {"query": "a b", "analyzer": "whitespace"}}}),
        (Ask(TEXT, AnyToken(frozenset({"b", "a"}))), {"terms": {"t": ["a", "b"]}}),
        (And((A, A)), {"bool": {"filter": [FOUND, FOUND]}}),
        (Or((A, A)), {"bool": {"should": [FOUND, FOUND], "minimum_should_match": 1}}),
        (And(()), {"match_all": {}}),
        (Or(()), {"match_none": {}}),
        (Not(A), {"bool": {"must_not": [FOUND]}}),
        (Not(Ask(KEYWORD, Equals(frozenset({"a"})), "missing")),
         {"bool": {"filter": [{"exists": {"field": "k"}}], "must_not": [FOUND]}}),
        (Not(Not(A)), FOUND),
        (Not(IsTrue(A)), {"bool": {"must_not": [FOUND]}}),
        (Not(And((A, Not(A)))),
         {"bool": {"should": [{"bool": {"must_not": [FOUND]}}, FOUND], "minimum_should_match": 1}}),
        (Not(Always(None)), {"match_none": {}}),
        (Not(Always(False)), {"match_all": {}}),
        (Nested("o", A), {"nested": {"path": "o", "query": FOUND, "score_mode": "none", "ignore_unmapped": True}}),
    ],
)  # fmt: skip
def test_what_is_asked(predicate: Predicate, dsl: dict[str, Any]) -> None:
    assert to_dsl(predicate) == dsl
    assert at_least(predicate) == dsl


@pytest.mark.parametrize(
    ("predicate", "superset"),
    [
        (COMPUTED, {"match_all": {}}),
        (Not(COMPUTED), {"match_all": {}}),
        (And((A, COMPUTED)), {"bool": {"filter": [FOUND, {"match_all": {}}]}}),
        (Not(Nested("o", Or((A, COMPUTED)))), {"match_all": {}}),
        (Ask(KEYWORD, Exists(), several="missing"), {"match_all": {}}),
        (Not(Ask(KEYWORD, Exists(), "missing", "missing")), {"match_all": {}}),
    ],
)
def test_what_has_no_form(predicate: Predicate, superset: dict[str, Any]) -> None:
    with pytest.raises(NotEvaluated):
        to_dsl(predicate)
    assert at_least(predicate) == superset


def test_a_relative_date_counts_from_the_execution() -> None:
    since = Ask(DATE, Between(Relative("now-1d/d"), Relative("now", round_up=True)))
    asked = to_dsl(since)["range"]["d"]
    assert (asked["gte"], asked["lte"]) == ("now-1d/d", "now")
    asked = to_dsl(since, now=1_768_392_000_000)["range"]["d"]
    assert (asked["gte"], asked["lte"]) == (1_768_262_400_000, 1_768_392_000_000)
