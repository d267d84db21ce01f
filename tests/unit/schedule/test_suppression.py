"""Alert suppression: by hand, in one execution, over several, and in one window."""

from __future__ import annotations

from typing import Any

import pytest

from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding, Level
from detections.events import Document, batches
from detections.report import json, text
from detections.rule import Rule
from detections.schedule import Execution, executions, replay
from made_rules import QUERY, new_terms, rule_of

MINUTE = 60_000
NOON = 1_768_392_000_000


def rule(kind: str = QUERY, by: str = '"user.name"', more: str = "", **keys: str) -> Rule:
    group = f"group_by = [{by}]\n" if by else ""
    top = "".join(f"{name} = {value}\n" for name, value in keys.items())
    return rule_of(f"{top}{kind}\n[rule.alert_suppression]\n{group}{more}\n")


def lasting(value: int, unit: str = "m") -> str:
    return f'duration = {{ value = {value}, unit = "{unit}" }}'


def event(minute: float, user: Any = "u", **more: Any) -> Document:
    made: Document = {"@timestamp": NOON + round(minute * MINUTE), "event": {"id": f"{minute}", "action": "a"}, **more}
    return made if user is None else {**made, "user": {"name": user}}


def scheduled(rule: Rule, *events: Document, until: int = 60) -> tuple[list[Execution], list[Finding]]:
    said: list[Finding] = []
    end = NOON + until * MINUTE
    found = executions([rule], batches(events, 4), Embedded(), start=NOON, end=end, report=said.append)
    return list(found), said


def once(rule: Rule, *events: Document) -> tuple[list[Alert], list[Finding]]:
    said: list[Finding] = []
    return list(replay([rule], batches(events, 4), Embedded(), report=said.append)), said


def told(alerts: list[Alert]) -> list[tuple[str, int]]:
    return [(alert.event_ids[0], alert.suppression.count if alert.suppression else -1) for alert in alerts]


def raised(found: list[Execution]) -> list[tuple[float, str, int]]:
    return [((one.now - NOON) / MINUTE, *each) for one in found for each in told(list(one.alerts))]


def test_an_execution_raises_the_first_of_each_group() -> None:
    found, said = scheduled(rule(), event(1), event(2, "v"), event(3), event(3.5), event(8))
    assert raised(found) == [(5, "1", 2), (5, "2", 0), (10, "8", 0)]
    first = found[0].alerts[0].suppression
    assert first is not None
    assert first.terms == (("user.name", ("u",)),)
    assert (first.start, first.end) == (NOON + MINUTE, NOON + round(3.5 * MINUTE))
    assert [one.event_ids for one in found[0].suppressed] == [("3",), ("3.5",)]
    assert [(one.code, one.level, one.message) for one in said] == [
        ("suppressed", Level.NOTE, "r: 2 alerts were suppressed")
    ]


EQL = 'type = "eql"\nlanguage = "eql"\nquery = "any where true"'


@pytest.mark.parametrize("kind", [QUERY, EQL])
def test_what_was_counted_is_not_counted_again_where_windows_overlap(kind: str) -> None:
    # The window of 10 begins at 4, that of 5 has seen 4.5 and 4.8.
    found, _ = scheduled(rule(kind), event(4.5), event(4.8), event(9))
    assert raised(found) == [(5, "4.5", 1), (10, "9", 0)]


@pytest.mark.parametrize("kind", [QUERY, EQL])
def test_an_alert_takes_others_in_for_its_duration_from_when_it_was_raised(kind: str) -> None:
    # Raised at 5, so that the executions until 25 count into it, and that of 30 does not.
    found, _ = scheduled(rule(kind, more=lasting(20)), *map(event, (1, 7, 8, 23, 27, 28)))
    assert raised(found) == [(5, "1", 0), (30, "27", 1)]
    assert [(one.now - NOON) / MINUTE for one in found if one.suppressed] == [10, 25, 30]


@pytest.mark.parametrize("kind", [QUERY, EQL])
def test_events_that_lack_the_field_are_a_group_or_each_an_alert(kind: str) -> None:
    events = [event(1, None), event(2, None), event(3), event(3.5)]
    grouped, _ = scheduled(rule(kind), *events)
    assert sorted(raised(grouped)) == [(5, "1", 1), (5, "3", 1)]
    [lacking] = [one.suppression for one in grouped[0].alerts if one.event_ids == ("1",)]
    assert lacking is not None and lacking.terms == (("user.name", ()),)
    apart, _ = scheduled(rule(kind, more='missing_fields_strategy = "doNotSuppress"'), *events)
    assert raised(apart) == [(5, "1", -1), (5, "2", -1), (5, "3", 1)]


def test_several_values_are_several_groups_of_a_query_and_one_of_another_type() -> None:
    events = [event(1, ["v", "u"]), event(2, ["u", "v"]), event(3, "u")]
    found, _ = scheduled(rule(), *events)
    assert raised(found) == [(5, "1", 2), (5, "1", 1)]
    found, _ = scheduled(rule(EQL), *events)
    assert raised(found) == [(5, "1", 1), (5, "3", 0)]


def test_two_fields_are_one_tuple() -> None:
    asked = rule(by='"user.name", "source.ip"')
    ips = [{"source": {"ip": ip}} for ip in ("10.0.0.1", "10.0.0.2")]
    found, _ = scheduled(asked, event(1, **ips[0]), event(2, **ips[1]), event(3, **ips[0]))
    assert raised(found) == [(5, "1", 1), (5, "2", 0)]


def test_max_signals_are_those_that_are_raised() -> None:
    events = [event(at / 10, f"u{at % 3}") for at in range(10, 40)]
    for kind in (QUERY, EQL):
        found, _ = scheduled(rule(kind, max_signals="2"), *events, until=5)
        assert len(found[0].alerts) == 2
        assert found[0].left_out


def test_new_terms_are_suppressed_by_the_fields_of_their_events() -> None:
    kind = new_terms("event.action: a", '"source.ip"', "now-1h")
    ips = [event(1 + at / 10, source={"ip": f"10.0.0.{at}"}) for at in range(4)]
    found, _ = scheduled(rule(kind, more=lasting(1, "h")), *ips, event(7, source={"ip": "10.0.0.9"}))
    assert raised(found) == [(5, "1.0", 3)]
    assert found[0].alerts[0].new_terms == ("10.0.0.0",)
    assert [one.new_terms for one in found[1].suppressed] == [("10.0.0.9",)]


def test_a_threshold_is_suppressed_by_its_own_fields_for_a_duration() -> None:
    kind = QUERY.replace("query", "threshold", 1) + '\n[rule.threshold]\nfield = ["user.name"]\nvalue = 2\n'
    events = [*map(event, (1, 2, 6, 7, 31, 32)), event(8, "v"), event(9, "v")]
    found, _ = scheduled(rule(kind, "", lasting(20)), *events)
    terms = [((one.now - NOON) / MINUTE, alert.terms) for one in found for alert in one.alerts]
    assert terms == [(5, ("u",)), (10, ("v",)), (35, ("u",))]
    assert [alert.terms for one in found for alert in one.suppressed] == [("u",)]
    assert found[0].alerts[0].suppression is not None
    assert found[0].alerts[0].suppression.terms == (("user.name", ("u",)),)


def test_a_sequence_is_suppressed_by_what_its_events_share() -> None:
    kind = 'type = "eql"\nlanguage = "eql"\nquery = "sequence [any where true] [any where true]"'
    found, _ = scheduled(rule(kind), event(1), event(2), event(2.5), event(3, "w"), event(3.5, "v"), event(4, "v"))
    # 2.5 and 3 share nothing; they and no others lack the field.
    counts = [(alert.event_ids, alert.suppression and alert.suppression.terms) for alert in found[0].alerts]
    assert counts[0] == (("1", "2"), (("user.name", ("u",)),))
    assert (("2.5", "3"), (("user.name", ()),)) in counts


def test_in_one_window_a_duration_counts_from_the_event() -> None:
    found, said = once(rule(more=lasting(20)), *map(event, (1, 7, 21, 22, 42)))
    assert told(found) == [("1", 2), ("22", 1)]
    assert [one.message for one in said] == ["r: 3 alerts were suppressed"]


def test_in_one_window_without_a_duration_there_is_one_execution() -> None:
    found, _ = once(rule(), *map(event, (1, 7, 100)), event(8, "v"))
    assert told(found) == [("1", 2), ("8", 0)]


@pytest.mark.parametrize("kind", [QUERY, EQL])
def test_a_building_block_is_one(kind: str) -> None:
    made = rule_of(f'building_block_type = "default"\n{kind}')
    (alert,) = once(made, event(1))[0]
    assert alert.building_block
    assert "building_block_type" in json.alert(alert)
    assert "(building block)" in "".join(str(one) for one in text.alerts([alert]))
    assert not once(rule_of(kind), event(1))[0][0].building_block


def test_a_text_cannot_be_aggregated() -> None:
    _, said = once(rule(by='"powershell.file.script_block_text"'), event(1))
    assert "cannot be aggregated" in said[0].message
    assert told(once(rule(EQL, by='"powershell.file.script_block_text"'), event(1))[0]) == [("1", 0)]
