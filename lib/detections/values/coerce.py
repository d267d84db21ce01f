"""What a field's type makes of a raw JSON value, as Elasticsearch 9.2's field mappers do.

A value that a type refuses is None here, as ``ignore_malformed`` leaves it out. Normalised values are what predicates
compare: ``str`` for keyword, text, flattened and version; ``int`` for whole numbers, dates (milliseconds) and addresses
(128 bits); ``float``; ``bool``.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from detections.values.dates import parse_date, parse_nanoseconds
from detections.values.geo import parse_point
from detections.values.ip import parse_ip

Scalar: TypeAlias = str | int | float | bool

_WHOLE = {
    "byte": (-(2**7), 2**7 - 1),
    "short": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "unsigned_long": (0, 2**64 - 1),
}
_PACKED = {"float": "<f", "half_float": "<e"}
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "": False}
_LONGEST_NUMBER = 400

LATEST_NANOSECOND = 2**63 // 1_000_000
"""The last millisecond of a date_nanos, which begins in 1970."""


def coerce(type: str, raw: object) -> Scalar | None:  # noqa: A002
    """The normalised value, or None where the type refuses the raw one (null, objects and arrays too)."""
    if raw is None or isinstance(raw, dict | list):
        return None
    found: Scalar | None = coercion(type)(raw)
    return found


def coercion(type: str) -> Callable[[object], Scalar | None]:  # noqa: A002
    """The function behind :func:`coerce` for one type; it takes scalars only."""
    return _COERCIONS.get(type, json_text)


def json_text(raw: object) -> str:
    """A scalar as a string field holds it: numbers and booleans are their JSON text.

    What the source wrote (``1e3``, ``1.50``) is gone once JSON is decoded: the number's shortest form stands for it.
    """
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def dynamic_number(text: str) -> int | float | None:
    """The number that a constant is for a field whose values decide its type; None where it is none."""
    if not isinstance(text, str) or not _FLOAT.fullmatch(text) or text[-1] in "fFdD":
        return None
    whole = _exact(text)
    value = _double(text)
    if whole is not None and whole == value:
        return whole
    return None if value is None else _single(value)


def scaled(value: float, factor: float) -> float:
    """What a scaled_float keeps of a number."""
    product = float(value) * factor
    return math.floor(product + 0.5) / factor if math.isfinite(product) else value


def _dynamic(raw: object) -> Scalar:
    """A value that decides its type itself: a JSON number is a long or a float, anything else a keyword."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return json_text(raw)
    return raw if isinstance(raw, int) else _single(raw)


def _single(value: float) -> float:
    """The nearest float of 32 bits, where there is one."""
    try:
        packed: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return value
    return packed


def _whole(low: int, high: int, parse: Callable[[str], int | None]) -> Callable[[object], int | None]:
    def coerce_whole(raw: Any) -> int | None:
        if isinstance(raw, bool):
            return None
        if isinstance(raw, float):
            value = int(raw) if math.isfinite(raw) else None
        else:
            value = raw if isinstance(raw, int) else parse(raw)
        return value if value is not None and low <= value <= high else None

    return coerce_whole


def _exact(text: str) -> int | None:
    # Decimals are cut, as ``coerce`` (on by default) does; an exponent out of reach would only make a huge number.
    if len(text) > _LONGEST_NUMBER or not _FLOAT.fullmatch(text) or text[-1] in "fFdD":
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return int(number) if number.adjusted() < 20 else None


def _cut(text: str) -> int | None:
    # The small types read a text as a double first, so that blanks around it are no matter.
    value = _double(text)
    return None if value is None else int(value)


def _double(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        raw = raw.strip()
        if len(raw) > _LONGEST_NUMBER or not _FLOAT.fullmatch(raw):
            return None
        raw = raw.rstrip("fFdD")
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None


def _packed(form: str) -> Callable[[Any], float | None]:
    def coerce_packed(raw: object) -> float | None:
        value = _double(raw)
        if value is None:
            return None
        try:
            packed: float = struct.unpack(form, struct.pack(form, value))[0]
        except OverflowError:
            return None
        return packed

    return coerce_packed


def _boolean(raw: object) -> bool | None:
    if isinstance(raw, bool):
        return raw
    return _BOOLEANS.get(raw) if isinstance(raw, str) else None


def _nanoseconds(raw: Any) -> int | None:
    value = parse_date(raw)
    return value if value is not None and 0 <= value <= LATEST_NANOSECOND else None


def _exact_nanoseconds(raw: Any) -> int | None:
    return None if _nanoseconds(raw) is None else parse_nanoseconds(raw)


def _ip(raw: Any) -> int | None:
    return parse_ip(raw) if isinstance(raw, str) else None


_COERCIONS: dict[str, Callable[[Any], Any]] = {
    **{name: _whole(low, high, _exact if high > 2**31 else _cut) for name, (low, high) in _WHOLE.items()},
    **{name: _packed(form) for name, form in _PACKED.items()},
    "double": _double,
    "scaled_float": _double,
    "boolean": _boolean,
    "date": parse_date,
    "date_nanos": _nanoseconds,
    "nanoseconds": _exact_nanoseconds,
    "geo_point": parse_point,
    "ip": _ip,
    "dynamic": _dynamic,
}
