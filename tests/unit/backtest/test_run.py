"""What a backtest counts, over events made for it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from detections.backtest import Backtest, Sources, run
from detections.backtest.model import Difference, Example
from detections.backtest.run import Run
from detections.compile.exceptions import ExceptionLists
from detections.engine import Embedded
from detections.engine.runners import why_not
from detections.events import Document, batches, read
from detections.rule import Rule
from detections.schedule import replay
from detections.values.limits import Limit
from made_rules import QUERY, new_terms, rule_of

DAY = 86_400_000
START = 1_767_225_600_000
"""2026-01-01"""
EQL = "type = 'eql'\nlanguage = 'eql'\nquery = '{}'"
ESQL = "type = 'esql'\nlanguage = 'esql'\nquery = '{}'"
_number = iter(range(10**9))


def event(day: float, action: str = "a", **more: Any) -> Document:
    time = START + round(day * DAY)
    return {"@timestamp": time, "event": {"action": action, "id": f"e{next(_number)}"}, **more}


def backtest(rules: Iterable[Rule], events: list[Document], size: int = 2, **options: Any) -> Backtest:
    run = Run(rules, why_not, **options)
    for alert in Embedded().found(run.tasks, batches(events, size)):
        run.take(alert)
    return run.result("title", Sources((), events=len(events)))


def day(number: int) -> datetime.date:
    return datetime.date(2026, 1, 1 + number)


def test_alerts_are_counted_by_day_whatever_their_order() -> None:
    events = [event(3), event(0), event(1, "b"), event(0.99), event(5)]
    (noise,) = backtest([rule_of(QUERY)], events).rules
    assert (noise.rule_id, noise.name, noise.selected, noise.alerts) == ("r", "r", 4, 4)
    assert noise.days == {day(0): 2, day(3): 1, day(5): 1}
    assert (noise.first, noise.last) == (START, START + 5 * DAY)
    assert noise.worst == (day(0), 2)
    assert noise.not_evaluated == ""
    assert noise.difference is None


def test_values_are_counted_by_field_most_first() -> None:
    people = ["bob", "alice", "bob", "carol", "bob"]
    events = [event(0, user={"name": name}, source={"ip": "10.0.0.1", "address": "10.0.0.1"}) for name in people]
    (noise,) = backtest([rule_of(QUERY)], events).rules
    assert noise.distinct == {"user.name": 3, "source.ip": 1}
    busiest = {one.field: [(value.text, value.count) for value in one.values] for one in noise.busiest}
    assert busiest == {
        "user.name": [("bob", 3), ("alice", 1), ("carol", 1)],
        "source.ip": [("10.0.0.1", 5)],
        "event.action": [("a", 5)],
    }, "of fields that say the same only the first is named"
    assert not any(one.approximate for one in noise.busiest)


def test_the_fields_that_the_rule_names_come_first() -> None:
    rule = rule_of(f'{QUERY}\n[rule.alert_suppression]\ngroup_by = ["cloud.region"]')
    (noise,) = backtest([rule], [event(0, user={"name": "a"}, cloud={"region": "r"})]).rules
    assert [one.field for one in noise.busiest][:2] == ["cloud.region", "user.name"]


@pytest.mark.parametrize(
    ("body", "selected", "alerts"),
    [
        (QUERY, 4, 4),
        (new_terms("event.action: a", '"user.name"', "now-7d"), 4, 2),
        (EQL.format('any where event.action == "a"'), 4, 4),
        (EQL.format('sequence by user.name [any where event.action == "a"] [any where event.action == "b"]'), 5, 1),
        (EQL.format('any where event.action == "a" | head 1'), 4, 1),
        (ESQL.format('FROM logs-* METADATA _id | WHERE event.action == "a" | LIMIT 3'), 4, 3),
    ],
)
def test_events_that_the_query_selects_are_told_from_alerts(body: str, selected: int, alerts: int) -> None:
    events = [event(number, user={"name": name}) for number, name in enumerate(("x", "y", "x", "x"))]
    events.append(event(9, "b", user={"name": "x"}))
    (noise,) = backtest([rule_of(body)], events).rules
    assert (noise.not_evaluated, noise.selected, noise.alerts) == ("", selected, alerts)
    assert sum(noise.days.values()) == alerts


REFERENCE = """
[[rule.exceptions_list]]
id = "x"
list_id = "x"
type = "detection"
namespace_type = "single"
"""
ITEM = {
    "item_id": "i", "name": "i", "type": "simple",
    "entries": [{"field": "source.ip", "type": "match", "operator": "included", "value": "10.0.0.9"}],
}  # fmt: skip
LISTS = ExceptionLists({("single", "x"): [ITEM]})
THRESHOLD = QUERY.replace("query", "threshold", 1) + '\n[rule.threshold]\nfield = ["user.name"]\nvalue = 2'
BODIES = {
    QUERY: (6, 4, 2),
    new_terms("event.action: a", '"user.name"', "now-7d"): (6, 2, 1),
    THRESHOLD: (6, 1, 1),
    EQL.format('any where event.action == "a"'): (6, 4, 2),
    EQL.format('sequence by user.name [any where event.action == "a"] [any where event.action == "a"]'): (6, 2, 1),
    ESQL.format('FROM logs-* METADATA _id | WHERE event.action == "a"'): (6, 4, 2),
}


def visits() -> list[Document]:
    people = (("x", 1), ("y", 9), ("x", 1), ("y", 9), ("z", 1), ("x", 1))
    return [
        event(number, user={"name": name}, source={"ip": f"10.0.0.{ip}"}) for number, (name, ip) in enumerate(people)
    ]


@pytest.mark.parametrize("body", BODIES)
def test_exceptions_are_taken_off_and_counted(body: str) -> None:
    rule = rule_of(body + REFERENCE)
    (noise,) = backtest([rule], visits(), exceptions=LISTS).rules
    assert (noise.selected, noise.alerts, noise.excepted) == BODIES[body]
    assert (noise.left_out, sum(noise.days.values())) == ("", noise.alerts)
    replayed = replay([rule], batches(visits()), Embedded(), exceptions=LISTS)
    assert len(list(replayed)) == noise.alerts


def test_a_list_that_no_file_holds_is_left_out() -> None:
    (noise,) = backtest([rule_of(QUERY + REFERENCE)], visits()).rules
    assert (noise.alerts, noise.excepted, noise.left_out) == (6, 0, "counted before exceptions")


@pytest.mark.parametrize("lasting", ["", '\nduration = { value = 2, unit = "h" }'])
def test_alerts_are_suppressed_as_in_a_replay(lasting: str) -> None:
    body = f'{QUERY}\n[rule.alert_suppression]\ngroup_by = ["user.name"]{lasting}'
    rule = rule_of(body + REFERENCE)
    (noise,) = backtest([rule], visits(), exceptions=LISTS).rules
    replayed = list(replay([rule], batches(visits()), Embedded(), exceptions=LISTS))
    assert (noise.selected, noise.alerts, noise.suppressed, noise.excepted) == (6, len(replayed), 4 - len(replayed), 2)
    assert noise.alerts == (4 if lasting else 2)
    assert noise.left_out == ""


def test_too_many_to_be_suppressed_are_counted_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SUPPRESSIBLE", Limit("suppressible", 3, "", "", ""))
    rule = rule_of(f'{QUERY}\n[rule.alert_suppression]\ngroup_by = ["user.name"]')
    (noise,) = backtest([rule], visits()).rules
    assert (noise.alerts, noise.suppressed) == (6, 0)
    assert noise.left_out == "counted before alert suppression (the limit suppressible is 3)"


def test_exceptions_and_suppression_count_when_versions_are_compared() -> None:
    suppressed = f'{QUERY}\n[rule.alert_suppression]\ngroup_by = ["user.name"]{REFERENCE}'
    (noise,) = backtest([rule_of(suppressed)], visits(), base=[rule_of(QUERY)], exceptions=LISTS).rules
    assert noise.difference is not None
    assert (noise.alerts, noise.difference.alerts, noise.difference.gained, noise.difference.lost) == (2, 6, 0, 4)


def test_the_window_counts_for_both() -> None:
    rule = rule_of(new_terms("event.action: a", '"user.name"', "now-100y"))
    events = [event(number, user={"name": "x" if number % 2 else "y"}) for number in range(6)]
    (noise,) = backtest([rule], events, start=START + DAY, end=START + 3 * DAY).rules
    assert (noise.selected, noise.alerts) == (3, 0), "both terms were seen at the start or before"


def test_an_event_without_a_time_is_counted_on_no_day() -> None:
    undated = {"event": {"action": "a"}}
    (noise,) = backtest([rule_of(QUERY)], [undated, {**undated, "@timestamp": "1970-01-01"}]).rules
    assert noise.alerts == 2
    assert noise.days == {datetime.date(1970, 1, 1): 1}
    assert (noise.first, noise.last) == (0, 0)


def test_a_time_that_no_calendar_has_is_counted_on_no_day() -> None:
    (noise,) = backtest([rule_of(QUERY)], [{"event": {"action": "a"}, "@timestamp": 10**15}]).rules
    assert (noise.alerts, noise.days, noise.first) == (1, {}, None)


def test_a_rule_that_nothing_evaluates_is_in_the_report_with_the_reason() -> None:
    rules = [
        rule_of('type = "query"\nlanguage = "lucene"\nquery = "a: b~"'),
        rule_of('type = "query"\nlanguage = "kuery"\nquery = "a: ("'),
        rule_of(QUERY, "fine"),
    ]
    lucene, broken, fine = backtest(rules, [event(0)]).rules
    assert "fuzzy words" in lucene.not_evaluated
    assert broken.not_evaluated.startswith("the query cannot be used: Expected")
    assert (lucene.alerts, broken.alerts, fine.alerts) == (0, 0, 1)


def test_two_rules_of_one_id_are_counted_apart() -> None:
    rules = [rule_of(QUERY, "one", rule_id="same"), rule_of(QUERY.replace(": a", ": b"), "two", rule_id="same")]
    one, two = backtest(rules, [event(0), event(0), event(0, "b")]).rules
    assert (one.alerts, two.alerts) == (2, 1)


def test_only_rules_that_differ_from_the_base_are_run() -> None:
    same, changed = rule_of(QUERY, "same"), rule_of(QUERY.replace(": a", ": (a or b)"), "changed")
    gone, new = rule_of(QUERY.replace(": a", ": c"), "gone"), rule_of(QUERY, "new")
    base = [rule_of(QUERY, "same"), rule_of(QUERY.replace(": a", ": (a or c)"), "changed"), gone]
    events = [event(0, "a"), event(1, "b"), event(2, "c"), event(3, "c")]
    found = {noise.name: noise for noise in backtest([same, changed, new], events, base=base).rules}
    assert list(found) == ["changed", "new", "gone"]
    difference = found["changed"].difference
    assert difference is not None
    assert (found["changed"].alerts, difference.alerts, difference.gained, difference.lost) == (2, 3, 1, 2)
    assert difference.gained_examples == (Example(START + DAY, (events[1]["event"]["id"],)),)
    assert [one.timestamp for one in difference.lost_examples] == [START + 2 * DAY, START + 3 * DAY]
    assert found["new"].difference is not None
    assert (found["new"].difference.new, found["new"].difference.gained, found["new"].alerts) == (True, 1, 1)
    assert found["gone"].difference is not None
    assert (found["gone"].difference.gone, found["gone"].difference.lost, found["gone"].alerts) == (True, 2, 0)


def test_new_terms_are_compared_by_their_terms() -> None:
    now = rule_of(new_terms("event.action: a", '"user.name"', "now-7d"))
    before = rule_of(new_terms("event.action: a", '"host.name"', "now-7d"))
    events = [event(0, user={"name": "x"}, host={"name": "h"}), event(1, user={"name": "x"}, host={"name": "i"})]
    (noise,) = backtest([now], events, base=[before]).rules
    assert noise.difference is not None
    assert [one.new_terms for one in noise.difference.gained_examples] == [("x",)]
    assert sorted(one.new_terms for one in noise.difference.lost_examples) == [("h",), ("i",)]


def test_nothing_is_gained_or_lost_where_one_version_is_not_evaluated() -> None:
    broken, fine = QUERY.replace(": a", ": ("), QUERY
    (noise,) = backtest([rule_of(fine)], [event(0)], base=[rule_of(broken)]).rules
    assert noise.alerts == 1
    assert noise.difference is not None
    assert noise.difference.unknown.startswith("the query cannot be used")
    assert (noise.difference.gained, noise.difference.lost) == (0, 0)
    (noise,) = backtest([rule_of(broken)], [event(0)], base=[rule_of(fine)]).rules
    assert noise.not_evaluated.startswith("the query cannot be used")
    assert noise.difference == Difference(alerts=1)


def test_what_differs_is_counted_though_only_examples_are_kept() -> None:
    now, before = rule_of(QUERY.replace(": a", ": *")), rule_of(QUERY)
    events = [event(number / 1000, "b" if number % 3 else "a") for number in range(3000)]
    (noise,) = backtest([now], events, size=7, base=[before]).rules
    assert noise.difference is not None
    assert (noise.difference.gained, noise.difference.lost, noise.difference.alerts) == (2000, 0, 1000)
    assert len(noise.difference.gained_examples) == 5


def test_several_processes_count_the_same(tmp_path: Path) -> None:
    for number in range(9):
        lines = [json.dumps(event(number + part / 50, user={"name": f"u{part % 7}"})) for part in range(50)]
        (tmp_path / f"{number}.json").write_text("\n".join(lines))
    rules = [
        rule_of(QUERY, "query"),
        rule_of(new_terms("event.action: a", '"user.name"', "now-7d"), "terms"),
        rule_of(EQL.format("sequence by user.name [any where true] [any where true]"), "sequence"),
    ]
    found = []
    for jobs in (1, 2):
        run = Run(rules, why_not)
        for alert in Embedded(jobs=jobs).found(run.tasks, read([tmp_path], print, size=2000)):
            run.take(alert)
        found.append(run.result("t", Sources(())))
    assert found[0] == found[1]
    assert [noise.alerts for noise in found[0].rules] == [450, 7, 443]
