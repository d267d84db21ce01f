"""Dates as Elasticsearch 9.2 reads and prints them: ``strict_date_optional_time||epoch_millis``, UTC, milliseconds.

Facts that surprise: four digits are a year also as a JSON number (``2024``), so are they with a sign; a missing part is
the lowest when rounding down, and when rounding up the *first* month and day but the last hour, minute and second; a
fraction may follow a comma and has at most nine digits. Zones are offsets, ``Z``, ``UTC``, ``GMT`` and ``UT``; region
names (``Europe/Paris``), which Java also reads, are refused.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_ISO = re.compile(
    r"(-?)([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T(?:([0-9]{2})(?::([0-9]{2})"
    r"(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?(\D.*)?)?)?)?)?",
    re.ASCII | re.DOTALL,
)
_EPOCH = re.compile(r"(-?[0-9]{1,19})(?:\.([0-9]{0,6}))?", re.ASCII)
_ZONE = re.compile(
    r"Z|(?:UTC|GMT|UT)?([+-])(?:([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?)|(?:UTC|GMT|UT)(?:([+-])([0-9]))?",
    re.ASCII,
)
_DAY = 86_400_000
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_WIDEST_OFFSET = 18 * 3_600_000
_EPOCH_DAY = 719_468
_LONGEST = 64


def parse_date(raw: str | int | float, *, round_up: bool = False, zone: int = 0) -> int | None:
    """Milliseconds since the epoch, None where Elasticsearch refuses the value.

    ``round_up`` fills in missing parts as the upper end of a range does (``2024-01-01`` is its last millisecond).
    ``zone`` is the offset, in milliseconds, of a text that names none.
    """
    if isinstance(raw, bool):
        return None
    return _parse(raw if isinstance(raw, str) else str(raw), round_up, zone)


@functools.lru_cache(maxsize=16384)
def _parse(text: str, round_up: bool, zone: int) -> int | None:
    if len(text) > _LONGEST:
        return None
    found = _ISO.fullmatch(text)
    if found is not None:
        return _from_parts(found, round_up, zone)
    number = _EPOCH.fullmatch(text)
    if number is None:
        return None
    whole, fraction = number.groups("")
    instant = int(whole) - (whole.startswith("-") and fraction.strip("0") != "")
    return instant if -(2**63) <= instant < 2**63 else None


def _from_parts(found: re.Match[str], round_up: bool, zone: int) -> int | None:
    sign, year, month, day, hour, minute, second, fraction, suffix = found.groups()
    if suffix:
        offset = parse_zone(suffix)
        if offset is None:
            return None
        zone = offset
    date = days_from_civil(int(sign + year), int(month or 1), int(day or 1))
    if date is None:
        return None
    top = (23, 59, 59, "999") if round_up else (0, 0, 0, "0")
    h, m, s = int(hour or top[0]), int(minute or top[1]), int(second or top[2])
    if h > 23 or m > 59 or s > 59:
        return None
    milliseconds = int((fraction or top[3]).ljust(3, "0")[:3])
    return date * _DAY + h * 3_600_000 + m * 60_000 + s * 1000 + milliseconds - zone


NANOSECONDS_A_MILLISECOND = 1_000_000
_FRACTION = re.compile(r"T[0-9:]+[.,]([0-9]{4,9})", re.ASCII)


def parse_nanoseconds(raw: str | int | float) -> int | None:
    """Nanoseconds since the epoch, with what stands behind the milliseconds."""
    instant = parse_date(raw)
    if instant is None:
        return None
    fraction = _FRACTION.search(raw) if isinstance(raw, str) else None
    return instant * NANOSECONDS_A_MILLISECOND + (0 if fraction is None else int(fraction[1].ljust(9, "0")[3:]))


def format_nanoseconds(instant: int) -> str:
    """``2024-10-16T11:47:34.123456789Z``, with as many digits of the fraction as are wanted, but three at least."""
    milliseconds, rest = divmod(instant, NANOSECONDS_A_MILLISECOND)
    return f"{format_date(milliseconds)[:-1]}{f'{rest:06d}'.rstrip('0')}Z"


def days_from_civil(year: int, month: int, day: int) -> int | None:
    """Days since 1970-01-01 of a date (proleptic Gregorian, with a year 0); None where there is no such day."""
    if not 1 <= month <= 12 or not 1 <= day <= days_in_month(year, month):
        return None
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _EPOCH_DAY


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01."""
    era, of_era = divmod(days + _EPOCH_DAY, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def days_in_month(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS[month - 1]


def parse_zone(text: str) -> int | None:
    """The offset of a zone from UTC in milliseconds: ``Z``, ``+02:00``, ``-0530``, ``UTC``, ``UTC+1``."""
    found = _ZONE.fullmatch(text)
    if found is None:
        return None
    sign, hours, minutes, seconds, short_sign, short = found.groups()
    sign, hours = sign or short_sign, hours or short
    if sign is None:
        return 0
    if int(minutes or 0) > 59 or int(seconds or 0) > 59:
        return None
    offset = (int(hours) * 60 + int(minutes or 0)) * 60_000 + int(seconds or 0) * 1000
    if offset > _WIDEST_OFFSET:
        return None
    return -offset if sign == "-" else offset


def format_date(instant: int) -> str:
    """``2024-10-16T11:47:34.000Z``: how Elasticsearch prints an instant."""
    days, of_day = divmod(instant, _DAY)
    year, month, day = civil_from_days(days)
    seconds, milliseconds = divmod(of_day, 1000)
    shown = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}" if year > 0 else f"-{-year:04d}"
    return (
        f"{shown}-{month:02d}-{day:02d}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        f".{milliseconds:03d}Z"
    )


def combined(fields: Iterable[Iterable[int]]) -> int | None:
    """Kibana's combined timestamp: the earliest value of the first field that has any (``timestamp_override``, then
    ``@timestamp``); None where none has."""
    return next((earliest for values in fields if (earliest := min(values, default=None)) is not None), None)


def to_datetime(instant: int) -> datetime:
    """The instant as an aware datetime. Raises OverflowError outside the years 1 to 9999."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
