"""Rule type new_terms. What is kept grows with distinct terms, not with events."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TypeAlias

from detections.engine.alert import Alert, Hit
from detections.engine.collector import Collector
from detections.engine.combinations import combinations
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.terms import Terms, written
from detections.plan import NewTermsPlan, Window
from detections.values.bits import of_rows, rows_of

Seen: TypeAlias = dict[Terms, tuple[Hit, Hit | None]]
"""For each tuple of terms its first event since the history began, and its first in the window."""


class NewTermsCollector(Collector[Seen]):
    """Each tuple of terms that was not seen at or before the window's start is an alert, on its first event."""

    def __init__(self, plan: NewTermsPlan, window: Window, predicates: Predicates) -> None:
        self._plan = plan
        self._start = window.start
        self._select = selecting(predicates, plan.predicate, plan.filter, plan.exceptions.condition)
        self._hits = Hits(plan, window, with_history=True)
        self._seen: Seen = {}
        self.paths = [*self._hits.paths, *(field.path for field in plan.fields)]

    def collect(self, evaluator: Evaluator) -> Seen | None:
        selected = self._select(evaluator)
        if not selected:
            return None
        seen: Seen = {}
        hits = list(self._hits.among(evaluator, selected))
        rows = of_rows([row for row, _ in hits], evaluator.size)
        columns = [evaluator.deciding(field, rows) for field in self._plan.fields]
        for row, hit in hits:
            inside = hit if self._start is None or hit.time >= self._start else None
            values = [dict.fromkeys(column.values(row)) for column in columns]
            for terms in combinations([*map(list, values)], functools.partial(evaluator.tell, row)):
                _remember(seen, terms, hit, inside)
        return seen

    def matters(self, evaluator: Evaluator, inside: int, before: int) -> int:
        # A term is asked for that has a value which is in the window.
        selected = self._select(evaluator.among(inside, None, relative=False))
        column = evaluator.column(self._plan.fields[0], evaluator.everything)
        index, values = column.index, {value for row in rows_of(selected) for value in column.values(row)}
        return before & column.rows([place for value in values for place in index.get(value, ())])

    def merge(self, part: Seen) -> None:
        for terms, (first, inside) in part.items():
            _remember(self._seen, terms, first, inside)

    def alerts(self) -> Iterator[Alert]:
        for terms, (first, inside) in self._seen.items():
            if inside is not None and (self._start is None or first.time > self._start):
                yield Alert.on(self._plan, [inside], written(self._plan.fields, terms))


def _remember(seen: Seen, terms: Terms, first: Hit, inside: Hit | None) -> None:
    before = seen.get(terms)
    if before is not None:
        first = min(first, before[0])
        inside = min((hit for hit in (inside, before[1]) if hit is not None), default=None)
    seen[terms] = (first, inside)
