"""The events of a batch that a plan selects in its window."""

from __future__ import annotations

from collections.abc import Iterator

from detections.engine.alert import Hit
from detections.engine.evaluator import EVENT_ID, Evaluator
from detections.mapping import Field
from detections.plan import TimeField, Window
from detections.values.bits import rows_of


class Hits:
    """Reads time and id of selected events, and leaves out those outside of a window, or of its history before it. In a
    window that has no end at all lie the events without a time, too."""

    def __init__(self, time: TimeField, window: Window, *, with_history: bool = False) -> None:
        self._fields = [Field(name, "date") for name in time.names]
        self._start = window.history if with_history and window.start is not None else window.start
        self._end = window.end
        self._bounded = window.start is not None or window.end is not None
        self.paths = [*(field.path for field in self._fields), EVENT_ID.path]

    def among(self, evaluator: Evaluator, rows: int) -> Iterator[tuple[int, Hit]]:
        """The events among some rows, with their rows."""
        times = [evaluator.column(field, rows) for field in self._fields]
        names = evaluator.column(EVENT_ID, rows)
        for row in rows_of(rows):
            # Kibana's combined timestamp: the override where there is one, else @timestamp.
            time = next((min(values) for column in times if (values := column.values(row))), None)
            if self._bounded and (time is None or not self._holds(time)):
                continue
            name = names.values(row)
            yield row, Hit(time is None, time or 0, (evaluator.ordinal << 32) + row, name[0] if name else "")

    def _holds(self, time: int) -> bool:
        return (self._start is None or time >= self._start) and (self._end is None or time <= self._end)
