"""What a rule puts into the body of Kibana's search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detections.compile.planner import time_field
from detections.compile.request import at, body_of, request, time_filter
from detections.mapping import Mapping
from detections.plan import TimeField
from detections.rule import Rule, load_rules
from made_rules import QUERY, new_terms, rule_of

REPO = Path(__file__).parents[3]
NOON = 1_768_392_000_000
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


def sent(rule: Rule) -> dict[str, Any]:
    return request(rule, time_field(rule), MAPPING)


def window(start: str, end: str = "now") -> dict[str, Any]:
    bounds = {"format": "strict_date_optional_time", "gte": start, "lte": end}
    return {"range": {"@timestamp": bounds}}


@pytest.mark.parametrize(("max_signals", "size"), [(100, 100), (99, 99), (101, 100), (1000, 100)])
def test_a_query_is_asked_for_a_page_of_its_alerts_oldest_first(max_signals: int, size: int) -> None:
    rule = rule_of(f'max_signals = {max_signals}\nfrom = "now-9m"\n{QUERY}')
    body = body_of(rule, MAPPING)["query"]
    assert sent(rule) == {
        "method": "POST", "path": "/logs-*/_search",
        "body": {
            "size": size, "query": {"bool": {"filter": [body, window("now-9m")]}},
            "sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}],
        },
    }  # fmt: skip


def test_an_override_is_sorted_by_and_filtered_by_first() -> None:
    rule = rule_of(f'timestamp_override = "event.ingested"\n{QUERY}')
    body = sent(rule)["body"]
    assert [list(one) for one in body["sort"]] == [["event.ingested"], ["@timestamp"]]
    assert body["query"]["bool"]["filter"][1] == time_filter(
        TimeField("event.ingested", "@timestamp"), rule.from_, rule.to
    )


def test_new_terms_ask_for_the_tuples_in_the_window() -> None:
    rule = rule_of(new_terms("a: x", '"a", "o.k"', "now-7d"))
    body = sent(rule)["body"]
    assert body["size"] == 0 and "sort" not in body
    assert body["aggs"]["new_terms"]["composite"] == {
        "size": 10_000, "sources": [{"a": {"terms": {"field": "a"}}}, {"o.k": {"terms": {"field": "o.k"}}}],
    }  # fmt: skip


def test_eql_is_asked_for_all_its_alerts_in_the_window() -> None:
    query = 'type = "eql"\nlanguage = "eql"\nquery = "any where true"\ntiebreaker_field = "a"\nmax_signals = 7'
    assert sent(rule_of(query)) == {
        "method": "POST", "path": "/logs-*/_eql/search",
        "body": {
            "size": 7, "query": "any where true", "tiebreaker_field": "a",
            "filter": {"bool": {"filter": [
                window("now-6m"), {"bool": {"must": [], "filter": [], "should": [], "must_not": []}},
            ]}},
        },
    }  # fmt: skip


def test_esql_is_asked_for_one_row_more_than_it_may_alert() -> None:
    body = 'type = "esql"\nlanguage = "esql"\nmax_signals = 20\nquery = "FROM logs METADATA _id\\n\\n"'
    assert sent(rule_of(body, index="")) == {
        "method": "POST", "path": "/_query?drop_null_columns=true",
        "body": {
            "query": "FROM logs METADATA _id\n| limit 21", "filter": {"bool": {"filter": [window("now-6m")]}},
        },
    }  # fmt: skip


def test_a_rule_without_an_index_searches_everything() -> None:
    assert sent(rule_of(QUERY, index=""))["path"] == "/_search"


@pytest.mark.parametrize(
    ("start", "end", "bounds"),
    [(None, None, {}), ("a", None, {"gte": "a"}), (None, "b", {"lte": "b"}), ("a", "b", {"gte": "a", "lte": "b"})],
)
def test_the_filter_of_a_window(start: str | None, end: str | None, bounds: dict[str, str]) -> None:
    expected = {"format": "strict_date_optional_time", **bounds}
    assert time_filter(TimeField(), start, end) == {"range": {"@timestamp": expected}}
    assert time_filter(TimeField("x", "y"), start, end) == {
        "bool": {
            "should": [
                {"range": {"x": expected}},
                {"bool": {"filter": [
                    {"range": {"y": expected}}, {"bool": {"must_not": {"exists": {"field": "x"}}}},
                ]}},
            ],
            "minimum_should_match": 1,
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"gte": "now-1h", "lt": "now"}, {"gte": "2026-01-14T11:00:00.000Z", "lt": "2026-01-14T12:00:00.000Z"}),
        ({"gt": "now/d", "lte": "now/d"}, {"gt": "2026-01-14T23:59:59.999Z", "lte": "2026-01-14T23:59:59.999Z"}),
        ({"gte": "now/d", "format": "epoch_millis"}, {"gte": NOON - 12 * 3_600_000, "format": "epoch_millis"}),
        ({"gte": "2026-01-01", "lt": "now"}, {"gte": "2026-01-01", "lt": "2026-01-14T12:00:00.000Z"}),
    ],
)
def test_date_math_counts_from_the_execution(given: dict[str, object], expected: dict[str, object]) -> None:
    query = {"bool": {"filter": [{"nested": {"path": "a", "query": {"range": {"a.b": given}}}}]}}
    asked = {"bool": {"filter": [{"nested": {"path": "a", "query": {"range": {"a.b": expected}}}}]}}
    assert at(query, NOON) == asked
    assert at(query, None) == query


def test_a_text_that_begins_with_now_is_left_alone_where_no_range_asks_for_it() -> None:
    query = {"bool": {"filter": [{"term": {"a": "now-1h"}}, {"terms": {"range": ["now"]}}]}}
    assert at(query, NOON) == query
