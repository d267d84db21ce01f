"""Which time of events is needed."""

from __future__ import annotations

from dataclasses import dataclass

_DELIVERY = 24 * 3_600_000
"""Events may be in files of up to so many milliseconds later."""


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Milliseconds, both ends inside; None is an open end."""

    start: int | None = None
    end: int | None = None

    def misses(self, start: int, end: int) -> bool:
        """Whether files from between two instants have nothing that is needed."""
        return (self.start is not None and end < self.start) or (self.end is not None and start > self.end + _DELIVERY)

    def holds(self, start: int, end: int) -> bool:
        """Whether all files from between two instants may have something that is needed."""
        return (self.start is None or start >= self.start) and (self.end is None or end <= self.end + _DELIVERY)


EVERYTHING = TimeRange()
