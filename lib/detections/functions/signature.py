"""What a function of ES|QL is: the arguments it takes, the type it gives, and how it computes.

Values: ``str`` for keyword, text and version; ``int`` for whole numbers, datetime (milliseconds since the epoch),
date_nanos (nanoseconds) and ip (128 bits); ``float``; ``bool``; :class:`~detections.values.geo.Point` for points;
:class:`Period` and :class:`Duration` for spans of time; ``None`` for null; a tuple of at least two for several values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from typing import Literal as OneOf

from detections.errors import NotEvaluated
from detections.values import limits

Types: TypeAlias = tuple[str, ...]
Implementation: TypeAlias = Callable[..., object]

OLDEST = "8.19"
"""The oldest version of Elasticsearch that is asked about; what is older counts as of this one."""

STRING = frozenset({"keyword", "text"})
WHOLE = frozenset({"integer", "long", "unsigned_long"})
NUMERIC = WHOLE | {"double"}
BOOLEAN = frozenset({"boolean"})
DATETIME = frozenset({"datetime"})
IP = frozenset({"ip"})
PERIOD = frozenset({"date_period"})
SPAN = PERIOD | {"time_duration"}
SPATIAL = frozenset({"geo_point", "cartesian_point"})
NANOSECONDS = frozenset({"date_nanos"})
ANY = STRING | NUMERIC | BOOLEAN | DATETIME | NANOSECONDS | IP | {"version"}
"""The types of columns that expressions can use."""

RANKS = {"integer": 0, "long": 1, "unsigned_long": 2, "double": 3}
RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "unsigned_long": (0, 2**64 - 1),
    "datetime": (-(2**63), 2**63 - 1),
}

FAILURES = (ValueError, ArithmeticError, LookupError, NotEvaluated)
"""What an implementation raises for arguments it has no result for: the result is null (and Elasticsearch warns).

A pattern or format that is not evaluated here is refused when the query is compiled; only one that is computed from
documents can still be met with.
"""


Report: TypeAlias = Callable[[Exception], None]
"""Who is told why there is no result."""


class Several(ValueError):
    """A function of one value was given several."""

    def __init__(self) -> None:
        super().__init__("single-value function encountered multi-value")


class Unparsable(ValueError):
    """A text that is not a number, or none that the type holds."""

    def __init__(self, text: str) -> None:
        super().__init__(f'For input string: "{text}"')


class OutOfRange(ArithmeticError):
    """A number that a type does not hold: what Elasticsearch calls an invalid argument."""


_JAVA = (
    (Unparsable, "java.lang.NumberFormatException"),
    (OutOfRange, "org.elasticsearch.xpack.esql.core.InvalidArgumentException"),
    (ArithmeticError, "java.lang.ArithmeticException"),
)


def java_message(error: Exception) -> str:
    """A failure as Elasticsearch names it."""
    kind = next((name for made, name in _JAVA if isinstance(error, made)), "java.lang.IllegalArgumentException")
    text = "/ by zero" if isinstance(error, ZeroDivisionError) else str(error)
    return f"{kind}: {text}"


@dataclass(frozen=True, slots=True)
class Period:
    """A span of the calendar."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Duration:
    """A span of time, in milliseconds."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """``check`` looks at an argument that is a constant, and raises ValueError (the query is wrong) or NotEvaluated."""

    types: frozenset[str]
    optional: bool = False
    repeated: bool = False
    constant: bool = False
    check: Callable[[Any], object] | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """``takes``: what the implementation is called with.

    * ``single``: values that are neither null nor several; with another argument the result is null.
    * ``each``: the same, but the first argument may be several values, and is taken value by value.
    * ``whole``: everything as it is.

    ``result`` is the type of the result, or makes it from the types of the arguments. ``make`` makes the implementation
    for the types of the arguments. ``same``: the arguments from this one on are of one type; numbers are widened to the
    type of the first. ``since`` is the version of Elasticsearch that has it, ``ga`` the one from which it no longer
    changes (empty: from the first; None: it may still change).
    """

    parameters: tuple[Parameter, ...]
    result: str | Callable[[Types], str]
    make: Callable[[Types], Implementation]
    takes: OneOf["single", "each", "whole"] = "single"
    same: int | None = None
    since: str = OLDEST
    ga: str | None = ""

    def type_of(self, types: Types) -> str:
        return self.result if isinstance(self.result, str) else self.result(types)


def function(
    implementation: Implementation,
    *parameters: Parameter | frozenset[str],
    result: str | Callable[[Types], str],
    takes: OneOf["single", "each", "whole"] = "single",
    same: int | None = None,
    since: str = OLDEST,
    ga: str | None = "",
) -> Function:
    """A function that computes alike for all types."""
    made = tuple(parameter if isinstance(parameter, Parameter) else Parameter(parameter) for parameter in parameters)
    return Function(made, result, lambda types: implementation, takes, same, since, ga)


def typed(
    make: Callable[[Types], Implementation],
    *parameters: Parameter | frozenset[str],
    result: str | Callable[[Types], str],
    takes: OneOf["single", "each", "whole"] = "single",
    same: int | None = None,
    since: str = OLDEST,
    ga: str | None = "",
) -> Function:
    """A function whose computation depends on the types."""
    made = tuple(parameter if isinstance(parameter, Parameter) else Parameter(parameter) for parameter in parameters)
    return Function(made, result, make, takes, same, since, ga)


def optional(types: frozenset[str], check: Callable[[Any], object] | None = None) -> Parameter:
    return Parameter(types, optional=True, check=check)


def repeated(types: frozenset[str]) -> Parameter:
    """Any number of further arguments, also none."""
    return Parameter(types, optional=True, repeated=True)


def first_type(types: Types) -> str:
    """The type of the first argument that is not null; text becomes keyword."""
    kind = next((one for one in types if one != "null"), "null")
    return "keyword" if kind == "text" else kind


def several(value: Any) -> tuple[Any, ...]:
    """The values of an argument that is not null."""
    return value if isinstance(value, tuple) else (value,)


def packed(values: Sequence[Any]) -> object:
    """Values as a result: null for none, the value itself for one."""
    return (tuple(values) if len(values) > 1 else values[0]) if values else None


def check_count(count: int) -> None:
    """Raises ValueError for more values than a function makes."""
    if count > limits.VALUES.most:
        raise ValueError(f"more than {limits.VALUES.most} values are not made")


def in_range(value: int, kind: str) -> int:
    """The number, if its type holds it. Raises ArithmeticError."""
    low, high = RANGES[kind]
    if not low <= value <= high:
        raise ArithmeticError(f"{'long' if kind == 'datetime' else kind} overflow")
    return value


def bind(function: Function, types: Types, report: Report | None = None) -> Implementation:
    """The implementation for arguments of these types, with what :class:`Function` says of nulls and several values.

    ``report`` is told why a result is null although no argument is.
    """
    implementation = function.make(types)

    def single(*values: Any) -> Any:
        for value in values:
            if value is None:
                return None
            if type(value) is tuple:
                if report is not None:
                    report(Several())
                return None
        try:
            return implementation(*values)
        except FAILURES as error:
            if report is not None:
                report(error)
            return None

    def each(value: object, *others: object) -> object:
        if type(value) is not tuple:
            return single(value, *others)
        return packed([made for made in (single(one, *others) for one in value) if made is not None])

    def whole(*values: object) -> object:
        try:
            return implementation(*values)
        except FAILURES as error:
            if report is not None:
                report(error)
            return None

    return {"single": single, "each": each, "whole": whole}[function.takes]
