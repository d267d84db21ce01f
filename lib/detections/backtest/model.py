"""What a backtest says: which events were read, and how many alerts each rule would have raised over them.

Days are those of UTC. Instants are milliseconds since the epoch.
"""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import msgspec

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Instant: TypeAlias = Annotated[int, msgspec.Meta(ge=-62_135_596_800_000, le=253_402_300_799_999)]
"""Of the years 1 to 9999: those that a calendar here has."""
Days: TypeAlias = Mapping[datetime.date, Count]
"""How many of something there were on each day; a day that has none may be missing."""

FORM = 1
_DAY = 86_400_000
_EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Sources:
    """What was read. ``names`` are the files, folders or index patterns as they were given, ``refused`` counts lines
    and records that could not be read, ``first`` and ``last`` are the events' times, None where there was no event."""

    names: tuple[str, ...]
    files: Count = 0
    events: Count = 0
    bytes: Count = 0
    refused: Count = 0
    first: Instant | None = None
    last: Instant | None = None
    days: Days = field(default_factory=dict)

    @property
    def span(self) -> int:
        """How many days there are from the first event's to the last one's, both counted."""
        if self.first is None or self.last is None:
            return 0
        return max(0, self.last // _DAY - self.first // _DAY + 1)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field, as text, and how many alerts' events have it."""

    text: str
    count: Count


@dataclass(frozen=True, slots=True)
class Busiest:
    """The values of a field that most alerts' events have, most first.

    ``distinct`` is how many values the field has in all. ``approximate``: there were too many to count each, so that
    counts may be too high, and a value may be missing.
    """

    field: str
    values: tuple[Value, ...]
    distinct: Count
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """What a rule would have done. ``selected`` counts the events its query selects; ``alerts`` what is left after
    ``suppressed`` and ``excepted`` were taken off, and ``days`` are its days. ``distinct`` counts who and what the
    alerts are about: users, accounts, addresses, by the name of the field.

    ``not_evaluated`` is why the rule was not run, or which part of it was not; empty if all of it was.
    """

    rule_id: str
    name: str
    selected: Count = 0
    alerts: Count = 0
    suppressed: Count = 0
    excepted: Count = 0
    days: Days = field(default_factory=dict)
    first: Instant | None = None
    last: Instant | None = None
    distinct: Mapping[str, Count] = field(default_factory=dict)
    busiest: tuple[Busiest, ...] = ()
    not_evaluated: str = ""

    @property
    def worst(self) -> tuple[datetime.date, int] | None:
        """The day with most alerts, the earliest of several, and how many; None where there was no alert."""
        days = [(day, count) for day, count in self.days.items() if count]
        return min(days, key=lambda one: (-one[1], one[0]), default=None)

    def median(self, span: int) -> float:
        """The median of alerts a day over ``span`` days, of which those without an alert count too."""
        counts = [count for count in self.days.values() if count]
        quiet = max(0, span - len(counts))
        if quiet > len(counts):
            return 0.0
        return float(statistics.median([0] * quiet + counts)) if counts else 0.0


@dataclass(frozen=True, slots=True)
class Backtest:
    """``title`` names the data set. ``stopped`` is why not all of it was read, empty where all was."""

    title: str
    sources: Sources
    rules: tuple[Noise, ...]
    stopped: str = ""
    form: int = FORM

    @property
    def alerts(self) -> int:
        """How many alerts all rules raised together."""
        return sum(rule.alerts for rule in self.rules)

    @property
    def not_evaluated(self) -> Iterator[Noise]:
        """The rules that were not evaluated, or not all of them."""
        return (rule for rule in self.rules if rule.not_evaluated)


def day_of(instant: int) -> datetime.date:
    """The day of an instant."""
    return _EPOCH + datetime.timedelta(milliseconds=instant)
