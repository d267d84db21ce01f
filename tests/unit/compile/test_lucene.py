"""What queries in Lucene's syntax find, and what they never find."""

from __future__ import annotations

import pytest

import detections
from detections.compile.lucene import compile_lucene, refusals
from detections.compile.planner import plan as make_plan
from detections.compile.request import body_of, request
from detections.errors import NotEvaluated
from detections.mapping import Mapping, catalog_mapping
from detections.plan import QueryPlan, ThreatMatchPlan
from detections.plan.predicate import leaves
from detections.query import parse
from made_rules import rule_of

EVENTS = [
    {"id": 0, "event": {"action": "login"}, "user": {"name": "ann"}, "source": {"ip": "10.0.0.1", "port": 22}},
    {"id": 1, "event": {"action": "logout"}, "user": {"name": "ann b"}, "source": {"ip": "192.168.0.1", "port": 8080}},
    {"id": 2, "event": {"action": ["login", "fail"]}, "source": {"ip": "::1"}, "message": "A failed login, again"},
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("event.action:login", [0, 2]),
        ("event.action:(login AND fail)", [2]),
        ("event.action:login AND NOT user.name:*", [2]),
        ("-event.action:login", [1]),
        ("user.name:ann", [0]),
        ("user.name:ann b", [0, 1]),
        ('user.name:"ann b"', [1]),
        ("user.name:ann*", [0, 1]),
        ("source.port:>=1024", [1]),
        ("source.port:[20 TO 30]", [0]),
        ('source.ip:"10.0.0.0/8"', [0]),
        ("event.action:/log(in|on)/", [0, 2]),
        ("_exists_:message", [2]),
        ("message:(LOGIN again)", [2]),
        ("nowhere.here:*", []),
        ("ann", [0, 1]),
        ("event.action:login fail", [0, 2]),
        ("+event.action:login event.action:nothing", [0, 2]),
        ("*:*", [0, 1, 2]),
        ("", [0, 1, 2]),
    ],
)
def test_search(query: str, expected: list[int]) -> None:
    assert [event["id"] for event in detections.search(EVENTS, query, "lucene").events] == expected


def test_what_a_type_refuses_matches_nothing_and_is_told() -> None:
    query = parse("source.ip:10.* OR source.port:ssh OR event.action:a*", "lucene")
    mapping = catalog_mapping(())
    assert detections.search(EVENTS, query.text, "lucene").events == []
    assert [(query.part((one.start, one.end)), one.message.split(":")[0]) for one in refusals(query, mapping)] == [
        ("10.*", "matches nothing"), ("ssh", "matches nothing"),
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["user.name:ann~", "ann~2", 'message:"failed again"~3'])
def test_what_is_fuzzy_is_not_evaluated(query: str) -> None:
    with pytest.raises(NotEvaluated, match="not evaluated here") as caught:
        compile_lucene(parse(query, "lucene"), catalog_mapping(()))
    assert caught.value.span is not None


def test_what_decides_nothing_is_no_condition() -> None:
    predicate = compile_lucene(parse("+a:1 b:2", "lucene"), Mapping.of({"a": "keyword", "b": "keyword"}))
    assert len(list(leaves(predicate))) == 1


def test_a_rule_in_lucene() -> None:
    rule = rule_of('type = "query"\nlanguage = "lucene"\nquery = "event.action:(a OR b)"')
    plan = make_plan(rule)
    assert isinstance(plan, QueryPlan)
    sent = {"query_string": {"query": "event.action:(a OR b)", "analyze_wildcard": True, "time_zone": "Zulu"}}
    assert body_of(rule, plan.mapping) == {
        "query": {"bool": {"must": [sent], "filter": [], "should": [], "must_not": []}}
    }
    assert request(rule, plan.time, plan.mapping)["body"]["query"]["bool"]["filter"][0]["bool"]["must"] == [sent]
    assert detections.to_dsl("event.action:(a OR b)", "lucene") == sent
    assert detections.to_dsl(" ", "lucene") == {"match_all": {}}
    found = [alert.event_ids for alert in detections.replay([rule], [{"event": {"id": "1", "action": "b"}}])]
    assert found == [("1",)]


def test_indicators_by_a_query_in_lucene() -> None:
    rule = rule_of(
        'type = "threat_match"\nlanguage = "lucene"\nquery = "event.action:a"\nthreat_index = ["ti-*"]\n'
        'threat_language = "lucene"\nthreat_query = "feed:bad"\n'
        "[[rule.threat_mapping]]\n"
        'entries = [{ field = "source.ip", type = "mapping", value = "threat.indicator.ip" }]\n'
    )
    plan = make_plan(rule)
    assert isinstance(plan, ThreatMatchPlan)
    [leaf] = leaves(plan.indicators)
    assert leaf.field.name == "feed"  # type: ignore[union-attr]


def test_a_filter_may_be_a_query_string() -> None:
    asked = '{ query_string = { query = "user.name:ann*", analyze_wildcard = true } }'
    rule = rule_of(
        f'filters = [{{ meta = {{ negate = true }}, query = {asked} }}]\ntype = "query"\nlanguage = "kuery"\nquery = ""'
    )
    found = [alert.position for alert in detections.replay([rule], EVENTS)]
    assert found == [2]
