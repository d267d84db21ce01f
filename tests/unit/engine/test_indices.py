"""A rule sees the events of its indices."""

from __future__ import annotations

from typing import Any

import pytest

import detections
from detections.compile.planner import plan
from detections.engine import Embedded
from detections.engine.indices import index_names
from detections.errors import Finding, Level
from detections.events import Documents, batches
from detections.plan import Window
from detections.rule import Rule
from made_rules import new_terms, rule_of

ANY = 'type = "query"\nlanguage = "kuery"\nquery = "event.id: *"'
EVENTS: list[dict[str, Any]] = [
    {"event.id": "hit", "_index": ".ds-logs-okta.system-default-2026.01.31-000001"},
    {"event.id": "beat", "_index": "filebeat-8.13.0"},
    {"event.id": "trail", "data_stream": {"dataset": "aws.cloudtrail"}},
    {"event.id": "prod", "data_stream": {"type": "logs", "dataset": "okta.system", "namespace": "prod"}},
    {"event.id": "metric", "data_stream.type": "metrics", "data_stream.dataset": "okta.system"},
    {"event.id": "unknown"},
]


def rule(index: str, body: str = ANY, name: str = "r") -> Rule:
    return rule_of(body, name, index=f"index = [{index}]\n")


def seen(index: str, events: list[dict[str, Any]] = EVENTS) -> list[str]:
    return [one for alert in detections.replay([rule(index)], events) for one in alert.event_ids]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ('"logs-okta*"', ["hit", "prod", "unknown"]),
        ('"logs-okta.system-default"', ["hit", "unknown"]),
        ('"filebeat-*", "logs-aws.cloudtrail-*"', ["beat", "trail", "unknown"]),
        ('"logs-*", "-logs-okta*"', ["trail", "unknown"]),
        ('"metrics-*"', ["metric", "unknown"]),
        ('"*"', ["hit", "beat", "trail", "prod", "metric", "unknown"]),
        ('"eu:logs-okta*"', ["hit", "prod", "unknown"]),
    ],
)
def test_a_rule_sees_the_events_of_its_indices(index: str, expected: list[str]) -> None:
    assert sorted(seen(index)) == sorted(expected)


def test_a_data_view_may_be_anything() -> None:
    viewed = rule_of(f'data_view_id = "x"\n{ANY}', index="")
    assert len(list(detections.replay([viewed], EVENTS))) == len(EVENTS)


def test_raw_cloudtrail_is_in_its_integrations_data_stream(tmp_path: Any) -> None:
    path = tmp_path / "trail.json"
    path.write_text(
        '{"Records": [{"eventVersion": "1.08", "eventSource": "ec2.amazonaws.com", "eventName": "X", "eventID": "1",'
        ' "eventTime": "2026-01-01T00:00:00Z", "awsRegion": "x"}]}'
    )
    events = list(detections.read_events(path))
    assert seen('"logs-aws.cloudtrail-*"', events) == ["1"]
    assert seen('"logs-okta*"', events) == []


def test_an_esql_rule_sees_what_its_query_reads() -> None:
    body = 'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-okta* METADATA _id, _index | KEEP event.id, _id"'
    found = list(detections.replay([rule_of(body, index="")], EVENTS))
    assert sorted(one for alert in found for one in alert.event_ids) == ["hit", "prod", "unknown"]


def test_new_terms_and_sequences_see_no_others() -> None:
    terms = rule('"logs-okta*"', new_terms("event.id: *", '"event.id"', "now-1d"))
    assert {alert.new_terms for alert in detections.replay([terms], EVENTS)} == {("hit",), ("prod",), ("unknown",)}
    body = (
        """type = "eql"\nlanguage = "eql"\nquery = 'sequence [any where event.id == "a"] [any where event.id == "b"]'"""
    )
    events = [
        {"@timestamp": 1, "event.id": "a", "_index": "logs-x"},
        {"@timestamp": 2, "event.id": "b", "_index": "logs-y"},
    ]
    assert len(list(detections.replay([rule('"logs-*"', body)], events))) == 1
    assert list(detections.replay([rule('"logs-x"', body)], events)) == []


def test_events_that_do_not_say_where_they_are_are_told_once() -> None:
    told: list[Finding] = []
    many = [{"event.id": str(number)} for number in range(5000)]
    rules = [rule('"logs-a*"', name="a"), rule('"logs-b*"', name="b")]
    assert len(list(detections.replay(rules, many, report=told.append))) == 10_000
    assert [(one.code, one.level, one.count) for one in told] == [("unknown-index", Level.NOTE, 5000)]
    told.clear()
    list(detections.replay([rule_of(f'data_view_id = "x"\n{ANY}', index="")], many, report=told.append))
    assert told == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_rule_may_see_every_event(jobs: int) -> None:
    made = plan(rule('"logs-okta*"'))
    tasks = [(made, Window())]
    assert len(list(Embedded(jobs).run(tasks, batches(EVENTS)))) == 3
    assert len(list(Embedded(jobs, any_index=True).run(tasks, batches(EVENTS)))) == len(EVENTS)


def test_what_is_no_name() -> None:
    said: list[tuple[dict[str, Any], str | None]] = [
        ({"_index": ["a", "b"]}, None),
        ({"_index": ["a"]}, "a"),
        ({"_index": {"a": 1}}, None),
        ({"_index": ""}, None),
        ({"_index": "i", "data_stream.dataset": "x"}, "i"),
        ({"_index": ["a", "b"], "data_stream.dataset": "x"}, "logs-x-default"),
        ({"data_stream.dataset": ["x"]}, "logs-x-default"),
        ({"data_stream.dataset": ["x", "y"]}, None),
        ({"data_stream": {"type": "metrics", "namespace": "p"}}, None),
        ({"data_stream": {"dataset": "x", "type": ["a", "b"], "namespace": "p"}}, "logs-x-p"),
        ({"data_stream": [{"dataset": "x"}, {"namespace": "p"}]}, "logs-x-p"),
        ({}, None),
    ]
    assert index_names(Documents(0, [document for document, _ in said])) == [name for _, name in said]
    for document, name in said:
        assert index_names(Documents(0, [document])) == [name]
