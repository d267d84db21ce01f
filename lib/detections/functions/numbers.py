"""Arithmetic and mathematics (Elasticsearch 9.2). What leaves its type's range, or is not a finite number, is null."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from detections.functions.signature import (
    NUMERIC,
    OLDEST,
    RANKS,
    WHOLE,
    Function,
    Implementation,
    Types,
    first_type,
    function,
    in_range,
    optional,
    typed,
)


def finite(value: float) -> float:
    """The number, if it is one. Raises ArithmeticError."""
    if not math.isfinite(value):
        shown = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        raise ArithmeticError(f"not a finite double number: {shown}")
    return value


def widest(types: Types) -> str:
    """The type that holds the numbers of all these types; null only where all are."""
    known = [one for one in types if one != "null"]
    return max(known, key=RANKS.__getitem__) if known else "null"


def divide(left: int, right: int) -> int:
    """Java's division of whole numbers: towards zero."""
    quotient: int = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divide_doubles(left: float, right: float) -> float:
    """Elasticsearch calls every result that is not a finite number a division by zero."""
    quotient = left / right
    if not math.isfinite(quotient):
        raise ZeroDivisionError
    return quotient


def _remainder_of_doubles(left: float, right: float) -> float:
    if right == 0 or not math.isfinite(left):
        raise ZeroDivisionError
    return math.fmod(left, right)


def _remainder(left: int, right: int) -> int:
    return left - right * divide(left, right)


_WHOLE: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": divide, "%": _remainder,
}  # fmt: skip
_DOUBLE: dict[str, Callable[[float, float], float]] = {
    "+": float.__add__, "-": float.__sub__, "*": float.__mul__, "/": _divide_doubles,
    "%": _remainder_of_doubles,
}  # fmt: skip


def arithmetic(operator: str, types: Types) -> Implementation:
    """``+ - * / %`` for two types of numbers."""
    kind = widest(types)
    if kind == "double":
        compute = _DOUBLE[operator]
        return lambda left, right: finite(compute(float(left), float(right)))
    whole = _WHOLE[operator]
    return lambda left, right: in_range(whole(left, right), kind)


def negative(types: Types) -> Implementation:
    kind = types[0]
    return float.__neg__ if kind == "double" else lambda value: in_range(-value, kind)


def round_half_up(value: float) -> int:
    """``Math.round``."""
    return math.floor(value + 0.5) if abs(value) < 2**52 else int(value)


def _round(types: Types) -> Implementation:
    kind = types[0]
    return (
        _round_double if kind == "double" else lambda value, decimals=0: in_range(_round_whole(value, decimals), kind)
    )


def _round_double(value: float, decimals: int = 0) -> float:
    if not math.isfinite(value):
        return value
    try:
        scale = 10.0**decimals
    except OverflowError:
        return value
    scaled = value * scale
    if scale == 0 or not math.isfinite(scaled):
        return value if scale else 0.0
    return math.copysign(float(round_half_up(abs(scaled))) / scale, value)


def _round_whole(value: int, decimals: int) -> int:
    if decimals >= 0:
        return value
    if decimals < -20:
        return 0
    scale: int = 10**-decimals
    return int(math.copysign(1, value)) * ((abs(value) + scale // 2) // scale * scale)


def _on_doubles(compute: Callable[..., float]) -> Implementation:
    return lambda *values: finite(compute(*map(float, values)))


def _within(compute: Callable[[float], float], least: float, most: float, message: str) -> Callable[[float], float]:
    """A function of the numbers in a range."""

    def checked(value: float) -> float:
        if not least <= value <= most:
            raise ArithmeticError(message)
        return compute(value)

    return checked


def _finite_or(message: str, compute: Callable[..., float]) -> Callable[..., float]:
    """A function whose results that are not finite numbers are refused in these words, where Python refuses them in its
    own."""

    def checked(*values: float) -> float:
        try:
            return compute(*values)
        except OverflowError:
            raise ArithmeticError(message.format("Infinity")) from None
        except ValueError:
            raise ArithmeticError(message.format("NaN")) from None

    return checked


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


def _log10(value: float) -> float:
    if value <= 0:
        raise ArithmeticError("Log of non-positive number")
    return math.log10(value)


def _log(base: float, value: float | None = None) -> float:
    if base <= 0 or (value is not None and value <= 0):
        raise ArithmeticError("Log of non-positive number")
    if value is None:
        return math.log(base)
    if base == 1:
        raise ArithmeticError("Log of base 1")
    return math.log10(value) if base == 10 else math.log(value) / math.log(base)


def _cbrt(value: float) -> float:
    """Whole where the cube is, as Java's."""
    root = math.cbrt(value)
    return float(round(root)) if round(root) ** 3 == value else root


def _pow(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        raise OverflowError
    return math.pow(base, exponent)


def _keep_whole(compute: Callable[[float], int]) -> Callable[[Types], Implementation]:
    """``ceil`` and ``floor``: whole numbers are what they are."""
    return lambda types: (lambda value: float(compute(value))) if types[0] == "double" else lambda value: value


def _absolute(types: Types) -> Implementation:
    kind = types[0]
    return abs if kind == "double" else lambda value: in_range(abs(value), kind)


def _copy_sign(magnitude: Any, sign: Any) -> Any:
    made = math.copysign(abs(magnitude), sign)
    return made if isinstance(magnitude, float) else int(made)


def _scalb(value: float, exponent: int) -> float:
    return finite(math.ldexp(float(value), exponent))


def _constant(value: float) -> Function:
    return function(lambda: value, result="double")


def _double(compute: Callable[..., float], *parameters: Any, since: str = OLDEST) -> Function:
    return function(_on_doubles(compute), *(parameters or (NUMERIC,)), result="double", since=since)


_BELOW_ONE, _ABOVE_MINUS_ONE = math.nextafter(1, 0), math.nextafter(-1, 0)

FUNCTIONS: dict[str, Function] = {
    "abs": typed(_absolute, NUMERIC, result=first_type),
    "acos": _double(_within(math.acos, -1, 1, "Acos input out of range")),
    "acosh": _double(_within(math.acosh, 1, math.inf, "Acosh input out of range"), since="9.4"),
    "asin": _double(_within(math.asin, -1, 1, "Asin input out of range")),
    "asinh": _double(math.asinh, since="9.4"),
    "atan": _double(math.atan),
    "atanh": _double(_within(math.atanh, _ABOVE_MINUS_ONE, _BELOW_ONE, "Atanh input out of range"), since="9.4"),
    "atan2": _double(math.atan2, NUMERIC, NUMERIC),
    "cbrt": _double(_cbrt),
    "ceil": typed(_keep_whole(math.ceil), NUMERIC, result=first_type),
    "copy_sign": function(_copy_sign, NUMERIC, NUMERIC, result=first_type),
    "cos": _double(math.cos),
    "cosh": _double(_finite_or("cosh overflow", math.cosh)),
    "e": _constant(math.e),
    "exp": function(lambda value: _exp(float(value)), NUMERIC, result="double"),
    "floor": typed(_keep_whole(math.floor), NUMERIC, result=first_type),
    "hypot": _double(math.hypot, NUMERIC, NUMERIC),
    "log": _double(_log, NUMERIC, optional(NUMERIC)),
    "log10": _double(_log10),
    "pi": _constant(math.pi),
    "pow": _double(_finite_or("not a finite double number: {}", _pow), NUMERIC, NUMERIC),
    "round": typed(_round, NUMERIC, optional(WHOLE), result=first_type),
    "scalb": function(_scalb, NUMERIC, WHOLE, result="double"),
    "signum": _double(lambda value: float((value > 0) - (value < 0))),
    "sin": _double(math.sin),
    "sinh": _double(_finite_or("sinh overflow", math.sinh)),
    "sqrt": _double(_within(math.sqrt, 0, math.inf, "Square root of negative")),
    "tan": _double(math.tan),
    "tanh": _double(math.tanh),
    "tau": _constant(math.tau),
    "to_degrees": _double(math.degrees),
    "to_radians": _double(math.radians),
}
