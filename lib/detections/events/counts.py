"""What was read, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was read, and how much was not.

    ``files`` were asked for, ``unread`` of them could not be read, or not to their end. ``bytes`` are those of the
    events, unpacked. ``refused`` are the places in files that are no event, lines as a rule. ``whole`` of the events
    were made whole because their shape is out of the way, where others gave only what was asked for. ``first`` and
    ``last`` are the events' earliest and latest times, in milliseconds.
    """

    files: int = 0
    unread: int = 0
    events: int = 0
    bytes: int = 0
    refused: int = 0
    whole: int = 0
    first: int | None = None
    last: int | None = None

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
        )
