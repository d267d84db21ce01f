"""Rule type new_terms: tuples of values that were not there before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.mapping import Field
from detections.plan.kinds.selection import SelectionPlan
from detections.plan.outline import Outline
from detections.plan.plan import Variant
from detections.values import datemath


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTermsPlan(SelectionPlan):
    """T are the tuples of the ``fields``' values (cartesian product of several values; a document that lacks one gives
    none) over the selected documents in the window; a tuple is new when its first selected document at or after
    ``Window.history`` is strictly later than ``Window.start``; its alert stands on its first document in the window.
    ``history_window_start`` is date math relative to the window's end (``now-14d``).
    """

    fields: tuple[Field, ...]
    history_window_start: str

    @property
    def lookback(self) -> int:
        # New is what was first seen strictly after the start: of an inner slice, after the end of the one before.
        return 1

    def history(self, now: int) -> int:
        try:
            return datemath.resolve(self.history_window_start, now)
        except ValueError as error:
            raise ValueError(f"history_window_start: {error}") from None

    def variants(self) -> Iterator[Variant]:
        for number, field in enumerate(self.fields):
            if len(self.fields) > 1:
                left = self.fields[:number] + self.fields[number + 1 :]
                yield Variant(f"new terms without {field.name}", replace(self, fields=left, sent=None))
        for change, start in (("history of an hour", "now-1h"), ("history without end", "now-100y")):
            yield Variant(change, replace(self, history_window_start=start))

    def quiet(self) -> str:
        return f"the query finds its event: {self._names} are not new, or one of them has no value"

    def asks(self) -> Iterator[Outline]:
        yield Outline(f"new terms: {self._names} since {self.history_window_start}")
        yield from SelectionPlan.asks(self)

    @property
    def _names(self) -> str:
        return ", ".join(field.name for field in self.fields)
