"""Conversions between types (Elasticsearch 9.2): each value of several on its own; what cannot be converted is null."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from detections.functions.dates import UNITS, strict_date
from detections.functions.numbers import round_half_up
from detections.functions.signature import (
    ANY,
    BOOLEAN,
    DATETIME,
    IP,
    NANOSECONDS,
    NUMERIC,
    RANGES,
    SPAN,
    SPATIAL,
    STRING,
    Duration,
    Function,
    Implementation,
    OutOfRange,
    Parameter,
    Period,
    Types,
    Unparsable,
    function,
    in_range,
    typed,
)
from detections.query.esql.constants import UNITS as SPELLINGS
from detections.values.dates import NANOSECONDS_A_MILLISECOND, format_date, format_nanoseconds, parse_nanoseconds
from detections.values.ip import format_ip, parse_ip
from detections.values.javamap import double as java_double

_NUMBER = re.compile(r"[ \t\r\n]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fFdD]?[ \t\r\n]*", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,25}", re.ASCII)
_LEADING_ZEROS = re.compile(r"\b0+(?=[0-9])")
_SPAN = re.compile(r"\s*([+-]?[0-9]{1,18}) *([A-Za-z]+)\s*", re.ASCII)


def _same(value: object) -> object:
    return value


def _to_double(text: str) -> float:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Unparsable(text)
    return float(found[1])


def _text_to_whole(text: str, kind: str) -> int:
    low, high = RANGES[kind]
    value = int(text) if _WHOLE_NUMBER.fullmatch(text) else None
    if value is None:
        number = _to_double(text)
        value = round_half_up(number) if math.isfinite(number) else high + 1
    if not low <= value <= high:
        raise Unparsable(text)
    return value


def _double_to_whole(value: float, kind: str) -> int:
    if not math.isfinite(value):
        raise OutOfRange(f"[{java_double(value)}] out of [{kind}] range")
    return _whole_to_whole(round_half_up(value), kind, value)


def _whole_to_whole(value: int, kind: str, shown: int | float | None = None) -> int:
    low, high = RANGES[kind]
    if not low <= value <= high:
        given = value if shown is None else shown
        text = java_double(given) if isinstance(given, float) else str(given)
        raise OutOfRange(f"[{text}] out of [{kind}] range")
    return value


def _to_whole(kind: str) -> Callable[[Types], Implementation]:
    def make(types: Types) -> Implementation:
        if types[0] in STRING:
            return lambda text: _text_to_whole(text, kind)
        if types[0] == "double":
            return lambda value: _double_to_whole(value, kind)
        if types[0] == "boolean":
            return int
        return lambda value: _whole_to_whole(value, kind)

    return make


def to_text(kind: str) -> Callable[[object], str]:
    """How a value of a type is written."""
    return _TEXTS.get(kind, str)


_TEXTS: dict[str, Callable[[Any], str]] = {
    "date_nanos": format_nanoseconds,
    "boolean": lambda value: "true" if value else "false",
    "double": java_double,
    "datetime": format_date,
    "ip": format_ip,
    "geo_point": str,
    "cartesian_point": str,
}


def _to_boolean(types: Types) -> Implementation:
    return (lambda text: text.lower() == "true") if types[0] in STRING else bool


def _to_number(types: Types) -> Implementation:
    return _to_double if types[0] in STRING else float


def _to_datetime(types: Types) -> Implementation:
    if types[0] in STRING:
        return strict_date
    if types[0] == "date_nanos":
        return lambda value: value // NANOSECONDS_A_MILLISECOND
    return lambda value: _double_to_whole(value, "long") if types[0] == "double" else in_range(value, "long")


def _to_nanoseconds(types: Types) -> Implementation:
    if types[0] in STRING:
        return strict_nanoseconds
    if types[0] == "datetime":
        return lambda value: _nanoseconds(value * NANOSECONDS_A_MILLISECOND)
    if types[0] == "double":
        return lambda value: _nanoseconds(_double_to_whole(value, "long"))
    return _nanoseconds


def _nanoseconds(value: int) -> int:
    if not 0 <= value < 2**63:
        raise ValueError(f"cannot convert [{value}] to a date in nanoseconds")
    return value


def strict_nanoseconds(text: str) -> int:
    """An instant in nanoseconds. Raises ValueError."""
    strict_date(text)
    found = parse_nanoseconds(text)
    if found is None:
        raise ValueError(f"failed to parse date field [{text}] with format [strict_date_optional_time_nanos]")
    return _nanoseconds(found)


def parse_address(text: str) -> int:
    """Raises ValueError."""
    parsed = parse_ip(text)
    if parsed is None:
        raise ValueError(f"'{text}' is not an IP string literal.")
    return parsed


def _to_ip(types: Types) -> Implementation:
    return parse_address if types[0] in STRING else _same


def _decimal_zeros(text: str) -> int:
    return parse_address(text if ":" in text else _LEADING_ZEROS.sub("", text))


def _octal_zeros(text: str) -> int:
    if ":" in text:
        return parse_address(text)
    parts = [str(int(part, 8)) if re.fullmatch("0[0-7]+", part) else part for part in text.split(".")]
    return parse_address(".".join(parts))


def to_span(text: str) -> Period | Duration:
    """A span of time from text (``1 hour``). Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None or found[2].lower() not in SPELLINGS:
        raise ValueError(f"cannot parse [{text}] to a span of time")
    return UNITS[SPELLINGS[found[2].lower()]](int(found[1]))


def _to_kind_of_span(kind: type[Period] | type[Duration]) -> Implementation:
    def convert(value: str | Period | Duration) -> Period | Duration:
        made = to_span(value) if isinstance(value, str) else value
        if not isinstance(made, kind):
            raise ValueError(f"[{value}] is not a {'date period' if kind is Period else 'time duration'}")
        return made

    return convert


def _conversion(make: Callable[[Types], Implementation], types: frozenset[str], result: str) -> Function:
    return typed(lambda given: _same if given[0] == result else make(given), types, result=result, takes="each")


def _span_conversion(kind: type[Period] | type[Duration], result: str) -> Function:
    convert = _to_kind_of_span(kind)
    return function(convert, Parameter(STRING | SPAN, constant=True, check=convert), result=result)


_NUMBERS = STRING | NUMERIC | BOOLEAN | DATETIME | NANOSECONDS

FUNCTIONS: dict[str, Function] = {
    "to_boolean": _conversion(_to_boolean, STRING | NUMERIC | BOOLEAN, "boolean"),
    "to_dateperiod": _span_conversion(Period, "date_period"),
    "to_date_nanos": _conversion(_to_nanoseconds, _NUMBERS - BOOLEAN, "date_nanos"),
    "to_datetime": _conversion(_to_datetime, _NUMBERS - BOOLEAN, "datetime"),
    "to_double": _conversion(_to_number, _NUMBERS, "double"),
    "to_integer": _conversion(_to_whole("integer"), _NUMBERS, "integer"),
    "to_ip": _conversion(_to_ip, STRING | IP, "ip"),
    "to_ip leading_zeros decimal": _conversion(lambda types: _decimal_zeros, STRING | IP, "ip"),
    "to_ip leading_zeros octal": _conversion(lambda types: _octal_zeros, STRING | IP, "ip"),
    "to_long": _conversion(_to_whole("long"), _NUMBERS, "long"),
    "to_string": _conversion(lambda types: to_text(types[0]), ANY | SPATIAL, "keyword"),
    "to_timeduration": _span_conversion(Duration, "time_duration"),
    "to_unsigned_long": _conversion(_to_whole("unsigned_long"), _NUMBERS, "unsigned_long"),
    "to_version": _conversion(lambda types: _same, STRING | {"version"}, "version"),
}
"""Functions by name; one with an option is called after it as well."""

CASTS = {
    "boolean": "to_boolean", "bool": "to_boolean", "integer": "to_integer", "int": "to_integer", "long": "to_long",
    "unsigned_long": "to_unsigned_long", "ul": "to_unsigned_long", "ulong": "to_unsigned_long", "double": "to_double",
    "keyword": "to_string", "string": "to_string", "text": "to_string", "datetime": "to_datetime",
    "date": "to_datetime", "date_nanos": "to_date_nanos", "geo_point": "to_geopoint",
    "cartesian_point": "to_cartesianpoint", "ip": "to_ip", "version": "to_version", "date_period": "to_dateperiod",
    "time_duration": "to_timeduration",
}  # fmt: skip
"""What ``value::type`` calls."""
