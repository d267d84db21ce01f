"""The filters of rules: which documents they let through, and which filters are not understood."""

from __future__ import annotations

from typing import Any

import pytest

from detections.compile.filters import compile_filters
from detections.engine import select
from detections.errors import NotEvaluated, QueryTypeError
from detections.events import batches
from detections.mapping import Mapping

FIELDS = {
    "id": "keyword",
    "path": "keyword",
    "message": "text",
    "port": "long",
    "at": "date",
    "ip": "ip",
    "params": "flattened",
    "user.name": "keyword",
    "items": "nested",
    "items.name": "keyword",
}
DOCUMENTS: list[dict[str, Any]] = [
    {"id": "1", "path": r"C:\Windows\x.dll", "message": "one Two three", "port": 1, "user": {"name": "a"}},
    {"id": "2", "path": r"c:\windows\Y.DLL", "message": "three two", "port": [2, 20], "at": "2024-01-05T10:00:00Z"},
    {"id": "3", "ip": "10.0.0.9", "params": {"k": "v"}, "items": [{"name": "x"}, {"name": "y"}]},
]


def through(*filters: dict[str, Any]) -> list[str]:
    (batch,) = batches(DOCUMENTS)
    return [DOCUMENTS[row]["id"] for row in select(compile_filters(filters, Mapping.of(FIELDS)), batch)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"match_all": {}}, ["1", "2", "3"]),
        ({"match_none": {}}, []),
        ({"term": {"path": r"C:\Windows\x.dll"}}, ["1"]),
        ({"term": {"user.name": {"value": "A", "case_insensitive": True}}}, ["1"]),
        ({"term": {"message": "two"}}, ["1", "2"]),
        ({"term": {"message": "Two"}}, []),
        ({"terms": {"port": [1, "20"], "boost": 1.0}}, ["1", "2"]),
        ({"terms": {"port": []}}, []),
        ({"match": {"message": "nothing TWO"}}, ["1", "2"]),
        ({"match": {"message": {"query": "two three", "type": "phrase"}}}, ["1"]),
        ({"match_phrase": {"message": "two three"}}, ["1"]),
        ({"match_phrase": {"port": {"query": 20}}}, ["2"]),
        ({"wildcard": {"path": {"value": r"?:\\WINDOWS\\*.dll", "case_insensitive": True}}}, ["1", "2"]),
        ({"wildcard": {"path": {"wildcard": r"c*\?.DLL"}}}, []),
        ({"wildcard": {"path": r"c*?.DLL"}}, ["2"]),
        ({"prefix": {"path": "c:"}}, ["2"]),
        ({"prefix": {"params.k": ""}}, ["3"]),
        ({"regexp": {"path": r"[cC].*\.(dll|DLL)"}}, ["1", "2"]),
        ({"range": {"port": {"gt": 1, "lte": "2"}}}, ["2"]),
        ({"range": {"at": {"gte": "2024-01-05", "lt": "2024-01-06", "format": "strict_date_optional_time"}}}, ["2"]),
        ({"range": {"ip": {"gte": "10.0.0.0", "lte": "10.0.0.255"}}}, ["3"]),
        ({"exists": {"field": "user"}}, ["1"]),
        ({"exists": {"field": "nothing"}}, []),
        ({"nested": {"path": "items", "query": {"term": {"items.name": "y"}}, "score_mode": "none"}}, ["3"]),
        ({"nested": {"path": "no", "query": {"match_all": {}}, "ignore_unmapped": True}}, []),
        ({"match_phrase": {"items.name": "x"}}, ["3"]),
        ({"bool": {}}, ["1", "2", "3"]),
        ({"bool": {"should": [{"term": {"port": 1}}, {"term": {"port": 2}}]}}, ["1", "2"]),
        ({"bool": {"filter": {"term": {"port": 1}}, "should": [{"term": {"port": 2}}]}}, ["1"]),
        ({"bool": {"must": [{"exists": {"field": "port"}}], "must_not": {"term": {"port": 1}}}}, ["2"]),
        (
            {"bool": {"must": [{"match_all": {}}], "should": [{"term": {"port": 2}}], "minimum_should_match": 1}},
            ["2"],
        ),
        ({"bool": {"should": [{"term": {"port": 2}}], "minimum_should_match": "1"}}, ["2"]),
        ({"constant_score": {"filter": {"term": {"port": 1}}, "boost": 2.0}}, ["1"]),
        ({"dis_max": {"queries": [{"term": {"port": 1}}, {"term": {"port": 2}}], "tie_breaker": 0.7}}, ["1", "2"]),
    ],
)
def test_queries(query: dict[str, Any], ids: list[str]) -> None:
    assert through({"meta": {"negate": False}, "query": query}) == ids
    assert through({"meta": {"negate": True}, "query": query}) == [one for one in "123" if one not in ids]


def test_all_filters_must_hold_but_those_that_are_off() -> None:
    one, two = {"query": {"exists": {"field": "port"}}}, {"query": {"term": {"port": 1}}}
    assert through() == ["1", "2", "3"]
    assert through(one, two) == ["1"]
    assert through(one, {**two, "meta": {"disabled": True}}) == ["1", "2"]


def test_old_filters_have_the_query_beside_meta() -> None:
    assert through({"meta": {"negate": True}, "$state": {"store": "appState"}, "exists": {"field": "port"}}) == ["3"]


def test_combined_filters() -> None:
    one = {"meta": {}, "query": {"term": {"port": 1}}}
    two = {"meta": {"negate": True}, "query": {"exists": {"field": "port"}}}
    off = {"meta": {"disabled": True}, "query": {"match_all": {}}}

    def combined(relation: str, **meta: Any) -> dict[str, Any]:
        return {"meta": {"type": "combined", "relation": relation, "params": [one, two, off], **meta}, "query": {}}

    assert through(combined("OR")) == ["1", "3"]
    assert through(combined("OR", negate=True)) == ["2"]
    assert through(combined("AND")) == []


@pytest.mark.parametrize(
    "query",
    [
        {"script": {"script": "true"}},
        {"query_string": {"query": "a"}},
        {"term": {"port": {"value": 1, "odd": True}}},
        {"bool": {"should": [{"match_all": {}}], "minimum_should_match": "50%"}},
        {"range": {"at": {"gte": "2024", "time_zone": "Europe/Paris"}}},
        {"range": {"at": {"gte": "05/01/2024", "format": "dd/MM/yyyy"}}},
        {"terms": {"port": {"index": "i", "id": "1", "path": "p"}}},
    ],
)
def test_what_is_not_evaluated(query: dict[str, Any]) -> None:
    with pytest.raises(NotEvaluated):
        through({"query": query})


@pytest.mark.parametrize("kind", ["geo_bounding_box", "geo_distance", "geo_polygon", "geo_shape"])
def test_a_filter_by_place_is_refused_by_its_name(kind: str) -> None:
    with pytest.raises(NotEvaluated, match=f"the query '{kind}' in a filter is not evaluated here"):
        through({"query": {kind: {"source.geo.location": {"lat": 1, "lon": 1}}}})


@pytest.mark.parametrize(
    "given",
    [
        {"query": {"term": {"port": "http"}}},
        {"query": {"wildcard": {"port": "1*"}}},
        {"query": {"term": {"port": None}}},
        {"query": {"term": {"a": 1, "b": 2}}},
        {"query": {"term": [1]}},
        {"query": {"match_all": {}, "term": {}}},
        {"query": {"bool": {"must": "all"}}},
        {"query": {"nested": {"path": "user", "query": {"match_all": {}}}}},
        {"query": {"wildcard": {"params.k": "*v"}}},
        {"query": {"range": {"params.k": {"gt": "a"}}}},
        {"meta": {"type": "combined", "relation": "OR", "params": "all"}},
        {"meta": {}},
    ],
)
def test_what_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(QueryTypeError, match="filter: "):
        through(given)


def test_a_flattened_sub_key_takes_a_range_with_both_bounds() -> None:
    assert through({"query": {"range": {"params.k": {"gte": "u", "lt": "w"}}}}) == ["3"]
