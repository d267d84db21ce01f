"""What a rule puts into the body of Kibana's search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detections.compile.request import body_of
from detections.mapping import Mapping
from detections.rule import Rule, load_rules

REPO = Path(__file__).parents[3]
MAPPING = Mapping.of({"a": "keyword", "o": "nested", "o.k": "keyword", "dataset": "constant_keyword", "at": "date"})
RULE: Rule = next(one for one in load_rules(REPO / "rules") if one.type == "query")


def body(query: str, *filters: dict[str, Any]) -> dict[str, Any]:
    return body_of(replace(RULE, query=query, filters=filters), MAPPING)["query"]["bool"]


def phrase(value: str, **meta: Any) -> dict[str, Any]:
    return {"meta": meta, "query": {"match_phrase": {"a": value}}}


def test_query_filters_and_negated_filters_have_their_places() -> None:
    assert body("a: 1", phrase("x"), phrase("y", negate=True), phrase("z", disabled=True)) == {
        "must": [],
        "filter": [
            {"bool": {"should": [{"term": {"a": {"value": "1"}}}], "minimum_should_match": 1}},
            {"match_phrase": {"a": "x"}},
        ],
        "should": [],
        "must_not": [{"match_phrase": {"a": "y"}}],
    }


def test_an_empty_query_asks_nothing() -> None:
    assert body("")["filter"] == []


def test_dates_are_utc() -> None:
    (asked,) = body("at > 2024-01-01")["filter"]
    assert asked["bool"]["should"] == [{"range": {"at": {"gt": "2024-01-01", "time_zone": "Zulu"}}}]


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("AND", {"filter": [{"match_phrase": {"a": "x"}}, {"bool": {"must_not": [{"match_phrase": {"a": "y"}}]}}]}),
        (
            "OR",
            {
                "should": [{"match_phrase": {"a": "x"}}, {"bool": {"must_not": [{"match_phrase": {"a": "y"}}]}}],
                "minimum_should_match": 1,
            },
        ),
    ],
)
def test_combined_filters(relation: str, expected: dict[str, Any]) -> None:
    params = [phrase("x"), phrase("y", negate=True), phrase("z", disabled=True)]
    given = {"meta": {"type": "combined", "relation": relation, "params": params}}
    assert body("", given)["filter"] == [{"bool": expected}]


def test_a_filter_on_a_nested_field_is_wrapped() -> None:
    given = {"meta": {}, "query": {"match_phrase": {"o.k": "x"}}}
    assert body("", given)["filter"] == [
        {"nested": {"path": "o", "query": {"match_phrase": {"o.k": "x"}}, "score_mode": "none"}}
    ]


def test_filters_of_old_kibanas_have_the_query_beside_meta() -> None:
    assert body("", {"meta": {}, "exists": {"field": "a"}})["filter"] == [{"exists": {"field": "a"}}]


def test_esql_is_sent_as_it_stands() -> None:
    rule = next(one for one in load_rules(REPO / "rules") if one.type == "esql")
    assert body_of(rule, MAPPING) == {"query": rule.query}
