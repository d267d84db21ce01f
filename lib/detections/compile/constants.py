"""What Elasticsearch makes of the constants of a query, for a field of some type (Elasticsearch 9.2)."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from detections.errors import NotEvaluated
from detections.functions.dateformat import read_date
from detections.mapping import DATE_FORMAT, DYNAMIC, Field
from detections.plan.predicate import Between, Equals, Like, Operator
from detections.values import datemath
from detections.values.analysis import ANALYZERS
from detections.values.coerce import LATEST_NANOSECOND, Scalar, coerce, dynamic_number, json_text, scaled
from detections.values.datemath import Relative
from detections.values.ip import parse_cidr, parse_ip
from detections.values.order import lower
from detections.values.wildcard import ANY, Wild

Pattern: TypeAlias = tuple[str | Wild, ...]
Constant: TypeAlias = str | int | float | bool | None

WHOLE = {
    "byte": (-(2**7), 2**7 - 1), "short": (-(2**15), 2**15 - 1), "integer": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1), "unsigned_long": (0, 2**64 - 1),
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?", re.ASCII)
_LONGEST_NUMBER = 400
_UPWARDS = ("gt", "lte")
_FARTHEST_EXPONENT = 400


class RefusedError(Exception):
    """Elasticsearch would refuse the query with this message."""


def tokens(field: Field, value: Constant) -> list[str]:
    """What the field's analyzer makes of a constant."""
    if field.analyzer not in ANALYZERS:
        raise NotEvaluated(f"the field {field.name} has the analyzer {field.analyzer}, which is not evaluated here")
    return ANALYZERS[field.analyzer](json_text(value))


def normalized(field: Field, text: str) -> str:
    """What the field's normalizer makes of a constant."""
    if field.normalizer is None:
        return text
    if field.normalizer != "lowercase":
        raise NotEvaluated(f"the field {field.name} has the normalizer {field.normalizer}, which is not evaluated here")
    return lower(text)


def evaluated_family(field: Field) -> str:
    """The field's family, where it is one that this room knows."""
    if field.family not in _EQUAL and field.family != "text":
        raise NotEvaluated(f"the field {field.name} has the type {field.type}, which is not evaluated here")
    return field.family


def unsupported(field: Field, what: str) -> str:
    return f"Field [{field.name}] of type [{field.type}] does not support {what} queries"


def _equal_text(field: Field, text: str) -> Operator:
    if field.type == "constant_keyword" and "*" in text:
        return Like(stars(text))
    return Equals(frozenset({normalized(field, text)}))


def stars(text: str) -> Pattern:
    """A text whose stars are marks, as a pattern."""
    made: list[str | Wild] = []
    for number, part in enumerate(text.split("*")):
        made += [ANY] if number else []
        made += [part] if part else []
    return tuple(made)


def _equal_dynamic(field: Field, text: str) -> Operator:
    number = dynamic_number(text)
    return Equals(frozenset({text}) if number is None else frozenset({text, number}))


def _equal_number(field: Field, text: str) -> Operator | None:
    number = _number(field, text)
    if field.type == "scaled_float" and field.scaling_factor is not None:
        return Equals(frozenset({scaled(number, field.scaling_factor)}))
    if field.type in WHOLE:
        low, high = WHOLE[field.type]
        whole = isinstance(number, int) and low <= number <= high
        return Equals(frozenset({number})) if whole else None
    made = coerce(field.type, text)
    return None if made is None else Equals(frozenset({made}))


def _equal_date(field: Field, text: str) -> Operator:
    return Between(_date(field, text, "gte", None), _date(field, text, "lte", None))


def _equal_boolean(field: Field, text: str) -> Operator:
    return Equals(frozenset({_boolean(text)}))


def _equal_ip(field: Field, text: str) -> Operator:
    block = parse_cidr(text)
    return Equals(frozenset({_address(text)})) if block is None else Between(*block)


_EQUAL: dict[str, Callable[[Field, str], Operator | None]] = {
    "keyword": _equal_text,
    "flattened": _equal_text,
    DYNAMIC: _equal_dynamic,
    "version": _equal_text,
    "number": _equal_number,
    "date": _equal_date,
    "boolean": _equal_boolean,
    "ip": _equal_ip,
}


def equal(field: Field, text: str) -> Operator | None:
    """What a value must be to equal the constant; None where no value of the type does."""
    return _EQUAL[evaluated_family(field)](field, text)


def bound(field: Field, value: Constant, operator: str, now: int | None) -> Scalar | Relative:
    """What ``gt``, ``gte``, ``lt`` or ``lte`` compares with. Of a date it is the instant, or date math where ``now``
    is left to the execution."""
    text = json_text(value)
    match evaluated_family(field):
        case "date":
            return _date(field, text, operator, now)
        case "number":
            number = _number(field, text)
            kind = "integer" if field.type in ("byte", "short") else field.type
            low, high = WHOLE.get(kind, (-math.inf, math.inf))
            if not low <= number <= high:
                article = "an" if kind[0] in "iu" else "a"
                raise RefusedError(f"Value [{text[:100]}] is out of range for {article} {kind}")
            made = coerce(field.type, text) if field.type not in WHOLE else number
            return number if made is None else made
        case "boolean":
            return _boolean(text)
        case "ip":
            return _address(text)
        case _:
            return text


def _number(field: Field, text: str) -> int | float:
    """An int where the text has no decimal part, whichever way it is written; infinity where it is out of all range.

    Blanks around it are refused for the long types only, whose parser does not go by way of a double.
    """
    plain = text if field.type in ("long", "unsigned_long") else text.strip()
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        raise RefusedError(f'For input string: "{text[:100]}"')
    number = Decimal(plain)
    if number and abs(number.adjusted()) > _FARTHEST_EXPONENT:
        return math.copysign(math.inf if number.adjusted() > 0 else 0.5, number)
    return int(number) if number == number.to_integral_value() else float(number)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise RefusedError(f"Can't parse boolean value [{text[:100]}], expected [true] or [false]")
    return text == "true"


def _address(text: str) -> int:
    made = parse_ip(text)
    if made is None:
        raise RefusedError(f"'{text[:100]}' is not an IP string literal.")
    return made


def _date(field: Field, text: str, operator: str, now: int | None) -> int | Relative:
    found = _instant(field, text, operator, now)
    if field.type == "date_nanos" and not 0 <= found <= LATEST_NANOSECOND:
        raise RefusedError(f"date[{text[:100]}] is out of range and cannot be stored in nanosecond resolution")
    # What is relative is only tried here: whether it is date math at all.
    return Relative(text, operator in _UPWARDS) if now is None and text.startswith("now") else found


def _instant(field: Field, text: str, operator: str, now: int | None) -> int:
    if now is None:
        now = round(time.time() * 1000) if text.startswith("now") else 0
    if field.format is not None:
        found = read_date(field.format, text, round_up=operator in _UPWARDS)
        if found is not None:
            return found
    try:
        return datemath.resolve(text, now, round_up=operator in _UPWARDS)
    except ValueError as error:
        wanted = field.format or DATE_FORMAT
        raise RefusedError(f"failed to parse date field [{text[:100]}] with format [{wanted}]: {error}") from error
