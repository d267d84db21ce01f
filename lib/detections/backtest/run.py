"""A backtest: rules made ready to be run over events, and their alerts counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import TypeAlias

from detections.backtest.bounds import Watch, held
from detections.backtest.difference import Comparison
from detections.backtest.fields import counted
from detections.backtest.model import Backtest, Difference, Noise, Sources
from detections.backtest.selection import selection
from detections.backtest.tally import Tally
from detections.case import Bounds
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, NO_TABLES
from detections.compile.planner import plan as make_plan
from detections.compile.tables import Tables
from detections.engine.alert import Alert
from detections.engine.protocol import Task
from detections.errors import NotEvaluated, QueryError
from detections.plan import Plan, QueryPlan, Window
from detections.plan.exceptions import NONE
from detections.rule import Rule
from detections.schedule import executable, window_of
from detections.schedule.suppression import in_one_window
from detections.values.limits import SUPPRESSIBLE

WhyNot: TypeAlias = "Callable[[Plan], str | None]"
"""Why an engine cannot run a plan, None where it can."""

Result: TypeAlias = Callable[[Sources], Noise]
"""What was counted of a rule, when all was read."""


class _Count:
    """How many there were."""

    def __init__(self) -> None:
        self.number = 0

    def add(self, alert: Alert) -> None:
        self.number += 1

    def several(self, number: int) -> None:
        self.number += number


class Run:
    """Rules over events from ``start`` to ``end``, as :func:`detections.schedule.replay` runs them in one window.

    ``tasks`` are for an engine. Each alert that it raises is to be taken, in any order, but those of a batch together
    where the engine gives them with their batch. With a ``base`` only the rules run that it has otherwise, has not, or
    has alone; rules are the same by their rule_id.

    ``bounds`` are what the rules of these files are held to; ``tables`` what ES|QL looks up, ``exceptions`` the lists
    that rules refer to. ``scheduled``: the tasks are for :func:`.scheduled.play`, which executes them as the scheduler
    would.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        why_not: WhyNot,
        *,
        start: int | None = None,
        end: int | None = None,
        base: Sequence[Rule] | None = None,
        bounds: Mapping[str, Bounds] | None = None,
        scheduled: bool = False,
        tables: Tables = NO_TABLES,
        exceptions: ExceptionLists = NO_LISTS,
    ) -> None:
        self._why_not = why_not
        self._bounds = bounds or {}
        self._span = (start, end)
        self._scheduled = scheduled
        self._tables = tables
        self._exceptions = exceptions
        self.tasks: list[Task] = []
        self.rules: list[Rule] = []
        """The rule of each task."""
        self.selections: dict[int, Callable[[Alert], None]] = {}
        """Of scheduled rules, by the number of their task: what counts the events that the query selects."""
        self.counting: dict[int, Callable[[int], None]] = {}
        """Of tasks whose alerts are only counted, by their numbers: what may be told how many there are instead."""
        self._refused: dict[int, str] = {}
        self._suppressed: Counter[int] = Counter()
        self._takers: list[Callable[[Alert], None]] = []
        self._seers: list[list[Callable[[Alert], None]]] = []
        """Of each task what else is told of its alerts, before any is suppressed."""
        self._waiting: dict[int, list[Alert]] = {}
        """Alerts of tasks that may be suppressed by what comes later."""
        self._unsuppressed: set[int] = set()
        if base is None:
            self._results = [self._alone(rule) for rule in rules]
        else:
            self._results = [self._compared(now, before) for now, before in pairs(rules, base)]

    def take(self, alert: Alert) -> None:
        """Count an alert of one of the tasks."""
        number = int(alert.rule_id)
        for see in self._seers[number]:
            see(alert)
        if (waiting := self._waiting.get(number)) is None:
            self._takers[number](alert)
        elif len(waiting) < SUPPRESSIBLE.most:
            waiting.append(alert)
        else:
            self._unsuppressed.add(number)
            self._give(number, [*waiting, alert])

    def suppress(self, alert: Alert) -> None:
        """Count an alert of one of the tasks that was counted into another one."""
        number = int(alert.rule_id)
        for see in self._seers[number]:
            see(alert)
        self._suppressed[number] += 1

    def refuse(self, number: int, why: str) -> None:
        """Say that a task could not be run."""
        self._refused[number] = why

    def result(self, title: str, sources: Sources, *, stopped: str = "", base: str = "") -> Backtest:
        """What was counted. To be asked for once, when all was read."""
        for number, waiting in list(self._waiting.items()):
            made = in_one_window(self.tasks[number][0], sorted(waiting, key=attrgetter("order")))
            self._suppressed[number] += len(made.suppressed)
            self._give(number, made.alerts)
        return Backtest(title, sources, tuple(result(sources) for result in self._results), stopped, base)

    def _alone(self, rule: Rule) -> Result:
        return self._counted(rule, self._planned(rule), lambda alert: None)

    def _counted(self, rule: Rule, planned: Task | str, also: Callable[[Alert], None]) -> Result:
        """Run a rule, and say in the end what was counted."""
        bounds = self._bounds.get(rule.document.path, Bounds())
        watch = Watch(bounds.must_alert)
        if isinstance(planned, str):
            nothing = Noise(rule.rule_id, rule.name, not_evaluated=planned)
            return lambda sources: held(nothing, bounds, watch.missing, sources) if bounds != Bounds() else nothing
        plan, window = planned
        fields = counted(rule, plan)
        tally = Tally([field.name for field in fields])

        def take(alert: Alert) -> None:
            tally.add(alert)
            watch.see(alert.event_ids)
            also(alert)

        number = self._add(rule, replace(plan, shown=fields), window, take)
        without, excepted = self._without_exceptions(rule, plan, window, number)
        selected = self._selected(rule, plan, window, without)

        def result(sources: Sources) -> Noise:
            noise = tally.noise(
                rule.rule_id, rule.name, selected=selected.number, left_out=self._left_out(rule, number)
            )
            noise = replace(
                noise, not_evaluated=self._refused.get(number, ""), suppressed=self._suppressed[number],
                excepted=excepted.result().lost,
            )  # fmt: skip
            return held(noise, bounds, watch.missing, sources)

        return result

    def _without_exceptions(self, rule: Rule, plan: Plan, window: Window, number: int) -> tuple[int, Comparison]:
        """Also run a rule that has exceptions without them: the number of that task, else of its own, and what tells
        the alerts that they take away."""
        comparison = Comparison(at_once=self._at_once(plan))
        if not plan.exceptions.items:
            return number, comparison
        bare = replace(plan, exceptions=NONE, suppression=plan.suppression if self._scheduled else None)
        without = self._add(rule, bare, window, lambda alert: None)
        self._seers[without].append(lambda alert: comparison.add(alert, before=True))
        self._seers[number].append(lambda alert: comparison.add(alert, before=False))
        return without, comparison

    def _selected(self, rule: Rule, plan: Plan, window: Window, number: int) -> _Count:
        """Count the events that a rule's query selects, which the task of this number has all of."""
        selected = _Count()
        if self._scheduled:
            self.selections[number] = selected.add
        elif isinstance(plan, QueryPlan):  # each selected event is an alert
            self._seers[number].append(selected.add)
        else:
            self.counting[self._add(rule, selection(plan), window, selected.add)] = selected.several
        return selected

    def _at_once(self, *plans: Plan) -> bool:
        """Whether plans raise their alerts with the batch of their event."""
        return not self._scheduled and all(isinstance(one, QueryPlan) for one in plans)

    def _left_out(self, rule: Rule, number: int) -> str:
        """What is not taken into account of a rule that is run."""
        parts = [f"alert suppression ({SUPPRESSIBLE})"] * (number in self._unsuppressed)
        lists = ((one["namespace_type"], one["list_id"]) for one in rule.exceptions_list if one["type"] != "endpoint")
        parts += ["exceptions"] * any(name not in self._exceptions.items for name in lists)
        return f"counted before {' and '.join(parts)}" if parts else ""

    def _compared(self, now: Rule | None, before: Rule | None) -> Result:
        """Run both versions of a rule, and say in the end how they differ."""
        new = "" if now is None else self._planned(now)
        old = "" if before is None else self._planned(before)
        plans = [one[0] for one in (new, old) if not isinstance(one, str)]
        comparison = Comparison(at_once=self._at_once(*plans) and all(plan.suppression is None for plan in plans))
        if not isinstance(old, str):
            assert before is not None
            self._add(before, *old, lambda alert: comparison.add(alert, before=True))
        if now is None:
            assert before is not None
            name = before.name
            noise: Result = lambda sources: Noise(before.rule_id, name)  # noqa: E731
        else:
            noise = self._counted(now, new, lambda alert: comparison.add(alert, before=False))

        def result(sources: Sources) -> Noise:
            difference = comparison.result()
            if (isinstance(new, str) and new) or (isinstance(old, str) and old):
                # What one version would have raised nobody knows, so nothing was gained or lost.
                difference = Difference(difference.alerts, unknown=old if isinstance(old, str) else "")
            return replace(noise(sources), difference=replace(difference, new=before is None, gone=now is None))

        return result

    def _planned(self, rule: Rule) -> Task | str:
        """What an engine is to run; else why none does."""
        try:
            plan = make_plan(rule, tables=self._tables, exceptions=self._exceptions)
            if self._scheduled:
                executable(rule, plan)
            return self._why_not(plan) or (plan, window_of(plan, *self._span))
        except NotEvaluated as error:
            return str(error)
        except QueryError as error:
            return f"the query cannot be used: {error.message}"

    def _add(self, rule: Rule, plan: Plan, window: Window, take: Callable[[Alert], None]) -> int:
        """Add a task, and give its number, which is the name of its plan."""
        number = len(self.tasks)
        self.tasks.append((plan.named(str(number)), window))
        self.rules.append(rule)
        self._takers.append(take)
        self._seers.append([])
        if plan.suppression is not None and not self._scheduled:
            self._waiting[number] = []
        return number

    def _give(self, number: int, alerts: Iterable[Alert]) -> None:
        """Count alerts of a task that waited to be suppressed."""
        del self._waiting[number]
        for alert in alerts:
            self._takers[number](alert)


def pairs(rules: Iterable[Rule], base: Iterable[Rule]) -> Iterator[tuple[Rule | None, Rule | None]]:
    """What differs: rules as they are now, in their order, each with the one that the base has of its rule_id; then
    those that only the base has."""
    old = {rule.rule_id: rule for rule in base}
    known = set()
    for rule in rules:
        known.add(rule.rule_id)
        before = old.get(rule.rule_id)
        if before is None or before.document.text != rule.document.text:
            yield rule, before
    yield from ((None, rule) for rule_id, rule in old.items() if rule_id not in known)
