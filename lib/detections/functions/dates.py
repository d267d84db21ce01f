"""Functions over instants (Elasticsearch 9.2): milliseconds since the epoch, always UTC."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from detections.functions import dateformat
from detections.functions.numbers import divide
from detections.functions.signature import (
    DATETIME,
    NANOSECONDS,
    SPAN,
    STRING,
    Duration,
    Function,
    Implementation,
    OutOfRange,
    Parameter,
    Period,
    Types,
    function,
    in_range,
    typed,
)
from detections.values.dates import (
    NANOSECONDS_A_MILLISECOND,
    civil_from_days,
    days_from_civil,
    days_in_month,
    format_date,
    parse_date,
)

DAY = 86_400_000
UNITS: dict[str, Callable[[int], Period | Duration]] = {
    "millisecond": Duration,
    "second": lambda amount: Duration(amount * 1000),
    "minute": lambda amount: Duration(amount * 60_000),
    "hour": lambda amount: Duration(amount * 3_600_000),
    "day": lambda amount: Period(days=amount),
    "week": lambda amount: Period(days=amount * 7),
    "month": Period,
    "quarter": lambda amount: Period(amount * 3),
    "year": lambda amount: Period(amount * 12),
}
"""What so many of a unit are."""

_FARTHEST_YEAR = 292_278_994


def strict_date(text: str) -> int:
    """An instant as ``strict_date_optional_time`` reads it: no number but a year. Raises ValueError."""
    parsed = None if text.lstrip("-").isdecimal() and len(text.lstrip("-")) != 4 else parse_date(text)
    if parsed is None:
        raise ValueError(f"failed to parse date field [{text}] with format [strict_date_optional_time]")
    return parsed


def add(instant: int, span: Period | Duration, sign: int = 1) -> int:
    """The instant so much later. A day that the month lacks is its last. Raises ArithmeticError (out of range)."""
    if isinstance(span, Duration):
        return in_range(instant + sign * span.milliseconds, "datetime")
    moved = _add_months(instant, sign * span.months) if span.months else instant
    return in_range(moved + sign * span.days * DAY, "datetime")


def _add_months(instant: int, months: int) -> int:
    days, of_day = divmod(instant, DAY)
    year, month, day = civil_from_days(days)
    years, index = divmod(month - 1 + months, 12)
    return _day(year + years, index + 1, day) * DAY + of_day


def _day(year: int, month: int, day: int) -> int:
    if abs(year) > _FARTHEST_YEAR:
        raise ArithmeticError("out of the calendar")
    made = days_from_civil(year, month, min(day, days_in_month(year, month)))
    assert made is not None
    return made


def check_interval(span: Period | Duration) -> None:
    """Raises ValueError where DATE_TRUNC cannot cut to this span."""
    if isinstance(span, Period) and span.months and span.days:
        raise ValueError("time interval with multiple periods is not supported")
    if (span.milliseconds if isinstance(span, Duration) else span.months + span.days) <= 0:
        raise ValueError("zero or negative time interval is not supported")


def truncate(span: Period | Duration, instant: int) -> int:
    check_interval(span)
    if isinstance(span, Duration):
        return instant - instant % span.milliseconds
    if span.days == 7:
        days = instant // DAY
        return (days - (days + 3) % 7) * DAY
    if span.days:
        return instant - instant % (span.days * DAY)
    # Counted from year 1, not from the epoch.
    year, month, _ = civil_from_days(instant // DAY)
    total = (year - 1) * 12 + month - 1
    years, index = divmod(total - total % span.months, 12)
    return _day(years + 1, index + 1, 1) * DAY


def _truncation(types: Types) -> Implementation:
    if types[1] != "date_nanos":
        return truncate
    return lambda span, instant: truncate(span, instant // NANOSECONDS_A_MILLISECOND) * NANOSECONDS_A_MILLISECOND


_PARTS = {
    "year": ("years", "yyyy", "yy"), "quarter": ("quarters", "qq", "q"), "month": ("months", "mm", "m"),
    "day": ("days", "dd", "d", "dayofyear", "dy", "y", "weekday", "weekdays", "dw"),
    "week": ("weeks", "wk", "ww"), "hour": ("hours", "hh"), "minute": ("minutes", "mi", "n"),
    "second": ("seconds", "ss", "s"), "millisecond": ("milliseconds", "ms"),
    "microsecond": ("microseconds", "mcs"), "nanosecond": ("nanoseconds", "ns"),
}  # fmt: skip
_DIFF_UNITS = {spelling: unit for unit, others in _PARTS.items() for spelling in (unit, *others)}
_FINER = {"microsecond": 1000, "nanosecond": 1_000_000}
_LENGTHS = {"week": 7 * DAY, "day": DAY, "hour": 3_600_000, "minute": 60_000, "second": 1000, "millisecond": 1}


def diff_unit(name: str) -> str:
    """The unit of DATE_DIFF that is spelled so. Raises ValueError."""
    unit = _DIFF_UNITS.get(name.lower())
    if unit is None:
        raise ValueError(f"[{name}] is not a unit of DATE_DIFF: expected one of {', '.join(_PARTS)}")
    return unit


def _diff(name: str, start: int, end: int) -> int:
    unit = diff_unit(name)
    if unit in _FINER:
        made = (end - start) * _FINER[unit]
    elif unit in _LENGTHS:
        made = divide(end - start, _LENGTHS[unit])
    else:
        made = divide(_whole_months(start, end), {"year": 12, "quarter": 3, "month": 1}[unit])
    if not -(2**31) <= made < 2**31:
        raise OutOfRange(f"[{made}] out of [integer] range")
    return made


def _whole_months(start: int, end: int) -> int:
    (year, month, *rest), (to_year, to_month, *to_rest) = _in_month(start), _in_month(end)
    months = (to_year - year) * 12 + to_month - month
    if months > 0 and to_rest < rest:
        return months - 1
    return months + 1 if months < 0 and to_rest > rest else months


def _in_month(instant: int) -> tuple[int, int, int, int]:
    days, of_day = divmod(instant, DAY)
    return *civil_from_days(days), of_day


def _day_of_year(days: int) -> int:
    first = days_from_civil(civil_from_days(days)[0], 1, 1)
    assert first is not None
    return days - first + 1


_FIELDS: dict[str, Callable[[int, int], int]] = {
    # From the day since the epoch and the milliseconds of the day.
    "aligned_day_of_week_in_month": lambda days, ms: (civil_from_days(days)[2] - 1) % 7 + 1,
    "aligned_day_of_week_in_year": lambda days, ms: (_day_of_year(days) - 1) % 7 + 1,
    "aligned_week_of_month": lambda days, ms: (civil_from_days(days)[2] - 1) // 7 + 1,
    "aligned_week_of_year": lambda days, ms: (_day_of_year(days) - 1) // 7 + 1,
    "ampm_of_day": lambda days, ms: ms // 43_200_000,
    "clock_hour_of_ampm": lambda days, ms: (ms // 3_600_000 - 1) % 12 + 1,
    "clock_hour_of_day": lambda days, ms: (ms // 3_600_000 - 1) % 24 + 1,
    "day_of_month": lambda days, ms: civil_from_days(days)[2],
    "day_of_week": lambda days, ms: (days + 3) % 7 + 1,
    "day_of_year": lambda days, ms: _day_of_year(days),
    "epoch_day": lambda days, ms: days,
    "era": lambda days, ms: int(civil_from_days(days)[0] >= 1),
    "hour_of_ampm": lambda days, ms: ms // 3_600_000 % 12,
    "hour_of_day": lambda days, ms: ms // 3_600_000,
    "instant_seconds": lambda days, ms: days * 86_400 + ms // 1000,
    "micro_of_day": lambda days, ms: ms * 1000,
    "micro_of_second": lambda days, ms: ms % 1000 * 1000,
    "milli_of_day": lambda days, ms: ms,
    "milli_of_second": lambda days, ms: ms % 1000,
    "minute_of_day": lambda days, ms: ms // 60_000,
    "minute_of_hour": lambda days, ms: ms // 60_000 % 60,
    "month_of_year": lambda days, ms: civil_from_days(days)[1],
    "nano_of_day": lambda days, ms: ms * 1_000_000,
    "nano_of_second": lambda days, ms: ms % 1000 * 1_000_000,
    "offset_seconds": lambda days, ms: 0,
    "proleptic_month": lambda days, ms: civil_from_days(days)[0] * 12 + civil_from_days(days)[1] - 1,
    "second_of_day": lambda days, ms: ms // 1000,
    "second_of_minute": lambda days, ms: ms // 1000 % 60,
    "year": lambda days, ms: civil_from_days(days)[0],
    "year_of_era": lambda days, ms: max(civil_from_days(days)[0], 1 - civil_from_days(days)[0]),
}


def _field(name: str) -> Callable[[int, int], int]:
    made = _FIELDS.get(name.lower())
    if made is None:
        raise ValueError(f"[{name}] is not a part of a date for DATE_EXTRACT: expected one of {', '.join(_FIELDS)}")
    return made


def _extract(name: str, instant: int) -> int:
    return _field(name)(*divmod(instant, DAY))


def _format(*arguments: Any) -> str:
    if len(arguments) == 1:
        return format_date(arguments[0])
    pattern, instant = arguments
    return dateformat.parse(pattern).format(instant)


def _parse(*arguments: str) -> int:
    if len(arguments) == 1:
        return strict_date(arguments[0])
    pattern, text = arguments
    return dateformat.parse(pattern).read(text)


_TEXT = Parameter(STRING)
_FORMAT = Parameter(STRING, optional=True, check=dateformat.parse)

FUNCTIONS: dict[str, Function] = {
    "date_diff": function(_diff, Parameter(STRING, check=diff_unit), DATETIME, DATETIME, result="integer"),
    "date_extract": function(_extract, Parameter(STRING, check=_field), DATETIME, result="long"),
    "date_format": function(_format, _FORMAT, DATETIME, result="keyword"),
    "date_parse": function(_parse, replace(_FORMAT, check=dateformat.parse_to_read), _TEXT, result="datetime"),
    "date_trunc": typed(
        _truncation,
        Parameter(SPAN, constant=True, check=check_interval),
        DATETIME | NANOSECONDS,
        result=lambda types: "datetime" if types[1] == "null" else types[1],
    ),
    "day": function(lambda at: civil_from_days(at // DAY)[2], DATETIME, result="integer", since="9.6"),
    "day_name": function(lambda at: calendar.day_name[(at // DAY + 3) % 7], DATETIME, result="keyword", since="9.2"),
    "hour": function(lambda at: at % DAY // 3_600_000, DATETIME, result="integer", since="9.6"),
    "month": function(lambda at: civil_from_days(at // DAY)[1], DATETIME, result="integer", since="9.6"),
    "month_name": function(
        lambda at: calendar.month_name[civil_from_days(at // DAY)[1]], DATETIME, result="keyword", since="9.2"
    ),
    "year": function(lambda at: civil_from_days(at // DAY)[0], DATETIME, result="integer", since="9.6"),
}
