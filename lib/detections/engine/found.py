"""Selected events in a window, and what a collector of them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from detections.engine.alert import Alert
from detections.engine.bits import rows_of
from detections.engine.evaluator import Evaluator
from detections.mapping import Field
from detections.plan import Plan, TimeField, Window

EVENT_ID = Field("event.id", "keyword")


class Found(NamedTuple):
    """A selected event, ordered as alerts are: by time (an event without one comes last), then by input."""

    timeless: bool
    time: int
    position: int
    event_id: str

    @property
    def timestamp(self) -> int | None:
        return None if self.timeless else self.time

    @property
    def event_ids(self) -> tuple[str, ...]:
        return (self.event_id,) if self.event_id else ()


class Collector(Protocol):
    paths: list[str]

    def collect(self, evaluator: Evaluator) -> Any:
        """What one batch has for the plan."""
        ...

    def merge(self, collected: Any) -> None:
        """Add what a batch had."""
        ...

    def alerts(self) -> Iterator[Alert]:
        """The alerts, when all batches were merged."""
        ...


class Within:
    """The selected events of a batch that lie in a window."""

    def __init__(self, time: TimeField, start: int | None, end: int | None, *, bounded: bool) -> None:
        self._fields = [Field(name, "date") for name in (time.primary, time.fallback) if name]
        self._start = start
        self._end = end
        self._bounded = bounded
        self.paths = [*(field.path for field in self._fields), EVENT_ID.path]

    def found(self, evaluator: Evaluator, rows: int) -> Iterator[tuple[int, Found]]:
        """The events among some rows, with their rows."""
        times = [evaluator.column(field) for field in self._fields]
        names = evaluator.column(EVENT_ID)
        for row in rows_of(rows):
            # Kibana's combined timestamp: the override where there is one, else @timestamp.
            time = next((min(values) for column in times if (values := column.values(row))), None)
            if self._bounded and (time is None or not self._holds(time)):
                continue
            name = names.values(row)
            yield row, Found(time is None, time or 0, (evaluator.ordinal << 32) + row, name[0] if name else "")

    def _holds(self, time: int) -> bool:
        return (self._start is None or time >= self._start) and (self._end is None or time <= self._end)


def within(plan: Plan, window: Window) -> Within:
    """The window that a plan's candidates lie in."""
    return Within(plan.time, window.start, window.end, bounded=bounded(window))


def bounded(window: Window) -> bool:
    """Whether the window has an end at all; in one that has none lie the events without a time, too."""
    return window.start is not None or window.end is not None


def alerts_on(plan: Plan, found: Iterable[Found]) -> Iterator[Alert]:
    """One alert an event."""
    for event in found:
        yield Alert(plan.rule_id, plan.rule_name, event.timestamp, event.event_ids, position=event.position)
