"""Two versions of a rule over the same events: which alerts only one of them raises."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import islice

from detections.backtest.model import Difference, Example, in_calendar
from detections.engine.alert import Alert

EXAMPLES = 5
"""Alerts that are named, of those gained and of those lost."""


class Comparison:
    """The alerts of two versions, matched as they come: what waits for its like is what differs.

    ``at_once``: both versions raise their alerts with the batch of their event, so that what a batch has left over is
    counted when the next begins, and not kept.
    """

    def __init__(self, *, at_once: bool) -> None:
        self._at_once = at_once
        self._batch = -1
        self._waiting: tuple[dict[Hashable, Example], dict[Hashable, Example]] = ({}, {})
        self._counts = [0, 0]
        self._examples: tuple[list[Example], list[Example]] = ([], [])
        self._alerts = 0

    def add(self, alert: Alert, *, before: bool) -> None:
        """An alert of the version before, or of the one now."""
        self._alerts += before
        if self._at_once and alert.position >> 32 != self._batch:
            self._settle()
            self._batch = alert.position >> 32
        own, other = self._waiting[before], self._waiting[not before]
        key = (alert.timestamp, alert.position, alert.event_ids, alert.terms)
        if other.pop(key, None) is None:
            time = alert.timestamp if alert.timestamp is not None and in_calendar(alert.timestamp) else None
            own[key] = Example(time, alert.event_ids, alert.terms)

    def _settle(self) -> None:
        for side, waiting in enumerate(self._waiting):
            self._counts[side] += len(waiting)
            self._examples[side].extend(islice(waiting.values(), EXAMPLES - len(self._examples[side])))
            waiting.clear()

    def result(self) -> Difference:
        """What only one of the versions raised."""
        self._settle()
        gained, lost = self._counts
        return Difference(self._alerts, gained, lost, tuple(self._examples[0]), tuple(self._examples[1]))
