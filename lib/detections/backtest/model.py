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
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999
Instant: TypeAlias = Annotated[int, msgspec.Meta(ge=_FIRST, le=_LAST)]
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
        """How many days there were events on; where that is not known, how many there are from the first event's to
        the last one's, both counted."""
        if self.days:
            return sum(map(bool, self.days.values()))
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
class Example:
    """An alert, named by what it stands on."""

    timestamp: Instant | None
    event_ids: tuple[str, ...]
    new_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A rule that is another one in the base. ``alerts`` are those of the base's version; ``gained`` raises only the
    rule as it is now, ``lost`` only the base's; of each the first ones are examples. ``unknown`` is why the base's
    version was not evaluated, empty if it was; ``new``: the base has no such rule, ``gone``: only the base has it.
    """

    alerts: Count = 0
    gained: Count = 0
    lost: Count = 0
    gained_examples: tuple[Example, ...] = ()
    lost_examples: tuple[Example, ...] = ()
    unknown: str = ""
    new: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Noise:
    """What a rule would have done. ``selected`` counts the events its query selects; ``alerts`` what is left after
    ``suppressed`` and ``excepted`` were taken off, and ``days`` are its days. ``distinct`` counts who and what the
    alerts are about: users, accounts, addresses, by the name of the field.

    ``not_evaluated`` is why the rule was not run, ``left_out`` which part of a rule that was run was not taken into
    account; each empty where that is not so. ``difference`` is how it differs from the rule in the backtest's base,
    None where it does not. ``broken`` are the bounds of the rule's case file that the alerts break, each in words.
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
    left_out: str = ""
    difference: Difference | None = None
    broken: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether the rule was run."""
        return not self.not_evaluated and not (self.difference and self.difference.gone)

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
    """``title`` names the data set. ``stopped`` is why not all of it was read, empty where all was. ``base`` names the
    rules that these are compared with, empty where there are none."""

    title: str
    sources: Sources
    rules: tuple[Noise, ...]
    stopped: str = ""
    base: str = ""
    form: int = FORM

    @property
    def alerts(self) -> int:
        """How many alerts all rules raised together."""
        return sum(rule.alerts for rule in self.rules)

    @property
    def not_evaluated(self) -> Iterator[Noise]:
        """The rules that were not evaluated, or not all of them."""
        return (rule for rule in self.rules if rule.not_evaluated or rule.left_out)


def in_calendar(instant: int) -> bool:
    """Whether an instant is one of the years 1 to 9999."""
    return _FIRST <= instant <= _LAST


def day_of(instant: int) -> datetime.date:
    """The day of an instant."""
    return _EPOCH + datetime.timedelta(milliseconds=instant)
