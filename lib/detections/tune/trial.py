"""The alerts of a rule as it is, and how many of them changed rules raise over the same events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from detections.engine.alert import Alert, Shown
from detections.engine.protocol import Task
from detections.errors import NotEvaluated
from detections.events import Batch
from detections.plan import Plan, Window
from detections.schedule.suppression import in_one_window
from detections.tune.labels import Labels
from detections.values.dates import format_date
from detections.values.limits import TUNED_ALERTS

Reading = Callable[[], Iterable[Batch]]
"""Reads the events from their beginning, each time it is called."""
Found = Callable[[Sequence[Task], Iterable[Batch]], Iterable[Alert]]
"""Runs tasks over events."""
_NAMED = 5


class Baseline:
    """What a rule raises over events, told apart into false positives and alerts that are to stay.

    ``wanted`` are the values of the false positives, ``kept`` those of the others, each with what to call an alert that
    has them. ``must`` are events that it must alert on, whatever the labels say.
    """

    def __init__(self, labels: Labels | None, must: Collection[str] = ()) -> None:
        self._labels = labels
        self._must = must
        self._numbers: dict[Hashable, int] = {}
        self._names: list[str] = []
        self.false: set[int] = set()
        self.seen: set[str] = set()
        self.wanted: dict[Shown, None] = {}
        self.kept: dict[Shown, str] = {}
        self.must: set[str] = set()

    def add(self, alert: Alert) -> None:
        """Take an alert of the rule.

        Raises:
            NotEvaluated: there are too many.
        """
        number = len(self._names)
        if number >= TUNED_ALERTS.most:
            raise NotEvaluated(f"the rule raises too many alerts ({TUNED_ALERTS}): give fewer events")
        self._numbers[alert.identity] = number
        self._names.append(_name(alert))
        marks = ("",) if self._labels is None else self._labels.of(alert)
        bound = [name for name in alert.event_ids if name in self._must]
        self.must.update(bound)
        if marks:
            self.false.add(number)
            self.seen.update(marks)
            self.wanted[alert.shown] = None
        if bound or not marks:
            self.kept.setdefault(alert.shown, f"the must_alert event {bound[0]}" if bound else _name(alert))

    def __len__(self) -> int:
        return len(self._names)

    def number(self, alert: Alert) -> int | None:
        """Which of the rule's alerts this is, None where the rule as it is does not raise it."""
        return self._numbers.get(alert.identity)

    def names(self, numbers: Iterable[int]) -> list[str]:
        return [self._names[number] for number in sorted(numbers)[:_NAMED]]


@dataclass(slots=True)
class Outcome:
    """What a changed rule raised: ``raised`` marks the alerts of the rule as it is, ``new`` counts others."""

    raised: bytearray
    new: int = 0
    must: set[str] = field(default_factory=set)

    def silenced(self, baseline: Baseline) -> set[int]:
        """The false positives that it does not raise."""
        return {number for number in baseline.false if not self.raised[number]}

    def refusal(self, baseline: Baseline) -> str:
        """What the labels have against it; empty where that is nothing."""
        lost = [number for number, raised in enumerate(self.raised) if not raised and number not in baseline.false]
        if lost:
            return f"it would silence {_others(len(lost))}, as {baseline.names(lost)[0]}"
        if self.new:
            return f"it would raise {_others(self.new)} instead"
        return ""


def tried(found: Found, plans: Sequence[Plan], window: Window, batches: Iterable[Batch], baseline: Baseline,
          must: Collection[str]) -> list[Outcome]:  # fmt: skip
    """What each of several plans raises over the events of a baseline, from one reading."""
    outcomes = [Outcome(bytearray(len(baseline))) for _ in plans]
    tasks = [(plan.named(str(number)), window) for number, plan in enumerate(plans)]
    for alert in raised(found, tasks, batches):
        outcome = outcomes[int(alert.rule_id)]
        outcome.must.update(name for name in alert.event_ids if name in must)
        number = baseline.number(alert)
        if number is None:
            outcome.new += 1
        else:
            outcome.raised[number] = 1
    return outcomes


def raised(found: Found, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
    """The alerts of tasks without those that are suppressed."""
    grouped: dict[str, tuple[Plan, list[Alert]]] = {
        plan.rule_id: (plan, []) for plan, _ in tasks if plan.suppression is not None
    }
    for alert in found(tasks, batches):
        if alert.rule_id in grouped:
            grouped[alert.rule_id][1].append(alert)
        else:
            yield alert
    for plan, alerts in grouped.values():
        yield from in_one_window(plan, sorted(alerts, key=attrgetter("order"))).alerts


def _others(count: int) -> str:
    return "1 other alert" if count == 1 else f"{count:,} other alerts"


def _name(alert: Alert) -> str:
    """What an alert is called: its events, or its time and terms."""
    if alert.event_ids:
        return ", ".join(alert.event_ids[:2]) + (" …" if len(alert.event_ids) > 2 else "")
    time = "" if alert.timestamp is None else format_date(alert.timestamp)
    return " ".join([time, *alert.terms]).strip() or "one without event.id"
