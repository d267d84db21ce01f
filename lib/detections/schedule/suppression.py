"""Alert suppression as Kibana's executors do it (Security 8.19 and 9.x, with a Platinum licence).

Of the alerts with one tuple of values the first one is raised, and the others are counted into it: those of its own
execution, and with a ``duration`` those of later ones, until so long after it was raised. While that lasts, an event
that was counted is not counted again by a window that overlaps.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TypeAlias

from detections.engine.alert import Alert, Suppressed
from detections.engine.combinations import combinations
from detections.errors import Finding, Level
from detections.plan import Plan, RowsPlan, ThresholdPlan
from detections.rule import Rule

CODE = "suppressed"
MOST = 1000
"""Alerts of one execution, whatever its rule says: Kibana's ``xpack.alerting.rules.run.alerts.max``."""
MULTIPLE = 5
"""How many times ``max_signals`` alerts are looked at, where they are suppressed as they are found."""

Key: TypeAlias = tuple[tuple[str, ...], ...]
"""The values of each field; none of one that is missing."""


@dataclass(slots=True)
class Raised:
    """What an execution comes to: the alerts that it raises, those that it counts into others, and how many it leaves
    out because enough are raised."""

    alerts: list[Alert] = field(default_factory=list)
    suppressed: list[Alert] = field(default_factory=list)
    left_out: int = 0


class _Open:
    """An alert that others may be counted into, raised ``at`` a moment."""

    def __init__(self, plan: Plan, key: Key, alerts: Sequence[Alert], at: int) -> None:
        self.alert, self.at = alerts[0], at
        self._terms = _terms(plan, key, alerts[0])
        self.count = len(alerts) - 1
        self.start = min(map(_start, alerts))
        self.end = max(map(_end, alerts))

    def take(self, alerts: Sequence[Alert]) -> None:
        self.count += len(alerts)
        self.end = max(self.end, *map(_end, alerts))

    def shown(self) -> Alert:
        return replace(self.alert, suppression=Suppressed(self._terms, self.start, self.end, self.count))


class Suppressor:
    """The memory of a rule's suppression, from one execution to the next."""

    def __init__(self, plan: Plan) -> None:
        assert plan.suppression is not None
        self._plan = plan
        self._asked = plan.suppression
        self._open: dict[Key, _Open] = {}
        self._passed: dict[Key, int] = {}
        """Of groups that an aggregation made, until when their events count no more."""

    def execute(self, found: Sequence[Alert], now: int, start: int, most: int = sys.maxsize) -> Raised:
        """What an execution that starts ``now``, its window at ``start``, makes of the alerts it finds, in order."""
        raised = Raised()
        if not self._asked.each and not isinstance(self._plan, ThresholdPlan):
            looked_at = most * (1 if isinstance(self._plan, RowsPlan) else MULTIPLE)
            raised.left_out, found = max(0, len(found) - looked_at), found[:looked_at]
        groups, single = self._groups(found, start)
        if self._asked.each:
            kept = dict(sorted(groups.items(), key=_in_order)[:most])
            raised.left_out += len(groups) - len(kept)
            self._passed |= {key: max(map(_end, alerts)) for key, alerts in kept.items()}
            groups = kept
        room = max(0, most - len(groups)) if self._asked.each else most
        raised.alerts += single[:room]
        raised.left_out += len(single) - len(raised.alerts)
        room = most - len(raised.alerts)
        for key, alerts in groups.items():
            left, earlier = self._left(key, alerts, now, start)
            if not left:
                continue
            if earlier is not None:
                earlier.take(left)
                raised.suppressed += left
            elif room:
                room -= 1
                made = self._open[instance_of(self._plan, key)] = _Open(self._plan, key, left, now)
                raised.alerts.append(made.shown())
                raised.suppressed += left[1:]
            else:
                raised.left_out += len(left)
        return raised

    def _groups(self, found: Iterable[Alert], start: int) -> tuple[dict[Key, list[Alert]], list[Alert]]:
        """Alerts by their values, oldest first, and those that are not suppressed."""
        self._passed = {key: until for key, until in self._passed.items() if until > start}
        groups: defaultdict[Key, list[Alert]] = defaultdict(list)
        single = []
        for alert in sorted(found, key=_start):
            keys = list(keys_of(self._plan, alert))
            if not keys:
                single.append(alert)
            elif not any(_start(alert) <= self._passed.get(key, _start(alert) - 1) for key in keys):
                for key in keys:
                    groups[key].append(alert)
        return groups, single

    def _left(self, key: Key, alerts: list[Alert], now: int, start: int) -> tuple[list[Alert], _Open | None]:
        """Those of a group that no earlier execution has counted, and the alert to count them into, if there is one."""
        duration, each = self._asked.duration, self._asked.each
        earlier = self._open.get(instance_of(self._plan, key))
        if earlier is None or earlier.at < (start if duration is None else now - duration):
            return alerts, None
        if duration is None and each:
            return alerts, None
        if earlier.at != now:
            ends = [max(map(_end, alerts))] * len(alerts) if each else map(_end, alerts)
            alerts = [alert for alert, end in zip(alerts, ends, strict=True) if end > earlier.end]
        return alerts, earlier if duration is not None or earlier.at == now else None


def most_of(rule: Rule) -> int:
    """How many alerts an execution of a rule raises."""
    return min(rule.max_signals, MOST)


def in_one_execution(plan: Plan, found: Sequence[Alert], most: int = sys.maxsize) -> Raised:
    """What one execution raises of the alerts of a plan, if it is the only one."""
    if plan.suppression is not None:
        looked_at = most if most == sys.maxsize else most * MULTIPLE
        return Suppressor(plan).execute(plan.reached(list(found), looked_at), 0, -sys.maxsize, most)
    if len(found) <= most:
        return Raised(list(found))
    return Raised(plan.reached(list(found), most)[:most], left_out=len(found) - most)


def in_one_window(plan: Plan, found: Sequence[Alert]) -> Raised:
    """What is raised of the alerts of a plan over any time: as if it had been executed once; with a ``duration``, as if
    it were executed all the time, so that an alert is raised when its event happens."""
    if plan.suppression is None or plan.suppression.duration is None:
        return in_one_execution(plan, found)
    raised = Raised()
    opened: dict[Key, _Open] = {}
    every = []
    for alert in sorted(found, key=attrgetter("order")):
        keys = list(keys_of(plan, alert))
        if not keys:
            raised.alerts.append(alert)
        for key in keys:
            earlier = opened.get(instance_of(plan, key))
            if earlier is not None and _end(alert) - earlier.at <= plan.suppression.duration:
                earlier.take([alert])
                raised.suppressed.append(alert)
            else:
                opened[instance_of(plan, key)] = made = _Open(plan, key, [alert], _end(alert))
                every.append(made)
    raised.alerts += [one.shown() for one in every]
    return raised


def keys_of(plan: Plan, alert: Alert) -> Iterator[Key]:
    """The groups that an alert belongs to: none where it is raised in any case, several where an aggregation has an
    event in one for each of its values."""
    asked = plan.suppression
    assert asked is not None
    if alert.threshold is not None:
        yield tuple([(value,) for _, value in alert.threshold.terms])
    elif asked.missing or all(alert.grouped):
        if not asked.each:
            yield alert.grouped
        else:
            values: list[list[tuple[str, ...]]] = [[(one,) for one in some] or [()] for some in alert.grouped]
            yield from combinations(values, lambda message: None)


def instance_of(plan: Plan, key: Key) -> Key:
    """What Kibana knows the alert of a group by: where an aggregation made it, its values, of whichever fields."""
    assert plan.suppression is not None
    return tuple(sorted(key)) if plan.suppression.each or isinstance(plan, ThresholdPlan) else key


def told(rule: Rule, suppressed: int) -> Finding:
    """How many alerts of a rule were counted into others."""
    counted = "1 alert was" if suppressed == 1 else f"{suppressed:,} alerts were"
    said = f"{rule.name}: {counted} suppressed"
    return rule.document.finding(CODE, said, ("rule", "alert_suppression"), level=Level.NOTE)


def _terms(plan: Plan, key: Key, alert: Alert) -> tuple[tuple[str, tuple[str, ...]], ...]:
    assert plan.suppression is not None
    names = [one.name for one in plan.suppression.fields]
    if alert.threshold is not None:
        names = [name for name, _ in alert.threshold.terms]
    return tuple(zip(names, key, strict=True))


def _in_order(group: tuple[Key, list[Alert]]) -> list[tuple[bool, tuple[str, ...]]]:
    """As the pages of an aggregation come: what is missing last."""
    return [(not values, values) for values in group[0]]


def _start(alert: Alert) -> int:
    if alert.threshold is not None and alert.threshold.start is not None:
        return alert.threshold.start
    return alert.timestamp or 0


def _end(alert: Alert) -> int:
    return alert.timestamp or 0
