"""Replay in slices: what is asked for which slice, and what happens when a server refuses or goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from detections.engine.alert import Alert
from detections.errors import Finding, NotAllowed, NotEvaluated, ServerError, ServerUnavailable, TooManyResults
from detections.plan import NewTermsPlan, Plan, Window
from detections.rule import Rule
from detections.schedule import Record, Slice, SlicedReplay
from detections.schedule.slices import slices
from made_rules import QUERY, new_terms, rule_of

TERMS = new_terms("event.action: a", '"user.name"', "now-2d")
HOUR = 3_600_000
DAY = 24 * HOUR
END = 3 * DAY - 1
Answer = Callable[[Plan, Window], list[Alert]]


def eql(query: str, name: str = "s") -> Rule:
    return rule_of(f"type = 'eql'\nlanguage = 'eql'\nquery = '{query}'", name)


class Searched:
    def __init__(self, answer: Answer, lacking: str | None = None) -> None:
        self.answer = answer
        self.lacking = lacking
        self.asked: list[tuple[str, Window]] = []

    def why_not(self, plan: Plan) -> str | None:
        return self.lacking if isinstance(plan, NewTermsPlan) else None

    def run(self, plan: Plan, span: Window) -> Iterator[Alert]:
        self.asked.append((plan.rule_id, span))
        yield from self.answer(plan, span)


def one(plan: Plan, span: Window) -> list[Alert]:
    assert span.start is not None
    return [Alert(plan.rule_id, plan.rule_name, span.start + 1, (f"{plan.rule_id}-{span.start}",))]


def none(plan: Plan, span: Window) -> list[Alert]:
    return []


def spans(body: Rule, width: int, end: int = 3 * DAY - 1) -> list[Window]:
    searched = Searched(none)
    sliced = SlicedReplay([body], searched, 0, end, pytest.fail)
    assert list(sliced.run(sliced.pieces(width), Record())) == []
    return [span for _, span in searched.asked]


def test_slices_touch_and_do_not_overlap() -> None:
    assert list(slices(0, 2500, 1000)) == [Slice(0, 999), Slice(1000, 1999), Slice(2000, 2500)]
    assert list(slices(5, 5, 1000)) == [Slice(5, 5)]
    assert list(slices(0, 1000, 1000)) == [Slice(0, 999), Slice(1000, 1000)]


def test_a_query_is_asked_for_each_slice() -> None:
    assert spans(rule_of(QUERY, "q"), DAY) == [Window(day * DAY, (day + 1) * DAY - 1, now=END) for day in range(3)]


def test_new_terms_look_back_from_the_start_of_the_whole() -> None:
    first, *others = spans(rule_of(TERMS, "t"), DAY)
    assert first == Window(0, DAY - 1, -2 * DAY, END)
    assert others == [Window(day * DAY - 1, (day + 1) * DAY - 1, -2 * DAY, END) for day in (1, 2)]


def test_a_sequence_may_begin_before_its_slice() -> None:
    assert spans(eql("sequence with maxspan=36h [any where true] [any where true]"), DAY) == [
        Window(0, DAY - 1, now=END), Window(0, 2 * DAY - 1, now=END), Window(DAY // 2, END, now=END)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        "sequence [any where true] [any where true]",
        "sequence with maxspan=1h [any where true] ![any where true] [any where true]",
        "sequence with maxspan=1h [any where true] [any where true] | head 1",
        "sample by user.name [any where true] [any where true]",
        "any where true | tail 5",
    ],
)
def test_what_cannot_be_cut_is_asked_once(query: str) -> None:
    assert spans(eql(query), DAY) == [Window(0, END, now=END)]


def test_alerts_come_slice_by_slice_in_order() -> None:
    searched = Searched(one)
    sliced = SlicedReplay([rule_of(QUERY, "b"), rule_of(QUERY, "a")], searched, 0, 2 * DAY - 1, pytest.fail)
    alerts = list(sliced.run(sliced.pieces(DAY), Record()))
    assert [alert.event_ids[0] for alert in alerts] == ["a-0", "b-0", f"a-{DAY}", f"b-{DAY}"]


def crowded(most: int) -> Answer:
    """An alert every hour; no answer holds more than ``most`` of them."""

    def answer(plan: Plan, span: Window) -> list[Alert]:
        assert span.start is not None
        assert span.end is not None
        hours = range(-(-span.start // HOUR), span.end // HOUR + 1)
        if len(hours) > most:
            raise TooManyResults("too many", request="POST /_eql/search")
        return [Alert(plan.rule_id, plan.rule_name, hour * HOUR, (f"e{hour}",)) for hour in hours]

    return answer


@pytest.mark.parametrize("query", ["any where true", "sequence with maxspan=3h [any where true] [any where true]"])
def test_a_slice_with_too_many_results_is_halved(query: str) -> None:
    searched = Searched(crowded(6))
    sliced = SlicedReplay([eql(query)], searched, 0, 2 * DAY - 1, pytest.fail)
    assert [alert.timestamp for alert in sliced.run(sliced.pieces(DAY), Record())] == [n * HOUR for n in range(48)]
    assert sliced.failed == 0


@pytest.mark.parametrize("query", ["any where true", "any where true | tail 5"])
def test_a_rule_fails_where_no_less_can_be_asked_for(query: str) -> None:
    """A single millisecond, or what cannot be cut."""
    searched, told = Searched(crowded(0)), list[Finding]()
    sliced = SlicedReplay([eql(query)], searched, 0, DAY - 1, told.append)
    assert list(sliced.run(sliced.pieces(DAY), Record())) == []
    assert sliced.failed == len(told) == 1
    assert "too many" in told[0].message
    assert len(searched.asked) < 60


@pytest.mark.parametrize(
    "error", [ServerError("no such field", request="POST /_search", status=400), NotEvaluated("x")]
)
def test_a_rule_that_is_refused_is_told_once_and_left_out(tmp_path: Path, error: Exception) -> None:
    def answer(plan: Plan, span: Window) -> list[Alert]:
        if plan.rule_id == "bad" and span.start == DAY:
            raise error
        return one(plan, span)

    def run() -> tuple[list[str], list[Finding], Searched, int]:
        said: list[Finding] = []
        searched = Searched(answer)
        sliced = SlicedReplay([rule_of(QUERY, "bad"), rule_of(QUERY, "good")], searched, 0, 3 * DAY - 1, said.append)
        record = Record(tmp_path / "record")
        record.begin({"index": "x"})
        alerts = list(sliced.run(sliced.pieces(DAY), record))
        return [alert.event_ids[0] for alert in alerts], said, searched, sliced.failed

    alerts, said, _, failed = run()
    assert (alerts, failed) == (["bad-0", "good-0", f"good-{DAY}", f"good-{2 * DAY}"], 1)
    (finding,) = said
    assert (finding.code, finding.location.path) == ("not-replayed", "bad.toml")
    assert str(error) in finding.message
    # What is finished is known to be without it.
    alerts, said, searched, failed = run()
    assert (alerts, list(map(str, said)), searched.asked, failed) == ([], [str(finding)], [], 1)


@pytest.mark.parametrize("error", [ServerUnavailable("gone"), NotAllowed("who?", status=401)])
def test_when_the_server_goes_away_what_is_finished_stays(tmp_path: Path, error: Exception) -> None:
    gone = [True]

    def answer(plan: Plan, span: Window) -> list[Alert]:
        if gone[0] and plan.rule_id == "b" and span.start == DAY:
            raise error
        return one(plan, span)

    def run() -> Iterator[Alert]:
        record = Record(tmp_path / "record")
        record.begin({"index": "x"})
        rules = [rule_of(QUERY, "a"), rule_of(QUERY, "b")]
        sliced = SlicedReplay(rules, Searched(answer), 0, 3 * DAY - 1, pytest.fail)
        return sliced.run(sliced.pieces(DAY), record)

    taken: list[str] = []
    for _ in range(2):
        with pytest.raises(type(error)):
            taken.extend(alert.event_ids[0] for alert in run())
    assert taken == ["a-0", "b-0"]
    gone[0] = False
    assert [alert.event_ids[0] for alert in run()] == [f"{name}-{day * DAY}" for day in (1, 2) for name in "ab"]


def test_what_the_server_lacks_is_told_before_anything_runs() -> None:
    said: list[Finding] = []
    sliced = SlicedReplay(
        [rule_of(TERMS, "t"), rule_of(QUERY, "q")], Searched(one, "it is too old"), 0, DAY, said.append
    )
    assert [finding.message for finding in said] == ["t is not replayed: it is too old"]
    assert sliced.failed == 0
    assert {alert.rule_id for alert in sliced.run(sliced.pieces(DAY), Record())} == {"q"}


def test_without_rules_there_is_nothing_to_do() -> None:
    assert SlicedReplay([], Searched(none), 0, 10**15, pytest.fail).pieces(1) == []
