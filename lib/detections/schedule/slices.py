"""Replay over more time than one machine holds: slice by slice, so that it can be interrupted and go on.

The slices of a window together give what :func:`.window.replay` gives for all of it: new terms look back from the
window's start in every slice; a sequence with a ``maxspan`` may begin in an earlier slice and belongs to the one it
ends in. What cannot be cut (sequences without a ``maxspan`` or with missing events, samples, heads, tails and limits)
runs last, over the whole window; so do rules whose alerts are suppressed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS
from detections.compile.planner import plan as make_plan
from detections.engine.alert import Alert
from detections.errors import (
    Finding,
    NotAllowed,
    NotEvaluated,
    QueryError,
    ServerError,
    ServerUnavailable,
    TooManyResults,
)
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.schedule.record import Record
from detections.schedule.suppression import in_one_window
from detections.schedule.window import refusal, window_of


class Searched(Protocol):
    """Where the events are already."""

    def why_not(self, plan: Plan) -> str | None: ...

    def run(self, plan: Plan, window: Window) -> Iterator[Alert]: ...


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the time, both ends included, in milliseconds; ``whole``: all of it, for what cannot be cut."""

    start: int
    end: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    rule: Rule
    plan: Plan
    window: Window

    @property
    def whole(self) -> bool:
        """Whether only the whole time gives its alerts."""
        return self.plan.lookback is None or self.plan.suppression is not None


def slices(start: int, end: int, width: int) -> Iterator[Slice]:
    """The window in pieces of ``width`` milliseconds, none overlapping another, the last one maybe shorter."""
    for begin in range(start, end + 1, width):
        yield Slice(begin, min(begin + width - 1, end))


class SlicedReplay:
    """Rules over a window of a cluster. ``report`` is told which of them do not run and why; of each once.
    ``exceptions`` are what the rules refer to.

    Raises:
        ServerUnavailable: the cluster does not answer.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        searched: Searched,
        start: int,
        end: int,
        report: Callable[[Finding], None],
        exceptions: ExceptionLists = NO_LISTS,
    ) -> None:
        self._searched = searched
        self._start, self._end = start, end
        self._report = report
        self._exceptions = exceptions
        self._tasks = list(self._planned(rules))
        self.failed = 0

    def _planned(self, rules: Iterable[Rule]) -> Iterator[Planned]:
        for rule in rules:
            try:
                plan = make_plan(rule, exceptions=self._exceptions)
                if why := self._searched.why_not(plan):
                    raise NotEvaluated(why)
                yield Planned(rule, plan, window_of(plan, self._start, self._end))
            except (NotEvaluated, QueryError) as error:
                self._report(refusal(rule, error))

    def pieces(self, width: int) -> list[Slice]:
        """What there is to do, in order."""
        whole = [task.whole for task in self._tasks]
        cut = () if all(whole) else slices(self._start, self._end, width)
        return [*cut, *([Slice(self._start, self._end, whole=True)] if any(whole) else [])]

    def run(
        self, pieces: Sequence[Slice], record: Record, progress: Callable[[int, Rule], None] | None = None
    ) -> Generator[Alert, None, None]:
        """The alerts, of each slice in the order of :func:`.window.replay`. A slice is put into the record when all of
        its alerts were taken; what the record has already is not run again. ``progress`` is told the slice's number,
        from 0, and the rule that begins. Who stops before the end closes the iterator, so that the record knows.

        A rule that the cluster refuses is reported, and not run in the slices that are left.

        Raises:
            ServerUnavailable, NotAllowed: the cluster does not answer, or not to us.
            ServerUnavailable: the record cannot be written.
        """
        for task in list(self._tasks):
            if why := record.failed.get(task.rule.rule_id):
                self._fail(task, why)
        for number, piece in enumerate(pieces):
            if record.has(piece.start, piece.end, piece.whole):
                continue
            alerts: list[Alert] = []
            for task in list(self._tasks):
                if task.whole is piece.whole:
                    if progress:
                        progress(number, task.rule)
                    alerts += self._alerts(task, piece, record)
            yield from _given(sorted(alerts, key=_order), piece, record)
            record.finish(piece.start, piece.end, piece.whole, len(alerts))

    def _alerts(self, task: Planned, piece: Slice, record: Record) -> list[Alert]:
        try:
            return in_one_window(task.plan, found_in(self._searched, task, piece)).alerts
        except (ServerUnavailable, NotAllowed):
            raise
        except (ServerError, NotEvaluated) as error:
            record.fail(task.rule.rule_id, str(error))
            self._fail(task, str(error))
            return []

    def _fail(self, task: Planned, why: str) -> None:
        self._tasks.remove(task)
        self.failed += 1
        self._report(refusal(task.rule, NotEvaluated(why)))


def found_in(searched: Searched, task: Planned, piece: Slice) -> list[Alert]:
    """The alerts of a rule in a slice, suppressed ones too; where one answer cannot have them, those of its halves.

    Raises:
        NotEvaluated, ServerError: the plan cannot be run.
    """
    found: list[Alert] = []
    waiting = [piece]
    while waiting:
        part = waiting.pop()
        try:
            alerts = searched.run(task.plan, task.window if part.whole else _within(task, part))
            found += [alert for alert in alerts if alert.timestamp is None or alert.timestamp >= part.start]
        except TooManyResults:
            if part.whole or part.start == part.end:
                raise
            middle = (part.start + part.end) // 2
            waiting += [Slice(part.start, middle), Slice(middle + 1, part.end)]
    return found


def _given(alerts: list[Alert], piece: Slice, record: Record) -> Iterator[Alert]:
    """The alerts of a slice that are not out yet. If nobody takes them all, the record says how many are out."""
    out = record.out(piece.start, piece.end, piece.whole)
    try:
        for alert in alerts[out:]:
            yield alert
            out += 1
    except GeneratorExit:
        record.interrupt(piece.start, piece.end, piece.whole, out)
        raise


def _within(task: Planned, piece: Slice) -> Window:
    """The time to run a plan over so that it gives the alerts of a slice."""
    whole, lookback = task.window, task.plan.lookback
    assert whole.start is not None and lookback is not None
    return replace(whole, start=max(whole.start, piece.start - lookback), end=piece.end)


def _order(alert: Alert) -> tuple[bool, int, str, tuple[str, ...], tuple[str, ...]]:
    return alert.timestamp is None, alert.timestamp or 0, alert.rule_id, alert.event_ids, alert.new_terms
