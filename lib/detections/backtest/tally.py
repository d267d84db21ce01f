"""The alerts of one rule, counted as they come. What is kept does not grow with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from detections.backtest.fields import COUNTED
from detections.backtest.model import Busiest, Noise, Value, day_of, in_calendar
from detections.backtest.sketch import Distinct, Frequent
from detections.engine.alert import Alert
from detections.values.limits import BACKTEST_DAYS

TOP = 10
"""Values of a field that are named."""
_DAY = 86_400_000
_LONGEST = 1000


class Tally:
    """Counts alerts by day and by the values of ``fields``, which are the names of what the alerts show."""

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = [(name, Frequent(), Distinct()) for name in fields]
        self._days: Counter[int] = Counter()
        self._first: int | None = None
        self._last: int | None = None
        self.alerts = 0

    def add(self, alert: Alert) -> None:
        self.alerts += 1
        time = alert.timestamp
        if time is not None and in_calendar(time):
            self._first = time if self._first is None else min(self._first, time)
            self._last = time if self._last is None else max(self._last, time)
            day = time // _DAY
            if day in self._days or len(self._days) < BACKTEST_DAYS.most:
                self._days[day] += 1
        if not alert.shown:  # a row that no event is behind
            return
        for (_, frequent, distinct), values in zip(self._fields, alert.shown, strict=True):
            for value in values:
                frequent.add(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…")
                distinct.add(value)

    def noise(self, rule_id: str, name: str, *, selected: int, left_out: str = "") -> Noise:
        """What was counted."""
        return Noise(
            rule_id, name, selected=selected, alerts=self.alerts,
            days={day_of(day * _DAY): count for day, count in sorted(self._days.items())},
            first=self._first, last=self._last,
            distinct={name: distinct.count for name, _, distinct in self._fields if name in COUNTED and distinct.count},
            busiest=tuple(self._busiest()), left_out=left_out,
        )  # fmt: skip

    def _busiest(self) -> list[Busiest]:
        """The fields that have values; of two that say the same, the first."""
        found: dict[object, Busiest] = {}
        for name, frequent, distinct in self._fields:
            values = tuple(Value(text, count) for text, count in frequent.top(TOP))
            if values:
                approximate = frequent.approximate or distinct.approximate
                found.setdefault((values, distinct.count), Busiest(name, values, distinct.count, approximate))
        return list(found.values())
