"""Replay in one window: which rules run, and what lies in the window and in the history before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding, Level
from detections.events import batches
from detections.rule import Rule
from detections.schedule import replay
from made_rules import QUERY, new_terms, rule_of

DAY = 86_400_000
TERMS = new_terms("event.action: a", '"user.name"', "now-2d")


def event(time: int, user: str = "u") -> dict[str, Any]:
    return {"@timestamp": time, "event": {"id": f"{time}", "action": "a"}, "user": {"name": user}}


def run(rules: Iterable[Rule], events: list[dict[str, Any]], **span: int) -> tuple[list[Alert], list[Finding]]:
    said: list[Finding] = []
    return list(replay(rules, batches(events), Embedded(), report=said.append, **span)), said


def test_every_event_is_in_the_window_without_ends() -> None:
    found, said = run([rule_of(QUERY), rule_of(TERMS, "t")], [event(5 * DAY), event(1 * DAY), event(0, "v")])
    assert [(one.rule_id, one.event_ids, one.new_terms) for one in found] == [
        ("r", ("0",), ()),
        ("t", ("0",), ("v",)),
        ("r", (f"{DAY}",), ()),
        ("t", (f"{DAY}",), ("u",)),
        ("r", (f"{5 * DAY}",), ()),
    ]
    assert said == []


def test_history_reaches_back_from_start() -> None:
    events = [event(10 * DAY), event(9 * DAY, "seen"), event(8 * DAY, "edge"), event(8 * DAY - 1, "old")]
    events += [event(11 * DAY, name) for name in ("u", "seen", "edge", "old", "new")]
    found, _ = run([rule_of(TERMS)], events, start=10 * DAY, end=12 * DAY)
    assert [one.new_terms for one in found] == [("old",), ("new",)]


def test_ends_are_inclusive() -> None:
    found, _ = run([rule_of(QUERY)], [event(time) for time in (1, 2, 3, 4)], start=2, end=3)
    assert [one.timestamp for one in found] == [2, 3]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ('type = "eql"\nlanguage = "eql"\nquery = "any where"', 16, "expected"),
        ('type = "query"\nlanguage = "lucene"\nquery = "a:b~"', 16, "fuzzy words (~) are not evaluated here"),
        ('type = "query"\nlanguage = "kuery"\nquery = "source.ip: a*b"', 16, "ip"),
        ('type = "query"\nlanguage = "kuery"\nquery = "a:("', 16, "Expected"),
        (TERMS.replace("now-2d", "now-99999999999d"), 16, "too large"),
        (TERMS.replace("user.name", "user.name.text"), 16, "cannot be aggregated"),
    ],
)
def test_a_rule_that_cannot_run_is_said_and_the_others_run(body: str, line: int, message: str) -> None:
    found, said = run([rule_of(body, "bad"), rule_of(QUERY)], [event(1)], start=0, end=2)
    assert [one.rule_id for one in found] == ["r"]
    (finding,) = said
    assert (finding.code, finding.level, finding.location.path) == ("not-replayed", Level.WARNING, "bad.toml")
    assert finding.location.line == line
    assert finding.message.startswith("bad is not replayed: ")
    assert message in finding.message


def test_a_sequence_is_one_alert_on_its_events_inside_the_window() -> None:
    body = """type = "eql"
language = "eql"
query = 'sequence by user.name with maxspan=5m [any where event.action == "a"] [any where event.action == "b"]'
"""
    minute = 60_000
    events = [event(minute * at) for at in (1, 2, 30, 32)]
    for made, action in zip(events, "abab", strict=True):
        made["event"]["action"] = action
    found, said = run([rule_of(body)], events, start=2 * minute, end=99 * minute)
    assert not said
    assert [(one.event_ids, one.timestamp) for one in found] == [
        (tuple(made["event"]["id"] for made in events[2:]), 32 * minute)
    ]


def test_date_math_counts_from_the_end() -> None:
    today = rule_of('type = "query"\nlanguage = "kuery"\nquery = "@timestamp >= now/d"')
    events = [event(10 * DAY - 1), event(10 * DAY), event(11 * DAY - 1)]
    found, _ = run([today], events, start=9 * DAY, end=10 * DAY + 5)
    assert [one.timestamp for one in found] == [10 * DAY]
    found, _ = run([today], events, start=9 * DAY, end=11 * DAY)
    assert found == []
