"""Replay as the scheduler runs the rules, by hand and against executions one by one over whole documents."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import Finding
from detections.events import Document, batches
from detections.rule import Rule
from detections.schedule import Execution, Outage, executions, replay, ticks
from detections.values import limits
from made_rules import QUERY, new_terms, rule_of

MINUTE = 60_000
NOON = 1_768_392_000_000
END = NOON + 60 * MINUTE
TERMS = new_terms("event.action: a", '"user.name"', "now-1h")
THRESHOLD = QUERY.replace("query", "threshold", 1) + '\n[rule.threshold]\nfield = ["user.name"]\nvalue = 3\n'


def event(minute: float, user: Any = "u", late: float | None = None, action: str = "a") -> Document:
    made = {"id": f"{minute}", "action": action}
    if late is not None:
        made["ingested"] = NOON + round((minute + late) * MINUTE)
    return {"@timestamp": NOON + round(minute * MINUTE), "event": made, "user": {"name": user}}


def run(
    rule: Rule, events: Sequence[Document], *outages: Outage, start: int | None = NOON, end: int | None = END,
    jobs: int = 1,
) -> tuple[list[Execution], list[Finding]]:  # fmt: skip
    said: list[Finding] = []
    given = {"start": start, "end": end}
    found = executions([rule], batches(events, 4), Embedded(jobs=jobs), outages=outages, report=said.append, **given)  # type: ignore[arg-type]
    return list(found), said


def raised(found: list[Execution]) -> list[tuple[float, tuple[str, ...]]]:
    """When alerts were raised, in minutes after noon, and on what."""
    return [((execution.now - NOON) / MINUTE, alert.event_ids) for execution in found for alert in execution.alerts]


def test_an_event_in_two_windows_alerts_once() -> None:
    found, said = run(rule_of(QUERY), [event(4.5), event(5), event(9)])
    assert raised(found) == [(5, ("4.5",)), (5, ("5",)), (10, ("9",))]
    assert [alert.raised for execution in found for alert in execution.alerts] == [
        NOON + 5 * MINUTE, NOON + 5 * MINUTE, NOON + 10 * MINUTE,
    ]  # fmt: skip
    assert said == []


def test_what_comes_late_is_seen_late_or_never() -> None:
    events = [event(1, late=0), event(4.2, late=1), event(4.6, late=5), event(2, late=9)]
    # 4.2 is there from 5.2 on, and the window that ends at 10 begins at 4; 4.6 comes with it; 2 is in no window by 11.
    assert raised(run(rule_of(QUERY), events)[0]) == [(5, ("1",)), (10, ("4.2",)), (10, ("4.6",))]


def test_a_rule_by_the_time_of_ingestion_misses_nothing() -> None:
    rule = rule_of(f'timestamp_override = "event.ingested"\n{QUERY}')
    events = [event(1, late=0), event(4.2, late=1), event(2, late=9), event(3)]
    assert raised(run(rule, events)[0]) == [(5, ("1",)), (5, ("3",)), (10, ("4.2",)), (15, ("2",))]


def test_max_signals_are_the_oldest_and_the_others_have_another_chance() -> None:
    rule = rule_of(f"max_signals = 2\n{QUERY}")
    found, said = run(rule, [event(4 + at / 10) for at in range(6)])
    # The window of 10 begins at 4, so that it finds the other ones: two of them.
    assert raised(found) == [(5, ("4.0",)), (5, ("4.1",)), (10, ("4.2",)), (10, ("4.3",))]
    assert [execution.left_out for execution in found] == [4, 2]
    assert [(one.code, one.message) for one in said] == [
        ("schedule-max-signals", "r: 2 of its executions raised max_signals alerts, and left out 6")
    ]


def test_eql_gives_the_last_ones() -> None:
    rule = rule_of('max_signals = 2\ntype = "eql"\nlanguage = "eql"\nquery = "any where true"')
    found, _ = run(rule, [event(1 + at / 10) for at in range(4)])
    assert raised(found) == [(5, ("1.2",)), (5, ("1.3",))]


def test_a_threshold_counts_anew_behind_its_alert() -> None:
    rule = rule_of(f'from = "now-30m"\n{THRESHOLD}')
    found, _ = run(rule, [*map(event, (1, 2, 3, 6, 7, 11, 12, 13)), event(12, "v"), event(13, "v")])
    results = [
        ((execution.now - NOON) / MINUTE, alert.event_ids, alert.threshold and alert.threshold.count)
        for execution in found for alert in execution.alerts
    ]  # fmt: skip
    assert results == [(5, ("1", "2", "3"), 3), (15, ("6", "7", "11", "12", "13"), 5)]


def test_the_event_of_two_groups_is_passed_over_with_the_one_that_alerted() -> None:
    rule = rule_of(f'from = "now-30m"\n{THRESHOLD}')
    both = [event(at, ["u", "v"]) for at in (1, 2)]
    found, _ = run(rule, [*both, event(3), event(7, "v")])
    # At 5 `u` has three events. `v` has three at 10, but the first two are among those that `u` alerted on.
    assert [alert.terms for execution in found for alert in execution.alerts] == [("u",)]


def test_max_signals_of_a_threshold_are_the_first_by_their_keys() -> None:
    rule = rule_of(f"max_signals = 1\n{THRESHOLD}")
    found, _ = run(rule, [event(at, user) for user in ("v", "u", "w") for at in (1, 2, 3)])
    assert [alert.terms for execution in found for alert in execution.alerts] == [("u",)]
    numbers = rule_of(f"max_signals = 1\n{THRESHOLD.replace('user.name', 'source.port')}")
    events = [event(at) | {"source": {"port": port}} for port in (9, 10) for at in (1, 2, 3)]
    assert [alert.terms for execution in run(numbers, events)[0] for alert in execution.alerts] == [("9",)]


def test_a_term_is_new_until_its_history_is_over() -> None:
    rule = rule_of(TERMS)
    found, _ = run(rule, [event(1), event(3), event(20), event(90)], end=NOON + 120 * MINUTE)
    # At 90 the history of an hour reaches back to 30.
    assert raised(found) == [(5, ("1",)), (90, ("90",))]


def test_date_math_counts_from_the_execution() -> None:
    rule = rule_of('from = "now-1h"\ntype = "query"\nlanguage = "kuery"\nquery = "@timestamp < now-10m"')
    assert raised(run(rule, [event(1), event(6)])[0]) == [(15, ("1",)), (20, ("6",))]


def test_an_outage_is_caught_up() -> None:
    outage = Outage(NOON + 6 * MINUTE, NOON + 61 * MINUTE)
    found, said = run(rule_of(QUERY), [event(at) for at in (1, 10, 34, 36, 40, 60)], outage, end=NOON + 61 * MINUTE)
    # Five minutes is the last execution; 61 the next: its windows reach back to 35.
    assert raised(found) == [(5, ("1",)), (61, ("36",)), (61, ("40",)), (61, ("60",))]
    assert [one.code for one in said] == ["schedule-gap"]
    assert "no execution searched 1,800 seconds, in a gap before its executions" in said[0].message


def test_without_ends_rules_run_from_the_first_event_to_the_last() -> None:
    found, _ = run(rule_of(QUERY), [event(3), event(11), event(4, late=20)], start=None, end=None)
    assert raised(found) == [(3, ("3",)), (13, ("11",))]
    assert run(rule_of(QUERY), [], start=None, end=None) == ([], [])


def test_executions_of_several_rules_come_in_order() -> None:
    rules = [rule_of(QUERY, "a"), rule_of(f'interval = "3m"\n{QUERY}', "b")]
    events = [event(at) for at in (1, 2, 8)]
    found = list(executions(rules, batches(events), Embedded(), start=NOON, end=END))
    assert [(one.rule.name, (one.now - NOON) // MINUTE) for one in found] == [("b", 3), ("a", 5), ("b", 9), ("a", 10)]


def test_a_rule_that_selects_too_much_is_said_and_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT", limits.Limit("kept", 5, "", "", ""))
    said: list[Finding] = []
    rules = [rule_of(QUERY, "all"), rule_of(QUERY.replace(": a", ": b"), "few")]
    events = [*(event(1 + at / 10) for at in range(9)), event(3, action="b")]
    found = list(executions(rules, batches(events, 2), Embedded(), start=NOON, end=END, report=said.append))
    assert [one.rule.name for one in found] == ["few"]
    assert ["all is not replayed: it selects more than 5 events" in one.message for one in said] == [True]


@pytest.mark.parametrize("body", [f'interval = "0m"\n{QUERY}', f'from = "now-99999999999d"\n{QUERY}'])
def test_a_rule_without_a_schedule_is_said(body: str) -> None:
    rule = rule_of(QUERY)
    object.__setattr__(rule, *(("interval", "0m") if "0m" in body else ("from_", "now-99999999999d")))
    found, said = run(rule, [event(1)])
    assert (found, [one.code for one in said]) == ([], ["not-replayed"])


SEQUENCE = """type = "eql"
language = "eql"
query = '''sequence by user.name with maxspan=4m [any where event.action == "a"] ![any where event.action == "c"]
  [any where event.action == "b"] until [any where event.action == "d"]'''"""
NESTED = 'type = "query"\nlanguage = "kuery"\nquery = "event.action: (a or b) and not user.name: v and user.na*: u"'
RULES = {
    "query": QUERY,
    "now": 'type = "query"\nlanguage = "kuery"\nquery = "event.action: a and @timestamp >= now-3m"',
    "terms": TERMS,
    "threshold": f'{THRESHOLD.replace("3", "2")}[[rule.threshold.cardinality]]\nfield = "event.action"\nvalue = 1',
    "sequence": SEQUENCE,
    "any field": NESTED,
    "override": f'timestamp_override = "event.ingested"\n{QUERY}',
    "rows": """type = "esql"
language = "esql"
query = 'FROM logs-* METADATA _id | WHERE event.action == "a" | LIMIT 3'""",
}  # fmt: skip
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from("abcd"), st.sampled_from(["u", "v", ["u", "v"], None]),
        st.sampled_from([None, 0, 3, 9]),
    ), max_size=25,
)  # fmt: skip


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_each_execution_finds_what_it_would_find_alone(name: str, events: list[Any]) -> None:
    """Over whole documents, those that are there, decoded anew for each window."""
    rule = rule_of(RULES[name], index="" if name == "rows" else 'index = ["logs-*"]\n')
    documents = [
        event(time, user, late, action) | {"event": {**event(time, user, late, action)["event"], "id": str(number)}}
        for number, (time, action, user, late) in enumerate(events)
    ]
    found, _ = run(rule, documents, Outage(NOON + 11 * MINUTE, NOON + 28 * MINUTE))
    expected, _ = alone(rule, documents, Outage(NOON + 11 * MINUTE, NOON + 28 * MINUTE))
    assert [alert for execution in found for alert in execution.alerts] == expected


def alone(rule: Rule, documents: list[Document], outage: Outage) -> tuple[list[Alert], int]:
    plan = make_plan(rule)
    alerts: list[Alert] = []
    known: set[object] = set()
    for tick in ticks(rule, plan, NOON, END, [outage]):
        there = [one for one in documents if one["event"].get("ingested", one["@timestamp"]) <= tick.now]
        places = [number for number, one in enumerate(documents) if one in there]
        for window in tick.windows:
            plan = plan.since(window.start or 0)
            made = []
            for alert in Embedded().run([(plan, window)], batches(there, 1000)):
                # Kibana makes an alert's id of its events, so that two sequences of the same ones are one alert; that
                # of a group is made of its terms and the start of the execution.
                key = (alert.event_ids, alert.new_terms) if alert.threshold is None else (tick.now, alert.terms)
                if key not in known:
                    known.add(key)
                    made.append(_raised(alert, tick.now, places))
            plan = plan.following(made)
            alerts += sorted(made, key=lambda one: one.terms) if "threshold" in rule.type else made
    return alerts, len(known)


def _raised(alert: Alert, now: int, places: list[int]) -> Alert:
    return Alert(
        alert.rule_id, alert.rule_name, alert.timestamp, alert.event_ids, alert.new_terms,
        ((places[alert.position] // 4) << 32) + places[alert.position] % 4, threshold=alert.threshold, raised=now,
    )  # fmt: skip


ABSENT = """type = "esql"
language = "esql"
query = 'FROM logs-* | WHERE event.action == "a" | STATS n = COUNT(*) | WHERE n == 0'"""


def test_a_rule_about_absence_alerts_where_a_window_has_no_event() -> None:
    rule = rule_of(ABSENT, index="")
    found, said = run(rule, [event(2), event(8, action="b"), event(14)], end=NOON + 15 * MINUTE)
    assert raised(found) == [(0, ()), (10, ())]
    assert [alert.row for execution in found for alert in execution.alerts] == [(("n", 0),)] * 2
    without, _ = run(rule, [event(8, action="b")], end=NOON + 5 * MINUTE)
    assert raised(without) == [(0, ()), (5, ())]
    grouped = rule_of(ABSENT.replace("COUNT(*)", "COUNT(*) BY user.name"), index="")
    assert (run(grouped, [event(2)]), said) == (([], []), [])


def test_without_events_and_a_start_no_rule_is_executed() -> None:
    assert run(rule_of(ABSENT, index=""), [], start=None, end=None) == ([], [])


def test_two_processes_find_the_same() -> None:
    chosen = random.Random(1)
    events = [event(number / 40, chosen.choice("uvw")) for number in range(2000)]
    for body in (QUERY.replace("query = ", "max_signals = 7\nquery = "), THRESHOLD, TERMS):
        rule = rule_of(body)
        assert run(rule, events, jobs=2) == run(rule, events)


def test_one_window_and_the_schedule_agree_where_they_must() -> None:
    """No event is late, no limit is reached, windows overlap, and the history reaches back before the first event."""
    chosen = random.Random(2)
    events = [event(chosen.randrange(1, 3500) / 60, chosen.choice("uvwxyz")) for _ in range(60)]
    sequence = rule_of(SEQUENCE.replace("maxspan=4m", "maxspan=1m").replace('![any where event.action == "c"]', "")
                       .replace('== "b"', '== "a"'))  # fmt: skip
    terms = rule_of(TERMS.replace("now-1h", "now-1d"), "t")
    for rule in (rule_of(QUERY), terms):
        one = replay([rule], batches(events), Embedded(), start=NOON, end=END)
        ticked, _ = run(rule, events)
        assert {alert.event_ids for alert in one} == {ids for _, ids in raised(ticked)}
    assert list(replay([sequence], batches(events), Embedded(), start=NOON, end=END))


def test_where_they_must_not_agree() -> None:
    events = [event(1), event(8), event(20)]
    threshold = rule_of(THRESHOLD)
    assert len(list(replay([threshold], batches(events), Embedded(), start=NOON, end=END))) == 1
    assert run(threshold, events)[0] == []  # no execution sees the three together
    late = [event(1, late=30)]
    assert len(list(replay([rule_of(QUERY)], batches(late), Embedded(), start=NOON, end=END))) == 1
    assert run(rule_of(QUERY), late)[0] == []
    terms = rule_of(TERMS.replace("now-1h", "now-10m"))
    again = [event(1), event(30)]
    assert len(list(replay([terms], batches(again), Embedded(), start=NOON, end=END))) == 1
    assert len(raised(run(terms, again)[0])) == 2  # the history of an execution is shorter than the replay
