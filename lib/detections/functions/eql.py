"""The scalar functions and operators of EQL (Elasticsearch 9), apart from those of ES|QL: null is another thing here.

A function without a result for its arguments (``indexOf`` that finds nothing, a division by zero) gives null, also
where Elasticsearch fails the search. Lengths and positions count UTF-16 units, from 0, as Java does. A tilde after the
name is the variant that ignores case.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable
from typing import Any

from detections.functions.conversions import to_text
from detections.functions.numbers import divide
from detections.functions.signature import (
    BOOLEAN,
    DATETIME,
    IP,
    RANGES,
    STRING,
    Function,
    Implementation,
    Parameter,
    Types,
    function,
    optional,
    repeated,
    typed,
)
from detections.values import regex, wildcard
from detections.values.dates import format_date
from detections.values.ip import format_ip, parse_cidr, parse_ip
from detections.values.order import fold as fold_letters
from detections.values.order import utf16_length
from detections.values.wildcard import ANY as STAR
from detections.values.wildcard import ONE, Wild

WHOLE = frozenset({"byte", "short", "integer", "long", "unsigned_long"})
NUMERIC = WHOLE | {"double", "float", "half_float", "scaled_float"}
ANY = STRING | NUMERIC | BOOLEAN | DATETIME | IP | {"version", "binary"}

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_DIGITS = re.compile(r"[+-]?[0-9A-Za-z]{1,400}", re.ASCII)
_LAST_PLAIN = "\uffff"


# Strings, as Java has them.


def _units(text: str) -> str:
    """The text with one character for each UTF-16 unit."""
    if text.isascii() or max(text) <= _LAST_PLAIN:
        return text
    data = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(data[at] | data[at + 1] << 8) for at in range(0, len(data), 2))


def _text(units: str) -> str:
    if units.isascii():
        return units
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def fold_case(text: str) -> str:
    """The form in which Java's ``compareToIgnoreCase`` finds texts equal."""
    if text.isascii():
        return text.lower()
    return "".join(_one(_one(character, str.upper), str.lower) for character in text)


def _one(character: str, change: Callable[[str], str]) -> str:
    made = change(character)
    return made if len(made) == 1 else character


def _between(text: str, left: str, right: str, greedy: bool = False, *, fold: bool = False) -> str:
    if not text or not left or not right:
        return text
    whole = _units(text)
    searched, start, end = (_units(one.lower() if fold else one) for one in (text, left, right))
    at = searched.find(start)
    if at < 0:
        return ""
    at += len(start)
    stop = searched.rfind(end) if greedy else searched.find(end, at)
    if stop < 0:
        return ""
    if stop < at:
        raise ValueError("the right bound lies within the left one")
    return _text(whole[at:stop])


def _cidr_match(address: str, *blocks: str) -> bool:
    number = parse_ip(address)
    if number is None:
        raise ValueError("no address")
    return any(low <= number <= high for low, high in map(_block, blocks))


@functools.lru_cache(maxsize=1024)
def _block(text: str) -> tuple[int, int]:
    block = parse_cidr(text)
    if block is None:
        raise ValueError(f"'{text}' is not a CIDR block")
    return block


def _ends_with(text: str, end: str, *, fold: bool = False) -> bool:
    return text.lower().endswith(end.lower()) if fold else text.endswith(end)


def _starts_with(text: str, start: str, *, fold: bool = False) -> bool:
    return text.lower().startswith(start.lower()) if fold else text.startswith(start)


def _index_of(text: str | None, part: str | None, start: int | None = None, *, fold: bool = False) -> int | None:
    if text is None or part is None:
        return None
    searched, wanted = (_units(one.lower() if fold else one) for one in (text, part))
    found = searched.find(wanted, min(max(0, start or 0), len(searched)))
    return None if found < 0 else found


def _string_contains(text: str, part: str, *, fold: bool = False) -> bool:
    if not text or not part:
        return False
    return part.lower() in text.lower() if fold else part in text


def _substring(text: str | None, start: int | None, end: int | None = None) -> str | None:
    if text is None or start is None:
        return text
    return _text(_units(text)[start:end])


def _number(text: str | None, base: int | None = None) -> int | float | None:
    if text is None:
        return None
    hexadecimal = text.startswith("0x")
    radix = base if base is not None else 16 if hexadecimal else 10
    digits = text[2:] if hexadecimal and radix == 16 else text
    if radix == 10 and not _WHOLE_NUMBER.fullmatch(digits):
        return float(_java_number(digits))
    if not 2 <= radix <= 36 or not _DIGITS.fullmatch(digits):
        raise ValueError("not a number in this base")
    value = int(digits, radix)
    if _is_long(value):
        return value
    if radix != 10:
        raise ValueError("too large")
    return float(value)


def _java_number(text: str) -> str:
    plain = text.strip()
    if not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?", plain, re.ASCII):
        raise ValueError("no number")
    return plain.rstrip("fFdD")


def java_text(value: object) -> str:
    """What ``string()`` and ``concat()`` make of a value."""
    if isinstance(value, str):
        return value
    return to_text("boolean" if isinstance(value, bool) else "double" if isinstance(value, float) else "long")(value)


def _java_datetime(instant: int) -> str:
    """An instant as Java writes a ``ZonedDateTime``: no more of the time of day than it has."""
    written = format_date(instant).removesuffix("Z").removesuffix(".000")
    return f"{written.removesuffix(':00') if written.count(':') > 1 else written}Z"


def _concat(*values: object) -> str:
    return "".join(map(java_text, values))


# Numbers: whole ones are Java's long, all others its double.


def _is_long(value: int) -> bool:
    low, high = RANGES["long"]
    return low <= value <= high


def _arithmetic(
    whole: Callable[[int, int], int], fraction: Callable[[float, float], float]
) -> Callable[[object, object], int | float]:
    def compute(left: Any, right: Any) -> int | float:
        if isinstance(left, float) or isinstance(right, float):
            return fraction(float(left), float(right))
        value = whole(left, right)
        if not _is_long(value):
            raise ArithmeticError("long overflow")
        return value

    return compute


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _remainder(left: int, right: int) -> int:
    return left - right * divide(left, right)


def _negative(value: Any) -> Any:
    if isinstance(value, int) and not _is_long(-value):
        raise ArithmeticError("long overflow")
    return -value


def common_type(types: Types) -> str:
    """The type of a sum: the one of two numbers' types that holds more."""
    order = (
        "null",
        "byte",
        "short",
        "integer",
        "long",
        "unsigned_long",
        "half_float",
        "float",
        "scaled_float",
        "double",
    )
    return max(types, key=order.index)


# Comparisons.


def _comparable(left: object, right: object) -> bool:
    """Whether Java would compare them; of others the comparison is null."""
    kinds = [bool if isinstance(one, bool) else str if isinstance(one, str) else float for one in (left, right)]
    return kinds[0] is kinds[1]


def _compare(symbol: Callable[[Any, Any], bool]) -> Callable[[object, object], bool | None]:
    return lambda left, right: symbol(left, right) if _comparable(left, right) else None


def _same_text(left: str, right: str) -> bool:
    return fold_case(left) == fold_case(right)


@functools.lru_cache(maxsize=1024)
def like_pattern(text: str) -> tuple[str | Wild, ...]:
    """A text with wildcards as a pattern: ``*`` is any text, ``?`` one character; nothing escapes them."""
    marks = {"*": STAR, "?": ONE}
    return tuple(marks.get(part, part) for part in re.split("([*?])", text) if part)


@functools.lru_cache(maxsize=1024)
def _like_matcher(text: str, fold: bool) -> Callable[[str], bool]:
    pattern = like_pattern(text)
    if not any(isinstance(part, Wild) for part in pattern):
        return functools.partial(_same_text, text) if fold else text.__eq__
    # Java's regular expressions here: no mark stands for the end of a line, and only A to Z have another case.
    if not fold:
        return wildcard.on_lines(pattern)
    match = wildcard.on_lines(like_pattern(fold_letters(text)))
    return lambda value: match(fold_letters(value))


def _like(text: str, pattern: str, *, fold: bool = False) -> bool:
    return _like_matcher(pattern, fold)(text)


def _regex(text: str, pattern: str, *, fold: bool = False) -> bool:
    return regex.matcher(pattern, case_insensitive=fold)(text)


_BOTH = (ANY, ANY)
_NUMBERS = (NUMERIC, NUMERIC)


def _both_cases(name: str, implementation: Implementation, *parameters: Any, **how: Any) -> dict[str, Function]:
    """A function and its variant that ignores case."""
    folding = functools.partial(implementation, fold=True)
    return {name: function(implementation, *parameters, **how), f"{name}~": function(folding, *parameters, **how)}


def _sum(name: str, symbol: str, compute: Callable[[object, object], object]) -> dict[str, Function]:
    """An arithmetic operator, which is also a function."""
    made = function(compute, *_NUMBERS, result=common_type)
    return {name: made, symbol: made}


_TEXTS = (STRING, STRING)

_NAMED: dict[str, Function] = {
    **_both_cases("between", _between, STRING, STRING, STRING, optional(BOOLEAN), result="keyword"),
    "cidrmatch": function(
        _cidr_match, IP, Parameter(STRING, constant=True),
        Parameter(STRING, optional=True, repeated=True, constant=True), result="boolean",
    ),
    "concat": function(_concat, repeated(ANY), result="keyword"),
    **_both_cases("endswith", _ends_with, *_TEXTS, result="boolean"),
    **_both_cases("indexof", _index_of, *_TEXTS, optional(WHOLE), result="integer", takes="whole"),
    "length": function(utf16_length, STRING, result="integer"),
    **_both_cases("startswith", _starts_with, *_TEXTS, result="boolean"),
    "string": function(java_text, ANY, result="keyword"),
    **_both_cases("stringcontains", _string_contains, *_TEXTS, result="boolean"),
    "substring": function(_substring, STRING, WHOLE, optional(WHOLE), result="keyword", takes="whole"),
    **_sum("add", "+", _arithmetic(int.__add__, float.__add__)),
    **_sum("divide", "/", _arithmetic(divide, _divide)),
    **_sum("modulo", "%", _arithmetic(_remainder, math.fmod)),
    **_sum("multiply", "*", _arithmetic(int.__mul__, float.__mul__)),
    "number": function(_number, STRING, optional(WHOLE), result="double", takes="whole"),
    **_sum("subtract", "-", _arithmetic(int.__sub__, float.__sub__)),
}  # fmt: skip

_OPERATORS: dict[str, Function] = {
    "negative": function(_negative, NUMERIC, result=lambda types: types[0]),
    "==": function(_compare(operator.eq), *_BOTH, result="boolean"),
    "<": function(_compare(operator.lt), *_BOTH, result="boolean"),
    "<=": function(_compare(operator.le), *_BOTH, result="boolean"),
    ">": function(_compare(operator.gt), *_BOTH, result="boolean"),
    ">=": function(_compare(operator.ge), *_BOTH, result="boolean"),
    "==~": function(_same_text, *_TEXTS, result="boolean"),
    **_both_cases("like", _like, *_TEXTS, result="boolean"),
    **_both_cases("regex", _regex, *_TEXTS, result="boolean"),
    "written": typed(lambda types: format_ip if types[0] == "ip" else _java_datetime, DATETIME | IP, result="keyword"),
}

NAMES = tuple(name for name in _NAMED if name[0].isalpha() and not name.endswith("~"))
"""The functions that a query can name, in lower case."""

FUNCTIONS: dict[str, Function] = {f"eql.{name}": made for name, made in (*_NAMED.items(), *_OPERATORS.items())}
"""Functions and operators by the names they have in expressions."""
