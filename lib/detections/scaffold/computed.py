"""Values of fields that could make a computed condition true or false.

A condition such as ``length(process.name) > 20`` is followed from the answer that is wanted to the fields that it is
computed from, through functions that can be undone. What cannot be undone leaves its constants as proposals, and texts
and numbers near them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detections.mapping import FAMILIES
from detections.plan.expression import Call, Column, Constant, Expression
from detections.scaffold.candidates import raw
from detections.scaffold.examples import examples
from detections.scaffold.texts import of_expression
from detections.values.dates import format_date
from detections.values.ip import format_ip, parse_cidr
from detections.values.regex_tree import RegexError

_COMPARED = frozenset({"==", "!=", "<", "<=", ">", ">="})
_LONGEST = 4096


@dataclass(slots=True)
class Proposals:
    """Values for fields, by path, the best first."""

    values: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, column: Column, value: object) -> None:
        if column.field is None or value is None:
            return
        made = _typed(column, value)
        if made is not None:
            self.values[column.field.path].setdefault(repr(made), made)


def proposals(expression: Expression) -> Mapping[str, list[object]]:
    """Values for the fields of a condition, by path: some that may make it true, and some that may not."""
    found = Proposals()
    _follow(expression, True, found)
    _near_constants(expression, found)
    for column in _columns(expression):
        if column.field is not None:
            for value in examples(column.field):
                found.add(column, value)
    return {path: list(values.values()) for path, values in found.values.items()}


def _typed(column: Column, value: object) -> object:
    """A value as a document has it in the column's field; None where it cannot have it."""
    assert column.field is not None
    family = FAMILIES.get(column.field.type, column.field.type)
    if family in ("keyword", "text", "flattened"):
        return value if isinstance(value, str) else str(value)
    if family == "ip":
        return format_ip(value) if isinstance(value, int) else value
    if family == "date":
        return format_date(value) if isinstance(value, int) else value
    if family == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else _number(value)
    if family == "boolean":
        return value if isinstance(value, bool) else None
    return raw(column.field, value) if isinstance(value, str | int | float) else None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else None


def _follow(expression: Expression, wanted: Any, found: Proposals) -> None:
    """Propose what could make an expression come to a value."""
    match expression:
        case Column():
            for value in wanted if isinstance(wanted, tuple) else (wanted,):
                found.add(expression, value)
        case Call(function, arguments):
            name = function.removeprefix("eql.").removesuffix("~").replace("_", "").lower()
            if name in _COMPARED and len(arguments) == 2:
                _compared(name, arguments, found)
            elif name in ("and", "or", "not", "eqlnot"):
                for argument in arguments:
                    _follow(argument, True, found)
            else:
                _undone(name, arguments, wanted, found)


def _compared(name: str, arguments: Sequence[Expression], found: Proposals) -> None:
    for one, other in (arguments, arguments[::-1]):
        for value in _values(other):
            steps: tuple[int, ...] = (0, 1, -1)
            if isinstance(value, int | float) and not isinstance(value, bool):
                for step in steps:
                    _follow(one, value + step, found)
            else:
                _follow(one, value, found)
                if isinstance(value, str) and name in ("<", "<=", ">", ">="):
                    _follow(one, f"{value}0", found)
                    _follow(one, value[:-1], found)
    if not any(isinstance(argument, Constant) for argument in arguments):
        for value in ("same", "other", 1, 2):
            for one in arguments:
                _follow(one, value, found)


def _undone(name: str, arguments: Sequence[Expression], wanted: Any, found: Proposals) -> None:
    """Through a function, from what it is to give to what it is given."""
    first, rest = (arguments[0], arguments[1:]) if arguments else (None, ())
    texts = [value for one in rest for value in _values(one) if isinstance(value, str)]
    if first is None:
        return
    if name in ("length", "mvcount", "bytelength") and isinstance(wanted, int):
        if 0 <= wanted <= _LONGEST:
            _follow(first, "x" * wanted, found)
    elif name in ("startswith", "endswith", "contains", "stringcontains", "indexof", "locate", "match", "wildcard",
                  "like", "in", "likelist", "rlikelist"):  # fmt: skip
        for text in texts:
            plain = text.replace("*", "").replace("?", "x")
            for made in (plain, f"{plain}x", f"x{plain}", f"x{plain}x"):
                _follow(first, made, found)
        for value in (value for one in rest for value in _values(one)):
            _follow(first, value, found)
    elif name in ("rlike", "matchregex", "regex"):
        for text in texts:
            for made in _matching(text):
                _follow(first, made, found)
    elif name in ("cidrmatch",):
        for text in texts:
            if block := parse_cidr(text):
                _follow(first, format_ip(block[0] + 1 if block[1] > block[0] else block[0]), found)
    elif name in ("substring", "left", "right", "between") and isinstance(wanted, str):
        start = next((value for one in rest for value in _values(one) if isinstance(value, int)), 0)
        for made in (wanted, "x" * min(abs(start), 64) + wanted, f"{wanted}{'x' * min(abs(start), 64)}"):
            _follow(first, made, found)
        for text in texts:
            _follow(first, f"{text}{wanted}{texts[-1]}", found)
    elif name in ("concat", "+") and isinstance(wanted, str):
        _split(arguments, wanted, found)
    elif name in ("+", "-", "*", "/", "add", "subtract", "multiply", "divide") and isinstance(wanted, int | float):
        _arithmetic(name, arguments, wanted, found)
    else:
        for argument in arguments:
            _follow(argument, wanted, found)


def _matching(pattern: str) -> list[str]:
    try:
        return of_expression(pattern)
    except RegexError:
        return []


def _split(arguments: Sequence[Expression], wanted: str, found: Proposals) -> None:
    """A text put together: its constants are cut from it, and what is left is for the fields between them."""
    left = wanted
    for number, argument in enumerate(arguments):
        if isinstance(argument, Constant):
            left = left.removeprefix(str(argument.value))
            continue
        following = next((str(one.value) for one in arguments[number + 1 :] if isinstance(one, Constant)), "")
        piece, _, rest = left.partition(following) if following else (left, "", "")
        _follow(argument, piece, found)
        left = f"{following}{rest}"


def _arithmetic(name: str, arguments: Sequence[Expression], wanted: float, found: Proposals) -> None:
    for one, other in (arguments[:2], arguments[1::-1]):
        for value in _values(other):
            if isinstance(value, int | float) and not isinstance(value, bool):
                _follow(one, _undo(name, wanted, value), found)
        if not isinstance(other, Constant):
            _follow(one, wanted, found)
            _follow(other, 0, found)


def _undo(name: str, wanted: float, value: float) -> float:
    """What, put together with a value by an operation, gives what is wanted."""
    match name:
        case "+" | "add":
            return wanted - value
        case "-" | "subtract":
            return wanted + value
        case "*" | "multiply":
            return wanted // (value or 1)
    return wanted * value


def _near_constants(expression: Expression, found: Proposals) -> None:
    """Every constant for every field, as it is and a little changed."""
    constants = [value for one in _all(expression) if isinstance(one, Constant) for value in _values(one)]
    for column in _columns(expression):
        for value in constants:
            if isinstance(value, bool):
                found.add(column, not value)
            elif isinstance(value, int | float):
                for near in (value, value + 1, value - 1):
                    found.add(column, near)
            elif isinstance(value, str):
                plain = value.replace("*", "")
                for text in (plain, f"{plain}x", f"x{plain}", f"other-{plain}"):
                    found.add(column, text)


def _values(expression: Expression) -> Iterator[Any]:
    """The values of a constant, each of a list."""
    if isinstance(expression, Constant):
        yield from expression.value if isinstance(expression.value, tuple) else (expression.value,)


def _columns(expression: Expression) -> Iterator[Column]:
    return (one for one in _all(expression) if isinstance(one, Column))


def _all(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Call):
        for argument in expression.arguments:
            yield from _all(argument)
