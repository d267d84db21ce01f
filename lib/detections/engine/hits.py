"""The events of a batch that a plan selects in its window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from detections.engine.alert import Hit
from detections.engine.column import Column
from detections.engine.evaluator import EVENT_ID, Evaluator
from detections.mapping import SOURCE, Field
from detections.plan import Plan, Window
from detections.values.bits import rows_of
from detections.values.coerce import Scalar, json_text
from detections.values.dates import format_date
from detections.values.ip import format_ip
from detections.values.limits import SHOWN_VALUES


class Hits:
    """Reads time, id and shown fields of selected events, and leaves out those outside of a window, or of its history
    before it. In a window that has no end at all lie the events without a time, too."""

    def __init__(self, plan: Plan, window: Window, *, with_history: bool = False) -> None:
        self._fields = [Field(name, "date") for name in plan.time.names]
        self._shown = list(map(_readable, plan.shown))
        self._grouped = [] if plan.suppression is None else list(map(_readable, plan.suppression.fields))
        self._start = window.history if with_history and window.start is not None else window.start
        self._end = window.end
        self._bounded = window.start is not None or window.end is not None
        self.paths = [field.path for field in (*self._fields, EVENT_ID, *self._shown, *self._grouped)]

    def among(self, evaluator: Evaluator, rows: int) -> Iterator[tuple[int, Hit]]:
        """The events among some rows, with their rows."""
        times = [evaluator.column(field, rows) for field in self._fields]
        names = evaluator.column(EVENT_ID, rows)
        more = [(field, evaluator.column(field, rows)) for field in self._shown] if rows else []
        groups = [(field, evaluator.deciding(field, rows)) for field in self._grouped] if rows else []
        for row in rows_of(rows):
            # Kibana's combined timestamp: the override where there is one, else @timestamp.
            time = next((min(values) for column in times if (values := column.values(row))), None)
            if self._bounded and (time is None or not self._holds(time)):
                continue
            name = names.values(row)
            texts = tuple([_texts(field, column, row) for field, column in more])
            grouped = tuple([grouping(field, column.values(row)) for field, column in groups])
            position = (evaluator.ordinal << 32) + row
            yield row, Hit(time is None, time or 0, position, name[0] if name else "", texts, grouped)

    def _holds(self, time: int) -> bool:
        return (self._start is None or time >= self._start) and (self._end is None or time <= self._end)


def shown(field: Field, value: Scalar) -> str:
    """A value as an alert shows it: as an aggregation's key, in text."""
    if isinstance(value, int) and field.family == "date":
        return format_date(value)
    return format_ip(value) if isinstance(value, int) and field.family == "ip" else json_text(value)


def grouping(field: Field, values: Iterable[Scalar]) -> tuple[str, ...]:
    """The values of an event that it is grouped by: each once, sorted."""
    return tuple(sorted({shown(field, value) for value in values}))


def _readable(field: Field) -> Field:
    """A field whose values are read: of a text those in the document."""
    return replace(field, type=SOURCE) if field.family == "text" else field


def _texts(field: Field, column: Column, row: int) -> tuple[str, ...]:
    texts = [shown(field, value) for value in islice(column.values(row), SHOWN_VALUES.most)]
    return tuple(dict.fromkeys(texts)) if len(texts) > 1 else tuple(texts)
