"""What was read, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was read, and how much was not.

    ``files`` were asked for, ``unread`` of them could not be read, or not to their end. ``bytes`` are those of the
    events, unpacked. ``refused`` are the places in files that are not events, lines as a rule. ``whole`` of the events
    were made whole because their shape is out of the way, where others gave only what was asked for. ``first`` and
    ``last`` are the events' earliest and latest times, in milliseconds; ``days`` how many there are on each day, by its
    number since 1970-01-01.
    """

    files: int = 0
    unread: int = 0
    events: int = 0
    bytes: int = 0
    refused: int = 0
    whole: int = 0
    first: int | None = None
    last: int | None = None
    days: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.files + other.files,
            self.unread + other.unread,
            self.events + other.events,
            self.bytes + other.bytes,
            self.refused + other.refused,
            self.whole + other.whole,
            min((time for time in (self.first, other.first) if time is not None), default=None),
            max((time for time in (self.last, other.last) if time is not None), default=None),
            Counter(self.days) + Counter(other.days) if other.days else self.days,
        )
