"""What the rule types query and new_terms collect from a batch, and the alerts that come of it.

What is kept grows with alerts and, for new terms, with distinct terms; not with events. Putting together does not
depend on the order of batches, so one process and many raise the same alerts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, TypeAlias

from detections.engine.alert import Alert
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.found import Found, Within, alerts_on, bounded, within
from detections.mapping import Field
from detections.plan import NewTermsPlan, QueryPlan, Window
from detections.values.coerce import json_text
from detections.values.dates import format_date
from detections.values.ip import format_ip


class QueryCollector:
    """Each selected event in the window is an alert."""

    def __init__(self, plan: QueryPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._question = predicates.ready(plan.predicate)
        self._within = within(plan, window)
        self._found: list[Found] = []
        self.paths = self._within.paths

    def collect(self, evaluator: Evaluator) -> list[Found]:
        selected = self._question(evaluator, evaluator.everything).true
        return [found for _, found in self._within.found(evaluator, selected)] if selected else []

    def merge(self, collected: list[Found]) -> None:
        self._found += collected

    def alerts(self) -> Iterator[Alert]:
        return alerts_on(self._plan, self._found)


Terms: TypeAlias = tuple[str, ...]
Seen: TypeAlias = dict[Terms, tuple[Found, Found | None]]
"""For each tuple of terms its first event since the history began, and its first in the window."""


class NewTermsCollector:
    """Each tuple of terms that was not seen at or before the window's start is an alert, on its first event."""

    def __init__(self, plan: NewTermsPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._start = window.start
        self._question = predicates.ready(plan.predicate)
        self._within = Within(
            plan.time, None if window.start is None else window.history, window.end, bounded=bounded(window)
        )
        self._seen: Seen = {}
        self.paths = [*self._within.paths, *(field.path for field in plan.fields)]

    def collect(self, evaluator: Evaluator) -> Seen:
        seen: Seen = {}
        selected = self._question(evaluator, evaluator.everything).true
        if not selected:
            return seen
        columns = [evaluator.column(field) for field in self._plan.fields]
        for row, found in self._within.found(evaluator, selected):
            inside = found if self._start is None or found.time >= self._start else None
            values = [dict.fromkeys(column.values(row)) for column in columns]
            for terms in itertools.product(*values):
                _remember(seen, terms, found, inside)
        return seen

    def merge(self, collected: Seen) -> None:
        for terms, (first, inside) in collected.items():
            _remember(self._seen, terms, first, inside)

    def alerts(self) -> Iterator[Alert]:
        for terms, (first, inside) in self._seen.items():
            if inside is not None and (self._start is None or first.time > self._start):
                shown = tuple(_shown(field, value) for field, value in zip(self._plan.fields, terms, strict=True))
                yield Alert(
                    self._plan.rule_id, self._plan.rule_name, inside.timestamp, inside.event_ids, shown, inside.position
                )


def _remember(seen: Seen, terms: Terms, first: Found, inside: Found | None) -> None:
    before = seen.get(terms)
    if before is not None:
        first = min(first, before[0])
        inside = min((one for one in (inside, before[1]) if one is not None), default=None)
    seen[terms] = (first, inside)


def _shown(field: Field, value: Any) -> str:
    """A term as the alert shows it: as an aggregation's key, in text."""
    if field.family == "date":
        return format_date(value)
    return format_ip(value) if field.family == "ip" else json_text(value)
