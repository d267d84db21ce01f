"""Date formats: a useful part of ``java.time.format.DateTimeFormatter`` patterns and Elasticsearch's named formats.

English names, UTC. A letter or name that is not understood is :class:`~detections.errors.NotEvaluated`.
"""

from __future__ import annotations

import calendar
import enum
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from detections.errors import NotEvaluated
from detections.values.dates import civil_from_days, days_from_civil, format_date, parse_date, parse_zone

_DAY = 86_400_000
_GROUP = re.compile(r"\(\?P<(\w+)>")
_UNITS = ((frozenset("HhKk"), _DAY), (frozenset("m"), 3_600_000), (frozenset("s"), 60_000), (frozenset("S"), 1000))
_TOKEN = re.compile(r"''|'((?:[^']|'')*)'|([A-Za-z])\2*|[\[\]]|[^A-Za-z'\[\]{}#]+")


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
    pattern = _PATTERNS.get(pattern.removeprefix("strict_"), pattern)
    if "||" in pattern:
        raise NotEvaluated(f"the date format [{pattern}], a choice of several, is not evaluated here")
    parts = _parts(pattern)
    reader = re.compile("".join(_regexes(parts)), re.ASCII)
    return Format(
        lambda instant: "".join(_shown(part, instant) for part in parts), lambda text: _read(pattern, reader, text)
    )


def parse_to_read(pattern: str) -> Format:
    """A format that texts are read by. Raises NotEvaluated, also for a letter that is only written."""
    made = parse(pattern)
    for part in _parts(_PATTERNS.get(pattern, pattern)) if pattern not in _NAMED else ():
        if isinstance(part, tuple) and part[0] in _ONLY_SHOWN:
            raise NotEvaluated(f"the letter {part[0]} in the date format [{pattern}] is written here, not read")
    return made


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
    letters = {part[0] for part in _parts(pattern) if isinstance(part, tuple)}
    return next((unit - 1 for those, unit in _UNITS if not letters & those), 0)


def _parts(pattern: str) -> list[_Part]:
    """Letters with how often they stand, literal texts, and the ends of parts that a text need not have."""
    parts: list[_Part] = []
    at = open_brackets = 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            raise NotEvaluated(f"the date format [{pattern}] is not evaluated here")
        at = found.end()
        if found[2]:
            if found[2] not in _LETTERS:
                raise NotEvaluated(f"the letter {found[2]} in the date format [{pattern}] is not evaluated here")
            parts.append((found[2], len(found[0])))
        elif found[0] in ("[", "]"):
            open_brackets += 1 if found[0] == "[" else -1
            parts.append(_Bracket(found[0]))
        else:
            parts.append("'" if found[0] == "''" else found[0] if found[1] is None else found[1].replace("''", "'"))
        if open_brackets < 0:
            break
    if open_brackets:
        raise NotEvaluated(f"the brackets of the date format [{pattern}] do not match")
    return parts


class _Bracket(enum.Enum):
    OPEN = "["
    CLOSE = "]"


_Part: TypeAlias = tuple[str, int] | str | _Bracket


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
    return f"{at.month:0{count}d}" if count < 3 else _named(calendar.month_name[at.month], count)


def _weekday(at: _Parts, count: int) -> str:
    return _named(calendar.day_name[at.weekday], max(count, 3))


def _named(name: str, count: int) -> str:
    """A name in short, in full, or its first letter."""
    return name[:3] if count == 3 else name if count == 4 else name[:1]


def _quarter(at: _Parts, count: int) -> str:
    number = (at.month + 2) // 3
    if count < 3:
        return f"{number:0{count}d}"
    return (f"Q{number}", f"{number}{('st', 'nd', 'rd', 'th')[number - 1]} quarter", f"{number}")[min(count, 5) - 3]


def _era(at: _Parts, count: int) -> str:
    names = ("AD", "Anno Domini", "A") if at.year > 0 else ("BC", "Before Christ", "B")
    return names[0 if count < 4 else min(count, 5) - 3]


def _fraction(at: _Parts, count: int) -> str:
    return f"{at.of_day % 1000:03d}".ljust(count, "0")[:count]


def _padded(compute: Callable[[_Parts], int]) -> Callable[[_Parts, int], str]:
    return lambda at, count: f"{compute(at):0{count}d}"


_ONLY_SHOWN = frozenset("QqGANnOV")

_LETTERS: dict[str, Callable[[_Parts, int], str]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "L": _month,
    "d": _padded(lambda at: at.day),
    "D": _padded(lambda at: at.of_year),
    "E": _weekday,
    "Q": _quarter,
    "q": _quarter,
    "G": _era,
    "A": _padded(lambda at: at.of_day),
    "n": _padded(lambda at: at.of_day % 1000 * 1_000_000),
    "N": _padded(lambda at: at.of_day * 1_000_000),
    "O": lambda at, count: "GMT",
    "V": lambda at, count: "Z",
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


def _shown(part: _Part, instant: int) -> str:
    if isinstance(part, _Bracket):
        return ""
    return part if isinstance(part, str) else _LETTERS[part[0]](_split(instant), part[1])


def _regexes(parts: list[_Part]) -> Iterator[str]:
    """The regular expression of a format, part by part; what stands in it again must be the same again."""
    known: set[str] = set()
    for part in parts:
        if isinstance(part, _Bracket):
            yield "(?:" if part is _Bracket.OPEN else ")?"
            continue
        made = _regex(part)
        name = _GROUP.match(made)
        yield f"(?P={name[1]})" if name is not None and name[1] in known else made
        if name is not None:
            known.add(name[1])


def _regex(part: tuple[str, int] | str) -> str:
    if isinstance(part, str):
        return re.escape(part)
    letter, count = part
    if letter in _ONLY_SHOWN:
        return r"(?!)"
    if letter in "ML" and count >= 3:
        names = calendar.month_name if count == 4 else calendar.month_abbr
        return f"(?P<name>{'|'.join(name for name in names if name)})"
    if letter == "E":
        return f"(?P<weekday>{'|'.join(calendar.day_name if count == 4 else calendar.day_abbr)})"
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
    if "weekday" in given and calendar.day_name[(day + 3) % 7][:3] != given["weekday"][:3]:
        return None
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
_PATTERNS = {
    "basic_date": "yyyyMMdd",
    "basic_date_time": "yyyyMMdd'T'HHmmss.SSSXX",
    "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssXX",
    "date": "yyyy-MM-dd",
    "date_hour": "yyyy-MM-dd'T'HH",
    "date_hour_minute": "yyyy-MM-dd'T'HH:mm",
    "date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
    "date_hour_minute_second_millis": "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "hour_minute": "HH:mm",
    "hour_minute_second": "HH:mm:ss",
    "year": "yyyy",
    "year_month": "yyyy-MM",
    "year_month_day": "yyyy-MM-dd",
}
"""Named formats that are patterns; with ``strict_`` in front they are the same."""
