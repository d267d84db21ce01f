"""Replay as the scheduler runs the rules: execution by execution, each seeing what was there at the time.

An alert is raised once, however many windows its events lie in; an execution raises ``max_signals`` at most, and what
it leaves out has another chance in the next window that reaches back so far. A group of a threshold rule that has
alerted starts again behind the events that made it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Protocol

from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, NO_TABLES
from detections.compile.planner import plan as make_plan
from detections.compile.tables import Tables
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.kept import Kept
from detections.engine.machine_learning import NO_ANOMALIES
from detections.errors import Finding, Level, NotEvaluated, QueryError
from detections.events import Batch
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.schedule.suppression import MULTIPLE, Raised, Suppressor, most_of, told
from detections.schedule.ticks import Outage, Tick, milliseconds, ticks
from detections.schedule.window import refusal

GAP = "schedule-gap"
MAX_SIGNALS = "schedule-max-signals"


class Searched(Protocol):
    """Events that a plan can be run over, again and again."""

    def run(self, plan: Plan, window: Window) -> Iterable[Alert]:
        """The alerts of a plan over a window; what was ingested later than ``Window.ingested`` is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Execution:
    """What one execution of a rule came to: the ``alerts`` that it raised, in their order, those that it ``suppressed``
    (counted into others), and how many were left out when ``max_signals`` had been raised."""

    rule: Rule
    tick: Tick
    alerts: tuple[Alert, ...] = ()
    left_out: int = 0
    suppressed: tuple[Alert, ...] = ()

    @property
    def now(self) -> int:
        """When it started, in milliseconds."""
        return self.tick.now


class Executor:
    """A rule from one execution to the next, with what it remembers of those before."""

    def __init__(self, rule: Rule, plan: Plan, searched: Searched) -> None:
        self._rule = rule
        self._plan = plan
        self._searched = searched
        self._most = most_of(rule)
        self._raised: set[object] = set()
        self._suppressor = None if plan.suppression is None else Suppressor(plan)

    def execute(self, tick: Tick) -> Execution:
        """What an execution raises.

        Raises:
            NotEvaluated, ServerError: the plan cannot be run.
        """
        alerts: list[Alert] = []
        suppressed: list[Alert] = []
        left_out = 0
        for window in tick.windows:
            assert window.start is not None
            self._plan = self._plan.since(window.start)
            found = sorted(self._searched.run(self._plan, window), key=attrgetter("order"))
            most = self._most if self._suppressor is None else self._most * MULTIPLE
            reached = (replace(alert, raised=tick.now) for alert in self._plan.reached(found, most))
            new = {alert.identity: alert for alert in reached if alert.identity not in self._raised}
            made = self._made(list(new.values()), tick.now, window.start)
            self._raised.update(alert.identity for alert in made.alerts)
            self._plan = self._plan.following([*made.alerts, *made.suppressed])
            alerts += made.alerts
            suppressed += made.suppressed
            left_out += made.left_out
        return Execution(self._rule, tick, tuple(alerts), left_out, tuple(suppressed))

    def _made(self, new: list[Alert], now: int, start: int) -> Raised:
        if self._suppressor is not None:
            return self._suppressor.execute(new, now, start, self._most)
        return Raised(new[: self._most], left_out=max(0, len(new) - self._most))


def executions(
    rules: Iterable[Rule],
    batches: Iterable[Batch],
    engine: Embedded,
    *,
    start: int | None = None,
    end: int | None = None,
    outages: Sequence[Outage] = (),
    tables: Tables = NO_TABLES,
    report: Callable[[Finding], None] | None = None,
    exceptions: ExceptionLists = NO_LISTS,
) -> Iterator[Execution]:
    """The executions of rules that are enabled at ``start``, in the order in which they start; those only that raised
    alerts, suppressed or left some out, or came after a gap. The last of a rule is the first at or after ``end``.

    Without ``start`` rules are enabled when the first event happens that one of them selects, and without ``end`` they
    run until the last one was searched. A rule that nothing here evaluates is told to ``report`` as a warning, and the
    others run; so is one that raised ``max_signals``, and one that left gaps. ``exceptions`` are the lists that rules
    refer to.

    Raises:
        EventsError, WorkerLost: the events cannot be read.
    """
    tell = report or (lambda finding: None)
    planned = list(_planned(rules, engine, exceptions, tables, tell))
    found = list(zip(planned, engine.keep([plan for _, plan in planned], batches), strict=True))
    kept = [(rule, plan, one) for (rule, plan), one in found if not isinstance(one, NotEvaluated)]
    for (rule, _), one in found:
        if isinstance(one, NotEvaluated):
            tell(refusal(rule, one))
    yield from played(kept, start=start, end=end, outages=outages, report=tell)


def played(
    kept: Iterable[tuple[Rule, Plan, Kept]],
    *,
    start: int | None,
    end: int | None,
    outages: Sequence[Outage],
    report: Callable[[Finding], None],
) -> Iterator[Execution]:
    """The executions of rules over the events that were kept for each, as :func:`executions` has them."""
    runs = []
    for rule, plan, one in kept:
        if len(one) or plan.alerts_on_nothing:
            runs.append((rule, plan, one))
        elif plan.presupposes is not None:
            report(refusal(rule, NotEvaluated(NO_ANOMALIES)))
    firsts = [one.first for _, _, one in runs if one.first is not None]
    begin = min(firsts, default=None) if start is None else start
    if begin is None:
        return
    executed = [_executed(rule, plan, one, begin, end, outages, report) for rule, plan, one in runs]
    yield from heapq.merge(*executed, key=lambda execution: execution.now)


def executable(rule: Rule, plan: Plan) -> None:
    """Raises NotEvaluated where the rule's interval or date math is none."""
    milliseconds(rule.interval)
    next(ticks(rule, plan, 0, 0))


def _planned(
    rules: Iterable[Rule],
    engine: Embedded,
    exceptions: ExceptionLists,
    tables: Tables,
    report: Callable[[Finding], None],
) -> Iterator[tuple[Rule, Plan]]:
    for rule in rules:
        try:
            plan = make_plan(rule, tables=tables, exceptions=exceptions)
            if why := engine.why_not(plan):
                raise NotEvaluated(why)
            executable(rule, plan)
            yield rule, plan
        except (NotEvaluated, QueryError) as error:
            report(refusal(rule, error))


def _executed(
    rule: Rule,
    plan: Plan,
    kept: Kept,
    start: int,
    end: int | None,
    outages: Sequence[Outage],
    report: Callable[[Finding], None],
) -> Iterator[Execution]:
    """The executions of one rule that have something to tell."""
    executor = Executor(rule, plan, kept)
    last = max(start, kept.last or start) if end is None else end
    full = left_out = gaps = gap = suppressed = 0
    for tick in ticks(rule, plan, start, last, outages):
        if tick.gap:
            gaps, gap = gaps + 1, gap + tick.gap
        asked = plan.alerts_on_nothing or any(map(kept.holds, tick.windows))
        made = executor.execute(tick) if asked else Execution(rule, tick)
        if made.left_out:
            full, left_out = full + 1, left_out + made.left_out
        suppressed += len(made.suppressed)
        if made.alerts or made.suppressed or made.left_out or tick.gap:
            yield made
    if suppressed:
        report(told(rule, suppressed))
    if full:
        text = f"{rule.name}: {full:,} of its executions raised max_signals alerts, and left out {left_out:,}"
        report(rule.document.finding(MAX_SIGNALS, text, ("rule", "max_signals"), level=Level.WARNING))
    if gaps:
        where = "a gap" if gaps == 1 else f"{gaps:,} gaps"
        text = f"{rule.name}: no execution searched {gap // 1000:,} seconds, in {where} before its executions"
        report(rule.document.finding(GAP, text, ("rule", "interval"), level=Level.WARNING))
