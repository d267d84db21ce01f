"""A backtest: rules made ready to be run over events, and their alerts counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from detections.backtest.difference import Comparison
from detections.backtest.fields import counted
from detections.backtest.model import Backtest, Difference, Noise, Sources
from detections.backtest.selection import selection
from detections.backtest.tally import Tally
from detections.compile.planner import plan as make_plan
from detections.engine.alert import Alert
from detections.engine.protocol import Task
from detections.errors import NotEvaluated, QueryError
from detections.plan import Plan, QueryPlan, Window
from detections.rule import Rule
from detections.schedule import window_of

WhyNot: TypeAlias = "Callable[[Plan], str | None]"
"""Why an engine cannot run a plan, None where it can."""


class Run:
    """Rules over events from ``start`` to ``end``, as :func:`detections.schedule.replay` runs them in one window.

    ``tasks`` are for an engine. Each alert that it raises is to be taken, in any order, but those of a batch together
    where the engine gives them with their batch. With a ``base`` only the rules run that it has otherwise, has not, or
    has alone; rules are the same by their rule_id.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        why_not: WhyNot,
        *,
        start: int | None = None,
        end: int | None = None,
        base: Sequence[Rule] | None = None,
    ) -> None:
        self._why_not = why_not
        self._span = (start, end)
        self.tasks: list[Task] = []
        self._takers: list[Callable[[Alert], None]] = []
        if base is None:
            self._results = [self._alone(rule) for rule in rules]
        else:
            self._results = [self._compared(now, before) for now, before in pairs(rules, base)]

    def take(self, alert: Alert) -> None:
        """Count an alert of one of the tasks."""
        self._takers[int(alert.rule_id)](alert)

    def result(self, title: str, sources: Sources, *, stopped: str = "", base: str = "") -> Backtest:
        """What was counted so far."""
        return Backtest(title, sources, tuple(result() for result in self._results), stopped, base)

    def _alone(self, rule: Rule) -> Callable[[], Noise]:
        return self._counted(rule, self._planned(rule), lambda alert: None)

    def _counted(self, rule: Rule, planned: Task | str, also: Callable[[Alert], None]) -> Callable[[], Noise]:
        """Run a rule, and say in the end what was counted."""
        if isinstance(planned, str):
            return lambda: Noise(rule.rule_id, rule.name, not_evaluated=planned)
        plan, window = planned
        fields = counted(rule, plan)
        tally = Tally([field.name for field in fields])

        def take(alert: Alert) -> None:
            tally.add(alert)
            also(alert)

        self._add(replace(plan, shown=fields), window, take)
        selected = tally
        if not isinstance(plan, QueryPlan):  # of which each selected event is an alert
            selected = Tally()
            self._add(selection(plan), window, selected.add)
        return lambda: tally.noise(rule.rule_id, rule.name, selected=selected.alerts, left_out=left_out(rule))

    def _compared(self, now: Rule | None, before: Rule | None) -> Callable[[], Noise]:
        """Run both versions of a rule, and say in the end how they differ."""
        new = "" if now is None else self._planned(now)
        old = "" if before is None else self._planned(before)
        at_once = all(isinstance(one, str) or isinstance(one[0], QueryPlan) for one in (new, old))
        comparison = Comparison(at_once=at_once)
        if not isinstance(old, str):
            self._add(*old, lambda alert: comparison.add(alert, before=True))
        if now is None:
            assert before is not None
            name = before.name
            noise: Callable[[], Noise] = lambda: Noise(before.rule_id, name)  # noqa: E731
        else:
            noise = self._counted(now, new, lambda alert: comparison.add(alert, before=False))

        def result() -> Noise:
            difference = comparison.result()
            if (isinstance(new, str) and new) or (isinstance(old, str) and old):
                # What one version would have raised nobody knows, so nothing was gained or lost.
                difference = Difference(difference.alerts, unknown=old if isinstance(old, str) else "")
            return replace(noise(), difference=replace(difference, new=before is None, gone=now is None))

        return result

    def _planned(self, rule: Rule) -> Task | str:
        """What an engine is to run; else why none does."""
        try:
            plan = make_plan(rule)
            return self._why_not(plan) or (plan, window_of(plan, *self._span))
        except NotEvaluated as error:
            return str(error)
        except QueryError as error:
            return f"the query cannot be used: {error.message}"

    def _add(self, plan: Plan, window: Window, take: Callable[[Alert], None]) -> None:
        self.tasks.append((plan.named(str(len(self.tasks))), window))
        self._takers.append(take)


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


def left_out(rule: Rule) -> str:
    """What is not taken into account of a rule that is run."""
    parts = ["alert suppression"] * bool(rule.alert_suppression)
    parts += ["exceptions"] * any(one.get("type") != "endpoint" for one in rule.exceptions_list)
    return f"counted before {' and '.join(parts)}" if parts else ""
