"""What SET time_zone changes: functions that look at the calendar or the clock of a place (Elasticsearch 9.5).

Each function is that of UTC with one argument more, the name of the zone; what a column holds is an instant still.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from detections.errors import NotEvaluated
from detections.functions import conversions, dateformat, dates, operators
from detections.functions.signature import STRING, Duration, Function, Implementation, Period, Types
from detections.values.dates import NANOSECONDS_A_MILLISECOND, format_date
from detections.values.zones import Zone, zone

_EXACT = frozenset(("hour", "minute", "second", "millisecond", "microsecond", "nanosecond"))
_SAID = re.compile(r"T.*(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$", re.DOTALL)
_ZONE_LETTERS = frozenset("OVXxZz")


def zone_of(name: str) -> Zone:
    """Raises NotEvaluated where nothing here knows the zone."""
    found = zone(name)
    if found is None:
        raise NotEvaluated(f"the time zone {name} is not known here")
    return found


def instant_of(text: str, place: str) -> int:
    """A text as an instant, in a zone unless it says one. Raises ValueError."""
    read = dates.strict_date(text)
    return read if _SAID.search(text) else zone_of(place).utc(read)


def nanoseconds_of(text: str, place: str) -> int:
    """The same in nanoseconds. Raises ValueError."""
    moved = instant_of(text, place) - dates.strict_date(text)
    return conversions.strict_nanoseconds(text) + moved * NANOSECONDS_A_MILLISECOND


def check_pattern(pattern: str | None) -> None:
    """Raises NotEvaluated for a date format that shows or reads a zone."""
    if pattern is not None and any(part[0] in _ZONE_LETTERS for part in re.findall(r"'[^']*'|[A-Za-z]+", pattern)):
        raise NotEvaluated(f"the date format [{pattern}], which has a zone, is not evaluated in another zone than UTC")


def _local(inner: Implementation, types: Types) -> Implementation:
    """The last argument as clocks show it."""
    return lambda *given: inner(*given[:-2], zone_of(given[-1]).local(given[-2]))


def _extract(inner: Implementation, types: Types) -> Implementation:
    def extract(part: str, instant: int, place: str) -> object:
        if part.lower() == "offset_seconds":
            return zone_of(place).offset(instant) // 1000
        local = instant if part.lower() == "instant_seconds" else zone_of(place).local(instant)
        return inner(part, local)

    return extract


def _truncate(inner: Implementation, types: Types) -> Implementation:
    unit = NANOSECONDS_A_MILLISECOND if types[1] == "date_nanos" else 1

    def truncate(span: Period | Duration, instant: int, place: str) -> int:
        where = zone_of(place)
        return where.utc(dates.truncate(span, where.local(instant // unit))) * unit

    return truncate


def _format(inner: Implementation, types: Types) -> Implementation:
    def write(*given: Any) -> object:
        *pattern, instant, place = given
        where = zone_of(place)
        if pattern:
            return inner(*pattern, where.local(instant))
        minutes = where.offset(instant) // 60_000
        shown = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "Z"
        return format_date(where.local(instant))[:-1] + shown

    return write


def _parse(inner: Implementation, types: Types) -> Implementation:
    def read(*given: str) -> object:
        *pattern, text, place = given
        return zone_of(place).utc(dateformat.parse(pattern[0]).read(text)) if pattern else instant_of(text, place)

    return read


def _difference(inner: Implementation, types: Types) -> Implementation:
    def difference(name: str, start: int, end: int, place: str) -> object:
        if dates.diff_unit(name) in _EXACT:
            return inner(name, start, end)
        where = zone_of(place)
        return inner(name, where.local(start), where.local(end))

    return difference


def _sum(inner: Implementation, types: Types) -> Implementation:
    at = 0 if types[0] in ("datetime", "date_nanos") else 1
    unit = NANOSECONDS_A_MILLISECOND if types[at] == "date_nanos" else 1

    def later(*given: Any) -> object:
        *operands, place = given
        if types[1 - at] != "date_period":
            return inner(*operands)
        where = zone_of(place)
        milliseconds, rest = divmod(operands[at], unit)
        operands[at] = where.local(milliseconds) * unit + rest
        milliseconds, rest = divmod(int(inner(*operands)), unit)  # type: ignore[call-overload]
        return where.utc(milliseconds) * unit + rest

    return later


def _to_instant(inner: Implementation, types: Types) -> Implementation:
    if types[0] not in STRING:
        return lambda value, place: inner(value)
    return lambda text, place: instant_of(text, place)


def _to_nanoseconds(inner: Implementation, types: Types) -> Implementation:
    if types[0] not in STRING:
        return lambda value, place: inner(value)

    return lambda text, place: nanoseconds_of(text, place)


def _zoned(base: Function, make: Callable[[Implementation, Types], Implementation]) -> Function:
    return replace(base, make=lambda types: make(base.make(types[:-1]), types[:-1]))


_CHANGED: dict[str, Callable[[Implementation, Types], Implementation]] = {
    **dict.fromkeys(("day", "day_name", "hour", "month", "month_name", "year"), _local),
    "date_extract": _extract, "date_trunc": _truncate, "date_format": _format, "date_parse": _parse,
    "date_diff": _difference, "to_datetime": _to_instant, "to_date_nanos": _to_nanoseconds, "+": _sum, "-": _sum,
}  # fmt: skip
_ALL = {**dates.FUNCTIONS, **conversions.FUNCTIONS, **operators.FUNCTIONS}

FUNCTIONS: dict[str, Function] = {f"zoned {name}": _zoned(_ALL[name], make) for name, make in _CHANGED.items()}
"""By the name of the function and a word before it, so that no query calls them."""
