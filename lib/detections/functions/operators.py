"""Operators: arithmetic, comparison, logic, patterns (Elasticsearch 9.2).

Comparisons and arithmetic take single values; a null, or several values, give null. Logic is Kleene's.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from detections.functions import numbers
from detections.functions.dates import add
from detections.functions.signature import (
    ANY,
    BOOLEAN,
    DATETIME,
    NANOSECONDS,
    NUMERIC,
    SPAN,
    SPATIAL,
    STRING,
    Duration,
    Function,
    Implementation,
    Parameter,
    Period,
    Types,
    function,
    typed,
)
from detections.mapping import DYNAMIC
from detections.values import regex, wildcard
from detections.values.dates import NANOSECONDS_A_MILLISECOND
from detections.values.order import version_key
from detections.values.wildcard import ANY as STAR
from detections.values.wildcard import ONE, Wild

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def sort_key(kind: str) -> Callable[[Any], Any] | None:
    """How values of a type are ordered; None: as they are."""
    if kind == DYNAMIC:
        return lambda value: (isinstance(value, str), value)
    return version_key if kind == "version" else None


def _comparison(symbol: str) -> Callable[[Types], Implementation]:
    compare = _COMPARE[symbol]

    def make(types: Types) -> Implementation:
        if "version" in types and symbol not in ("==", "!="):
            return lambda left, right: compare(version_key(left), version_key(right))
        return compare

    return make


def _kleene(decisive: bool) -> Implementation:
    def compute(*values: object) -> bool | None:
        if any(value is decisive for value in values):
            return decisive
        return not decisive if all(value is (not decisive) for value in values) else None

    return compute


@functools.lru_cache(maxsize=1024)
def like_pattern(text: str) -> tuple[str | Wild, ...]:
    """A LIKE pattern: ``*`` any text, ``?`` one code point, a backslash takes the next character as it is.

    Raises ValueError (nothing, or another character, behind a backslash).
    """
    parts: list[str | Wild] = []
    literal: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in "*?":
            if literal:
                parts.append("".join(literal))
                literal = []
            parts.append(STAR if character == "*" else ONE)
        else:
            if character == "\\":
                at += 1
                if text[at : at + 1] not in ("*", "?", "\\"):
                    raise ValueError(f"invalid sequence in the pattern [{text}]: a backslash goes before * ? or \\")
            literal.append(text[at])
        at += 1
    if literal:
        parts.append("".join(literal))
    return tuple(parts)


@functools.lru_cache(maxsize=1024)
def matches_all(text: str, *, regex_pattern: bool) -> bool:
    """Whether a pattern of LIKE, or of RLIKE, matches every text. Raises ValueError."""
    if regex_pattern:
        return regex.matches_all(text)
    parts = like_pattern(text)
    return bool(parts) and all(part is STAR for part in parts)


@functools.lru_cache(maxsize=1024)
def _like_matcher(text: str) -> Callable[[str], bool]:
    return wildcard.matcher(like_pattern(text))


def _any_match(matcher: Callable[[str], Callable[[str], bool]]) -> Implementation:
    return lambda text, *patterns: any(matcher(pattern)(text) for pattern in patterns)


def _sum(symbol: str) -> Callable[[Types], Implementation]:
    """``+`` and ``-``: numbers, a datetime and a span of time, or two spans of one kind."""

    def make(types: Types) -> Implementation:
        sign = 1 if symbol == "+" else -1
        if "date_nanos" in types:
            if types[0] == "date_nanos":
                return lambda instant, span: _add_nanoseconds(instant, span, sign)
            return lambda span, instant: _add_nanoseconds(instant, span, sign)
        if "datetime" in types:
            if types[0] == "datetime":
                return lambda instant, span: add(instant, span, sign)
            return lambda span, instant: add(instant, span, sign)
        if set(types) & SPAN:
            return lambda left, right: _add_spans(left, right, sign)
        return numbers.arithmetic(symbol, types)

    return make


def _add_nanoseconds(instant: int, span: Period | Duration, sign: int) -> int:
    milliseconds, rest = divmod(instant, NANOSECONDS_A_MILLISECOND)
    made = add(milliseconds, span, sign) * NANOSECONDS_A_MILLISECOND + rest
    if not 0 <= made < 2**63:
        raise ArithmeticError("long overflow")
    return made


def _add_spans(left: Period | Duration, right: Period | Duration, sign: int) -> Period | Duration:
    if isinstance(left, Period) and isinstance(right, Period):
        return Period(left.months + sign * right.months, left.days + sign * right.days)
    assert isinstance(left, Duration) and isinstance(right, Duration)
    return Duration(left.milliseconds + sign * right.milliseconds)


def _negative(types: Types) -> Implementation:
    if types[0] == "date_period":
        return lambda span: Period(-span.months, -span.days)
    if types[0] == "time_duration":
        return lambda span: Duration(-span.milliseconds)
    return numbers.negative(types)


def sum_type(types: Types) -> str | None:
    """The type of ``+`` and ``-``, None where the types do not go together."""
    known: set[str] = set(types) - {"null"}
    if known <= NUMERIC:
        return numbers.widest(types)
    for instant in ("datetime", "date_nanos"):
        if instant in known:
            return instant if known <= {instant} | SPAN and types.count(instant) == 1 else None
    return known.pop() if len(known) == 1 and known <= SPAN else None


def sum_of(types: Types) -> str:
    return sum_type(types) or "null"


def comparable(types: Sequence[str]) -> bool:
    """Whether values of these types can be compared with each other."""
    known = set(types) - {"null"}
    return len(known) <= 1 or known <= STRING or (known <= NUMERIC and "unsigned_long" not in known)


_VALUE = ANY
_ANYTHING = ANY | SPATIAL
_NUMBERS = (NUMERIC, NUMERIC)
_SUMMANDS = (NUMERIC | DATETIME | NANOSECONDS | SPAN,) * 2

FUNCTIONS: dict[str, Function] = {
    "+": typed(_sum("+"), *_SUMMANDS, result=sum_of),
    "-": typed(_sum("-"), *_SUMMANDS, result=sum_of),
    "*": typed(functools.partial(numbers.arithmetic, "*"), *_NUMBERS, result=numbers.widest),
    "/": typed(functools.partial(numbers.arithmetic, "/"), *_NUMBERS, result=numbers.widest),
    "%": typed(functools.partial(numbers.arithmetic, "%"), *_NUMBERS, result=numbers.widest),
    "negative": typed(_negative, NUMERIC | SPAN, result=lambda types: types[0]),
    "==": typed(_comparison("=="), _ANYTHING, _ANYTHING, result="boolean"),
    "!=": typed(_comparison("!="), _ANYTHING, _ANYTHING, result="boolean"),
    "<": typed(_comparison("<"), _VALUE - BOOLEAN, _VALUE - BOOLEAN, result="boolean"),
    "<=": typed(_comparison("<="), _VALUE - BOOLEAN, _VALUE - BOOLEAN, result="boolean"),
    ">": typed(_comparison(">"), _VALUE - BOOLEAN, _VALUE - BOOLEAN, result="boolean"),
    ">=": typed(_comparison(">="), _VALUE - BOOLEAN, _VALUE - BOOLEAN, result="boolean"),
    "and": function(_kleene(False), BOOLEAN, BOOLEAN, result="boolean", takes="whole"),
    "or": function(_kleene(True), BOOLEAN, BOOLEAN, result="boolean", takes="whole"),
    "not": function(operator.not_, BOOLEAN, result="boolean"),
    "is null": function(lambda value: value is None, _ANYTHING, result="boolean", takes="whole"),
    "is not null": function(lambda value: value is not None, _ANYTHING, result="boolean", takes="whole"),
    "like": function(_any_match(_like_matcher), STRING, Parameter(STRING, check=like_pattern), result="boolean"),
    "rlike": function(_any_match(regex.matcher), STRING, Parameter(STRING, check=regex.matcher), result="boolean"),
}
"""Operators by their symbol. and, or, like and rlike take any number of arguments."""
