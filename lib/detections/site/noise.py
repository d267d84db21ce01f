"""What the pages show of a backtest."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from detections.backtest import Backtest, Noise
from detections.backtest.model import day_of
from detections.errors import printable
from detections.site.chart import histogram, share, spark
from detections.site.project import ListedRule

_LONGEST = 200
"""Characters of a value that are shown."""
_MOST = 20
"""Fields that are shown of a rule, and values of a field."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value of a field, with a bar as long as its share of the alerts."""

    text: str
    count: int
    bar: Markup


@dataclass(frozen=True, slots=True)
class Loud:
    """A rule's noise in a backtest. ``entry`` is None where there is no page for the rule; then ``below`` names the
    part of this page that shows its alerts. It is empty where there are none."""

    noise: Noise
    entry: ListedRule | None
    below: str
    median: float
    spark: Markup


class View:
    """A backtest, as the templates ask for it."""

    def __init__(self, backtest: Backtest) -> None:
        self.backtest = backtest
        self.sources = backtest.sources
        self.period = _period(backtest)

    def chart(self, noise: Noise) -> Markup:
        """The alerts of a rule, day by day."""
        return histogram(noise.days, *self.period, "alert") if self.period else Markup()

    @property
    def events(self) -> Markup:
        """The events that were read, day by day."""
        return histogram(self.sources.days, *self.period, "event") if self.period and self.sources.days else Markup()

    @property
    def days(self) -> int:
        return (self.period[1] - self.period[0]).days + 1 if self.period else 0

    def median(self, noise: Noise) -> float:
        return noise.median(self.sources.span or self.days)

    def spark(self, noise: Noise) -> Markup:
        return spark(noise.days, *self.period) if self.period and noise.alerts else Markup()

    @staticmethod
    def bars(noise: Noise) -> Iterator[tuple[str, str, Sequence[Bar]]]:
        """For each field that an exception may name: its busiest values, and what is to be said of them."""
        for found in noise.busiest[:_MOST]:
            most = max((value.count for value in found.values), default=0)
            bars = [
                Bar(_shown(one.text), one.count, share(one.count, max(noise.alerts, most)))
                for one in found.values[:_MOST]
            ]
            about = "about " if found.approximate else ""
            yield found.field, f"{about}{found.distinct:,} value{'s' * (found.distinct != 1)}", bars

    def loudest(self, by_id: Mapping[str, ListedRule]) -> list[Loud]:
        """The rules that were evaluated, most alerts first."""
        ran = [rule for rule in self.backtest.rules if rule.ran or rule.difference or rule.broken]
        ran.sort(key=lambda one: (-one.alerts, -one.selected, one.name, one.rule_id))
        found = []
        for number, one in enumerate(ran, 1):
            entry = by_id.get(one.rule_id)
            below = "" if entry or not (one.alerts or one.difference) else f"rule-{number}"
            found.append(Loud(one, entry, below, self.median(one), self.spark(one)))
        return found


def _period(backtest: Backtest) -> tuple[datetime.date, datetime.date] | None:
    """The first day and the last one that was read; of a backtest that does not say it, of its alerts."""
    sources = backtest.sources
    if sources.first is not None and sources.last is not None:
        first, last = sorted((sources.first, sources.last))
        return day_of(first), day_of(last)
    days = [day for noise in backtest.rules for day in noise.days]
    return (min(days), max(days)) if days else None


def _shown(text: str) -> str:
    """A value of an event, which may be anything: on one line, and not longer than a cell has room for."""
    whole = printable(" ".join(text.split())) or "(empty)"
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"
