"""Expressions and the row pipeline, evaluated row by row.

A row is a dict from the names of its columns to values as :mod:`detections.compile.functions.signature` describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from detections.compile.expression import Call, Column, Constant, Expression
from detections.compile.functions import FUNCTIONS, OPERATORS, Function
from detections.compile.functions.conversions import to_text
from detections.compile.functions.operators import sort_key
from detections.compile.functions.signature import FAILURES, packed
from detections.compile.ir import Always, And, Compute, IsTrue, Not, Or, Predicate
from detections.compile.mapping import Field
from detections.compile.rows import Command, Eval, Limit, Project, Sort, Where
from detections.errors import NotEvaluated

Row: TypeAlias = dict[str, Any]
Compiled: TypeAlias = Callable[[Row], Any]


def compiled(expression: Expression) -> Compiled:
    """The expression as a function of a row."""
    match expression:
        case Column(name):
            return lambda row: row.get(name)
        case Constant(value):
            return lambda row: value
        case Call(name, arguments):
            function = OPERATORS.get(name) or FUNCTIONS[name]
            types = tuple(argument.type for argument in arguments)
            return _call(function, function.make(types), [compiled(argument) for argument in arguments])


def _call(function: Function, implementation: Callable[..., Any], arguments: list[Compiled]) -> Compiled:
    if function.takes == "whole":
        return lambda row: _tried(implementation, [argument(row) for argument in arguments])
    each = function.takes == "each"

    def single(row: Row) -> Any:
        values = [argument(row) for argument in arguments]
        rest = values[1:] if each else values
        if any(value is None or isinstance(value, tuple) for value in rest) or values[:1] == [None]:
            return None
        if each and values and isinstance(values[0], tuple):
            made = [_tried(implementation, [value, *rest]) for value in values[0]]
            return packed([value for value in made if value is not None])
        return _tried(implementation, values)

    return single


def _tried(implementation: Callable[..., Any], values: list[Any]) -> Any:
    try:
        return implementation(*values)
    except FAILURES:
        return None


def columns_in(expression: Expression) -> Iterator[Column]:
    """The columns an expression reads."""
    match expression:
        case Column():
            yield expression
        case Call(_, arguments):
            for argument in arguments:
                yield from columns_in(argument)


def value_of(values: list[Any], field: Field) -> Any:
    """A field's normalised values as one value of a row; doc values come sorted."""
    return packed(values if len(values) < 2 else sorted(values, key=sort_key(field.type)))


class Condition:
    """A boolean expression over fields of a document: true, false, or None for null."""

    def __init__(self, expression: Expression) -> None:
        found = dict.fromkeys(column for column in columns_in(expression) if column.field is not None)
        self.fields = {column.name: column.field for column in found if column.field is not None}
        self._compiled = compiled(expression)

    def __call__(self, row: Row) -> bool | None:
        found = self._compiled(row)
        return None if found is None or isinstance(found, tuple) else bool(found)


def condition(predicate: Predicate) -> Compiled:
    """A predicate as a function of a row, in three values."""
    match predicate:
        case And(items) | Or(items):
            made = [condition(item) for item in items]
            decisive = isinstance(predicate, Or)

            def chain(row: Row) -> bool | None:
                answers = [one(row) for one in made]
                if any(answer is decisive for answer in answers):
                    return decisive
                return None if None in answers else not decisive

            return chain
        case Not(item):
            inner = condition(item)
            return lambda row: None if (answer := inner(row)) is None else not answer
        case IsTrue(item):
            inner = condition(item)
            return lambda row: inner(row) is True
        case Always(value):
            return lambda row: value
        case Compute(expression):
            return Condition(expression)
        case _:
            raise NotEvaluated("a test of a document field stands behind the first EVAL of the pipeline")


def apply(command: Command, rows: Iterable[Row]) -> Iterator[Row]:
    """What a command makes of rows."""
    match command:
        case Where(predicate):
            holds = condition(predicate)
            return (row for row in rows if holds(row) is True)
        case Eval(columns):
            made = [(name, compiled(expression)) for name, expression in columns]
            return (_extended(row, made) for row in rows)
        case Project(columns):
            return ({new: row.get(column.name) for new, column in columns} for row in rows)
        case Sort():
            return iter(_sorted(command, list(rows)))
        case Limit(count):
            return (row for _, row in zip(range(count), rows, strict=False))


def _extended(row: Row, made: list[tuple[str, Compiled]]) -> Row:
    row = dict(row)
    for name, expression in made:
        value = expression(row)
        row.pop(name, None)
        row[name] = value
    return row


def _sorted(command: Sort, rows: list[Row]) -> list[Row]:
    # The last order first: sorting is stable.
    for order in reversed(command.orders):
        expression = compiled(order.expression)
        key = sort_key(order.expression.type) or (lambda value: value)
        chosen = max if order.descending else min
        keyed = [(expression(row), row) for row in rows]
        nulls = [row for value, row in keyed if value is None]
        found = [
            (key(value) if not isinstance(value, tuple) else chosen(map(key, value)), row)
            for value, row in keyed
            if value is not None
        ]
        found.sort(key=lambda pair: pair[0], reverse=order.descending)
        rows = [row for _, row in found]
        rows = nulls + rows if order.nulls_first else rows + nulls
    return rows


def shown(value: Any, kind: str) -> Any:
    """A value as Elasticsearch's API shows it: dates and addresses in text, several values as a list."""
    if isinstance(value, tuple):
        return [shown(one, kind) for one in value]
    if value is not None and kind in ("datetime", "ip", "date_period", "time_duration"):
        return to_text(kind)(value)
    return value
