"""The time that a plan runs over, and where a document's time is.

All instants are milliseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where a document's time is: the primary field (``timestamp_override``), else ``fallback`` (``@timestamp``).

    ``fallback`` is None when there is no override or the rule disabled the fallback. Kibana calls the result the
    combined timestamp.
    """

    primary: str = "@timestamp"
    fallback: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, the one that counts first."""
        return (self.primary,) if self.fallback is None else (self.primary, self.fallback)


TIMESTAMP = TimeField()


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one execution, both ends inclusive; ``None`` is open. ``history`` is where new terms look back to.

    With an open ``start`` there is no history: a new term alerts at its first document. ``now`` is when the execution
    starts, which date math counts from; None is when it is run. What came to be there after ``ingested``
    (``event.ingested``) is not seen; None sees everything.
    """

    start: int | None = None
    end: int | None = None
    history: int | None = None
    now: int | None = None
    ingested: int | None = None

    def holds(self, time: int) -> bool:
        """Whether an instant lies in the window."""
        return (self.start is None or self.start <= time) and (self.end is None or time <= self.end)
