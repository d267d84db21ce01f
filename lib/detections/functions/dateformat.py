"""Date formats: a useful part of ``java.time.format.DateTimeFormatter`` patterns and Elasticsearch's named formats.

English names, UTC. A letter or name that is not understood is :class:`~detections.errors.NotEvaluated`.
"""

from __future__ import annotations

import calendar
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from detections.errors import NotEvaluated
from detections.values.dates import civil_from_days, days_from_civil, format_date, parse_date, parse_zone

_DAY = 86_400_000
_UNITS = ((frozenset("HhKk"), _DAY), (frozenset("m"), 3_600_000), (frozenset("s"), 60_000), (frozenset("S"), 1000))
_TOKEN = re.compile(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


@dataclass(frozen=True, slots=True)
class Format:
    """``format``: an instant as text. ``read``: the instant of a text; raises ValueError."""

    format: Callable[[int], str]
    read: Callable[[str], int]


@functools.lru_cache(maxsize=256)
def parse(pattern: str) -> Format:
    """A format. Raises NotEvaluated."""
    if pattern in _NAMED:
        return _NAMED[pattern]
    if "||" in pattern:
        raise NotEvaluated(f"the date format [{pattern}], a choice of several, is not evaluated here")
    parts = _parts(pattern)
    reader = re.compile("".join(_regex(part) for part in parts), re.ASCII)
    return Format(
        lambda instant: "".join(_shown(part, instant) for part in parts), lambda text: _read(pattern, reader, text)
    )


def read_date(formats: str, text: str, *, round_up: bool = False) -> int | None:
    """The instant that a text is in one of the formats of a mapping, ``a||b``; None where it is none.

    ``round_up`` fills in what is missing of the time of day as the upper end of a range does. Raises NotEvaluated.
    """
    for pattern in formats.split("||"):
        made = parse(pattern)
        try:
            if made is not _ISO:
                return made.read(text) + (_rest(pattern) if round_up else 0)
        except (ValueError, OverflowError):
            continue
        if (instant := parse_date(text, round_up=round_up)) is not None:
            return instant
    return None


def _rest(pattern: str) -> int:
    """How many milliseconds follow the first one of the least unit that a pattern has."""
    if pattern in _NAMED:
        return 0
    letters = {part[0] for part in _parts(pattern) if not isinstance(part, str)}
    return next((unit - 1 for those, unit in _UNITS if not letters & those), 0)


def _parts(pattern: str) -> list[tuple[str, int] | str]:
    """Letters with how often they stand, and literal texts."""
    parts: list[tuple[str, int] | str] = []
    at = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise NotEvaluated(f"the date format [{pattern}] is not evaluated here")
        at = found.end()
        if found[2]:
            part = (found[2], len(found[0]))
            if found[2] not in _LETTERS:
                raise NotEvaluated(f"the letter {found[2]} in the date format [{pattern}] is not evaluated here")
            parts.append(part)
        else:
            parts.append("'" if found[0] == "''" else found[0] if found[1] is None else found[1].replace("''", "'"))
    return parts


@dataclass(frozen=True, slots=True)
class _Parts:
    year: int
    month: int
    day: int
    weekday: int
    of_year: int
    of_day: int


def _split(instant: int) -> _Parts:
    days, of_day = divmod(instant, _DAY)
    year, month, day = civil_from_days(days)
    first = days_from_civil(year, 1, 1)
    assert first is not None
    return _Parts(year, month, day, (days + 3) % 7, days - first + 1, of_day)


def _year(at: _Parts, count: int) -> str:
    return f"{at.year % 100:02d}" if count == 2 else f"{at.year:0{count}d}"


def _month(at: _Parts, count: int) -> str:
    if count < 3:
        return f"{at.month:0{count}d}"
    return calendar.month_abbr[at.month] if count == 3 else calendar.month_name[at.month]


def _weekday(at: _Parts, count: int) -> str:
    return calendar.day_abbr[at.weekday] if count <= 3 else calendar.day_name[at.weekday]


def _fraction(at: _Parts, count: int) -> str:
    return f"{at.of_day % 1000:03d}".ljust(count, "0")[:count]


def _padded(compute: Callable[[_Parts], int]) -> Callable[[_Parts, int], str]:
    return lambda at, count: f"{compute(at):0{count}d}"


_LETTERS: dict[str, Callable[[_Parts, int], str]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "L": _month,
    "d": _padded(lambda at: at.day),
    "D": _padded(lambda at: at.of_year),
    "E": _weekday,
    "a": lambda at, count: "AM" if at.of_day < _DAY // 2 else "PM",
    "H": _padded(lambda at: at.of_day // 3_600_000),
    "k": _padded(lambda at: (at.of_day // 3_600_000 - 1) % 24 + 1),
    "h": _padded(lambda at: (at.of_day // 3_600_000 - 1) % 12 + 1),
    "K": _padded(lambda at: at.of_day // 3_600_000 % 12),
    "m": _padded(lambda at: at.of_day // 60_000 % 60),
    "s": _padded(lambda at: at.of_day // 1000 % 60),
    "S": _fraction,
    "X": lambda at, count: "Z",
    "x": lambda at, count: "+00" if count == 1 else "+00:00" if count in (3, 5) else "+0000",
    "Z": lambda at, count: "+0000" if count < 4 else "GMT" if count == 4 else "Z",
    "z": lambda at, count: "Z",
}


def _shown(part: tuple[str, int] | str, instant: int) -> str:
    return part if isinstance(part, str) else _LETTERS[part[0]](_split(instant), part[1])


def _regex(part: tuple[str, int] | str) -> str:
    if isinstance(part, str):
        return re.escape(part)
    letter, count = part
    if letter in "ML" and count >= 3:
        names = calendar.month_abbr if count == 3 else calendar.month_name
        return f"(?P<name>{'|'.join(name for name in names if name)})"
    if letter == "E":
        return "[A-Za-z]+"
    if letter == "a":
        return "(?P<a>AM|PM)"
    if letter in "XxZz":
        return r"(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
    if letter in "yu":
        return f"(?P<year>{'[0-9]{2}' if count == 2 else f'-?[0-9]{{{min(count, 4)},9}}'})"
    return f"(?P<{letter}>{'[0-9]{1,9}' if count == 1 and letter != 'S' else f'[0-9]{{{count}}}'})"


def _read(pattern: str, reader: re.Pattern[str], text: str) -> int:
    found = reader.fullmatch(text)
    instant = None if found is None else _instant({name: value for name, value in found.groupdict().items() if value})
    if instant is None:
        raise ValueError(f"failed to parse date field [{text}] with format [{pattern}]")
    return instant


def _instant(given: dict[str, str]) -> int | None:
    year = int(given.get("year", 1970))
    if len(given.get("year", "")) == 2:
        year += 2000
    if "name" in given:
        names = calendar.month_name if given["name"] in list(calendar.month_name) else calendar.month_abbr
        month = list(names).index(given["name"])
    else:
        month = int(given.get("M", given.get("L", 1)))
    day = days_from_civil(year, month, int(given.get("d", 1)))
    hour = int(given.get("H", given.get("k", given.get("h", given.get("K", 0)))))
    if "a" in given:
        hour = hour % 12 + (12 if given["a"] == "PM" else 0)
    elif "k" in given:
        hour %= 24
    minute, second = int(given.get("m", 0)), int(given.get("s", 0))
    zone = parse_zone(given.get("zone", "Z"))
    if day is None or zone is None or hour > 23 or minute > 59 or second > 59:
        return None
    day += int(given.get("D", 1)) - 1
    fraction = int(given.get("S", "0").ljust(3, "0")[:3])
    return day * _DAY + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction - zone


def _read_iso(text: str) -> int:
    parsed = parse_date(text)
    if parsed is None or (text.lstrip("-").isdecimal() and len(text) != 4):
        raise ValueError(f"failed to parse date field [{text}]")
    return parsed


_ISO = Format(format_date, _read_iso)
_NAMED = {
    "strict_date_optional_time": _ISO,
    "date_optional_time": _ISO,
    "iso8601": _ISO,
    "strict_date_time": _ISO,
    "date_time": _ISO,
    "epoch_millis": Format(str, int),
    "epoch_second": Format(
        lambda instant: f"{instant // 1000}" + (f".{instant % 1000:03d}".rstrip("0") if instant % 1000 else ""),
        lambda text: int(float(text) * 1000),
    ),
}
