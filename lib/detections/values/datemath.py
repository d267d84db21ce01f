"""Date math as Elasticsearch 9.2 reads it: ``now-6m``, ``now-7d/d``, ``2024-01-01||+1M/d``."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from detections.values.dates import civil_from_days, days_from_civil, days_in_month, parse_date


@dataclass(frozen=True, slots=True)
class Relative:
    """An instant that is known once it is ``now``: date math that begins with this word."""

    text: str
    round_up: bool = False

    def at(self, now: int) -> int:
        """The instant, in milliseconds since the epoch. Raises ValueError: it is not date math."""
        return resolve(self.text, now, self.round_up)

    def __str__(self) -> str:
        return self.text


_STEP = re.compile(r"(?:([+-])([0-9]*)|(/)1?)([yMwdhHms])", re.ASCII)
_FIXED = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "H": 3_600_000, "m": 60_000, "s": 1000}
_DAY = _FIXED["d"]
_MOST_DIGITS = 10
_FARTHEST_YEAR = 200_000_000


@functools.lru_cache(maxsize=4096)
def resolve(expression: str, now: int, round_up: bool = False) -> int:
    """The instant that an expression means, in milliseconds since the epoch, when it is ``now``.

    ``round_up`` answers for the upper end of a range: rounding (``/d``) goes to the last millisecond of the unit, and a
    date without its time to the last of the day. Raises ValueError, saying what is wrong.
    """
    if expression.startswith("now"):
        instant, math = now, expression[3:]
    else:
        date, bars, math = expression.partition("||")
        parsed = parse_date(date, round_up=round_up and not bars)
        if parsed is None:
            raise ValueError(f"{_quoted(date)} is not a date")
        instant = parsed
    at = 0
    while at < len(math):
        step = _STEP.match(math, at)
        if step is None:
            raise ValueError(f"{_quoted(math[at:])} is not date math: expected +, - or / and one of y M w d h H m s")
        sign, count, rounds, unit = step.groups()
        if rounds:
            instant = _round(instant, unit, round_up)
        elif len(count) > _MOST_DIGITS:
            raise ValueError(f"{_quoted(count)} is too large a number for date math")
        else:
            amount = int(count or 1)
            instant = _add(instant, -amount if sign == "-" else amount, unit)
        at = step.end()
    return instant


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _add(instant: int, amount: int, unit: str) -> int:
    if unit in _FIXED:
        return instant + amount * _FIXED[unit]
    days, of_day = divmod(instant, _DAY)
    year, month, day = civil_from_days(days)
    if unit == "y":
        year += amount
    else:
        years, index = divmod(month - 1 + amount, 12)
        year, month = year + years, index + 1
    if abs(year) > _FARTHEST_YEAR:
        raise ValueError("date math leads out of the calendar")
    moved = days_from_civil(year, month, min(day, days_in_month(year, month)))
    assert moved is not None
    return moved * _DAY + of_day


def _round(instant: int, unit: str, up: bool) -> int:
    floor = _floor(instant, unit)
    return _add(floor, 1, unit) - 1 if up else floor


def _floor(instant: int, unit: str) -> int:
    if unit == "w":
        days = instant // _DAY
        return (days - (days + 3) % 7) * _DAY
    if unit in _FIXED:
        return instant - instant % _FIXED[unit]
    year, month, _ = civil_from_days(instant // _DAY)
    first = days_from_civil(year, 1 if unit == "y" else month, 1)
    assert first is not None
    return first * _DAY
