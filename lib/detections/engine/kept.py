"""The events that plans may ask about, kept from one reading of the input, so that plans can be executed many times.

Of an event is kept what its plan reads: its fields, and the whole document only where that cannot be told beforehand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple

from detections.engine.alert import Alert
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.gate import selecting
from detections.engine.hits import Hits
from detections.engine.runners import collector
from detections.errors import NotEvaluated
from detections.events import Document, Documents
from detections.mapping import Field
from detections.plan import Plan, Role, Window
from detections.plan.predicate import Always, And, AnyField, IsTrue, Nested, Not, Or, Predicate, is_relative
from detections.values import limits
from detections.values.bits import of_rows

INGESTED = Field("event.ingested", "date")


class Event(NamedTuple):
    """An event that a plan may ask about. ``ingested`` is when it came to be there, its own time where it does not say;
    times are in milliseconds. ``always``: it counts whenever it was, as an indicator does."""

    position: int
    time: int
    ingested: int
    document: Document
    always: bool


class Keeper(Collector[list[Event]]):
    """Collects the events that a plan may ask about; it raises no alerts. Events without a time are in no window."""

    def __init__(self, plan: Plan, window: Window, predicates: Predicates) -> None:
        own = Predicates()
        asked = collector(plan, window, own)
        own.ready(candidates(plan))
        self._plan = plan
        self._select = selecting(predicates, candidates(plan))
        self._always = selecting(predicates, _indicating(plan))
        self._hits = Hits(plan, window)
        self._read = list(dict.fromkeys([*own.paths, *asked.paths, *self._hits.paths]))
        self._whole = _needs_documents(plan, self._read)
        self._events: list[Event] = []
        self.paths = [*self._read, INGESTED.path]

    def collect(self, evaluator: Evaluator) -> list[Event] | None:
        selected = self._select(evaluator)
        if not selected:
            return None
        always = self._always(evaluator)
        found = self._hits.among(evaluator, selected)
        hits = [(row, hit) for row, hit in found if not hit.timeless or always >> row & 1]
        rows = of_rows([row for row, _ in hits], evaluator.size)
        ingested = evaluator.column(INGESTED, rows)
        documents = self._documents(evaluator, rows, [row for row, _ in hits])
        return [
            Event(
                hit.position, hit.time, min(ingested.values(row), default=hit.time), document, bool(always >> row & 1)
            )
            for (row, hit), document in zip(hits, documents, strict=True)
        ]

    def _documents(self, evaluator: Evaluator, rows: int, numbers: list[int]) -> Iterator[Document]:
        if self._whole:
            yield from map(evaluator.document, numbers)
            return
        columns = [(path, evaluator.raw(path, rows)) for path in self._read]
        for row in numbers:
            made = ((path, _scalars(raw[row])) for path, raw in columns)
            yield {path: value for path, value in made if value is not None}

    def merge(self, part: list[Event]) -> None:
        if len(self._events) <= limits.KEPT.most:
            self._events += part

    def alerts(self) -> Iterator[Alert]:
        return iter(())

    def kept(self) -> Kept | NotEvaluated:
        """What was collected; why it cannot be, where it is more than the limit allows."""
        if len(self._events) > limits.KEPT.most:
            most, name = f"{limits.KEPT.most:,}", limits.KEPT.name
            return NotEvaluated(f"it selects more than {most} events; replay less time at once (limit {name})")
        return Kept(self._plan, self._events)


class Kept:
    """The events that a plan may ask about, to be executed over any number of windows.

    ``first`` and ``last`` are the first time of an event and the last at which one came to be there; None without any.
    """

    def __init__(self, plan: Plan, events: Iterable[Event]) -> None:
        events = sorted(events, key=attrgetter("position"))
        self._always = [row for row, event in enumerate(events) if event.always]
        self.plan = plan
        self._positions = [event.position for event in events]
        self._ingested = [event.ingested for event in events]
        self._late = any(event.ingested > event.time for event in events)
        inside = [row for row, event in enumerate(events) if not event.always]
        by_time = sorted(inside, key=lambda row: events[row].time)
        self._rows = by_time
        self._times = [events[row].time for row in by_time]
        self._predicates = Predicates()
        self._evaluator = Evaluator(Documents(0, [event.document for event in events]), self._predicates)
        self.first = self._times[0] if inside else None
        self.last = max(self._times[-1], *(events[row].ingested for row in inside)) if inside else None

    def __len__(self) -> int:
        return len(self._times)

    def holds(self, window: Window) -> bool:
        """Whether there is an event in a window, whenever it came."""
        assert window.start is not None and window.end is not None
        return bisect_left(self._times, window.start) < bisect_right(self._times, window.end)

    def run(self, plan: Plan, window: Window) -> list[Alert]:
        """The alerts of a plan, which asks what this one does, over a window with both ends.
        What was ingested later than its ``ingested`` is not there."""
        assert window.start is not None and window.end is not None
        first = bisect_left(self._times, window.start)
        last = bisect_right(self._times, window.end)
        inside = self._there(self._rows[first:last], window)
        if not inside and not plan.alerts_on_nothing:
            return []
        made = collector(plan, window, self._predicates)
        evaluator = self._evaluator.among(inside, window.now, relative=plan.relative)
        rows = inside | self._there(self._always, window)
        if window.history is not None:
            begin = bisect_left(self._times, window.history)
            rows |= made.matters(evaluator, inside, self._there(self._rows[begin:first], window))
        part = made.collect(evaluator.among(rows, window.now, relative=False))
        if part is not None:
            made.merge(part)
        found = (*made.ready(), *made.alerts())
        return [
            replace(alert, position=self._positions[alert.position]) if self._positions else alert for alert in found
        ]

    def _there(self, rows: list[int], window: Window) -> int:
        """Some rows as a set, without those that were ingested too late."""
        if self._late and (until := window.ingested) is not None:
            rows = [row for row in rows if self._ingested[row] <= until]
        return of_rows(rows, self._evaluator.size)


def candidates(plan: Plan) -> Predicate:
    """What holds of every event that a plan may ask about, in any execution."""
    every: list[Predicate] = []
    some: list[Predicate] = []
    for condition in plan.conditions():
        predicate = Always(True) if is_relative(condition.predicate) else condition.predicate
        if condition.role in (Role.EVENT, Role.FILTER):
            every.append(predicate)
        elif condition.role in (Role.JOINED, Role.ABSENT):
            some.append(predicate)
    asked: Predicate = And((*every, Or(tuple(some)))) if some else And(tuple(every))
    if plan.presupposes is not None:
        asked = Or((asked, plan.presupposes))
    indicating = _indicating(plan)
    return asked if indicating == Always(False) else Or((asked, indicating))


def _indicating(plan: Plan) -> Predicate:
    """What holds of the documents that count whenever they were."""
    asked = [condition.predicate for condition in plan.conditions() if condition.role is Role.INDICATOR]
    if not asked:
        return Always(False)
    return And(tuple([Always(True) if is_relative(one) else one for one in asked]))


def _needs_documents(plan: Plan, paths: Iterable[str]) -> bool:
    """Whether it reads more of a document than the scalars at some paths: objects, nulls, or what it does not name."""
    paths = list(paths)
    if "_source" in paths or any(_looks_around(condition.predicate) for condition in plan.conditions()):
        return True
    fields = filter(None, map(plan.mapping.get, paths))
    return any(field.null_value is not None or field.key == "" or field.type == "geo_point" for field in fields)


def _looks_around(predicate: Predicate) -> bool:
    match predicate:
        case And(items) | Or(items):
            return any(map(_looks_around, items))
        case Not(item) | IsTrue(item):
            return _looks_around(item)
    return isinstance(predicate, Nested | AnyField)


def _scalars(raw: Any) -> Any:
    """The scalars of a raw value, None for none: an object at the path is not a value of it."""
    if isinstance(raw, list):
        return [value for value in raw if not isinstance(value, dict)] or None
    return None if isinstance(raw, dict) else raw
