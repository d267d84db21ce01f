"""Expressions and the row pipeline, evaluated row by row.

A row is a dict from the names of its columns to values as :mod:`detections.functions.signature` describes them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from detections.errors import NotEvaluated
from detections.functions import COMPUTED, OPERATORS
from detections.functions.conversions import to_text
from detections.functions.operators import sort_key
from detections.functions.signature import bind, packed
from detections.mapping import SOURCE, Field
from detections.plan.expression import UNSUPPORTED, Call, Column, Constant, Expression
from detections.plan.predicate import Always, And, Compute, IsTrue, Not, Or, Predicate
from detections.plan.rows import Command, Eval, Limit, Order, Project, Sort, Where

Row: TypeAlias = dict[str, Any]
Compiled: TypeAlias = Callable[[Row], Any]
Step: TypeAlias = Callable[[Iterable[Row]], Iterator[Row]]

_REMEMBERED = 4096


def compiled(expression: Expression) -> Compiled:
    """The expression as a function of a row. ``now()`` is the moment of this call."""
    match expression:
        case Column(name):
            return lambda row: row.get(name)
        case Constant(value):
            return lambda row: value
        case Call("now"):
            now = time.time_ns() // 1_000_000
            return lambda row: now
        case Call("or", arguments):
            rest, merged = _memberships(arguments)
            return _call(bind(OPERATORS["or"], ()), [*map(compiled, rest), *merged])
        case Call(name, arguments):
            compute = bind(COMPUTED[name], tuple(argument.type for argument in arguments))
            return _call(compute, [compiled(argument) for argument in arguments])


def _call(compute: Callable[..., Any], arguments: list[Compiled]) -> Compiled:
    match arguments:
        case [one]:
            return lambda row: compute(one(row))
        case [one, two]:
            return lambda row: compute(one(row), two(row))
        case _:
            return lambda row: compute(*[argument(row) for argument in arguments])


def _memberships(expressions: Iterable[Expression]) -> tuple[list[Expression], list[Compiled]]:
    """Alternatives, with all that ask one value for a constant (``IN`` with a long list) made one question each."""
    rest: list[Expression] = []
    asked: dict[Expression, set[Any]] = {}
    for one in expressions:
        match one:
            case Call("==", (value, Constant(str() | int() | float() as constant))):
                asked.setdefault(value, set()).add(constant)
            case _:
                rest.append(one)
    return rest, [_membership(compiled(value), constants) for value, constants in asked.items()]


def _membership(value: Compiled, constants: set[Any]) -> Compiled:
    def answer(row: Row) -> bool | None:
        found = value(row)
        return None if found is None or isinstance(found, tuple) else found in constants

    return answer


def columns_in(expression: Expression) -> Iterator[Column]:
    """The columns an expression reads."""
    match expression:
        case Column():
            yield expression
        case Call(_, arguments):
            for argument in arguments:
                yield from columns_in(argument)


def value_of(values: list[Any], field: Field) -> Any:
    """A field's normalised values as one value of a row; doc values come sorted, text as the source has it."""
    ordered = len(values) < 2 or field.type == SOURCE
    return packed(values if ordered else sorted(values, key=sort_key(field.type)))


class Condition:
    """A boolean expression over fields of a document: true, false, or None for null.

    Answers are remembered: equal values give equal answers.
    """

    def __init__(self, expression: Expression) -> None:
        found = dict.fromkeys(columns_in(expression))
        self.fields = {column.name: column.field for column in found if column.field is not None}
        self._names = [column.name for column in found]
        self._compiled = compiled(expression)
        self._known: dict[tuple[Any, ...], bool | None] = {}

    def __call__(self, row: Row) -> bool | None:
        key = tuple([row.get(name) for name in self._names])
        try:
            return self._known[key]
        except KeyError:
            found = self._compiled(row)
        answer: bool | None = found if isinstance(found, bool) else None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = answer
        return answer


def condition(predicate: Predicate) -> Compiled:
    """A predicate as a function of a row, in three values."""
    match predicate:
        case And(items):
            return _chain([condition(item) for item in items], decisive=False)
        case Or(items):
            computed = [item.expression for item in items if isinstance(item, Compute)]
            rest, merged = _memberships(computed)
            others = [condition(item) for item in items if not isinstance(item, Compute)]
            return _chain([*others, *map(Condition, rest), *merged], decisive=True)
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


def _chain(made: list[Compiled], *, decisive: bool) -> Compiled:
    def answer(row: Row) -> bool | None:
        missing = False
        for one in made:
            found: bool | None = one(row)
            if found is decisive:
                return decisive
            missing = missing or found is None
        return None if missing else not decisive

    return answer


def step(command: Command) -> Step:
    """A command as a function of rows."""
    match command:
        case Where(predicate):
            holds = condition(predicate)
            return lambda rows: (row for row in rows if holds(row) is True)
        case Eval(columns):
            made = [(name, compiled(expression)) for name, expression in columns]
            return lambda rows: (_extended(row, made) for row in rows)
        case Project(columns):
            names = [(new, column.name) for new, column in columns]
            return lambda rows: ({new: row.get(name) for new, name in names} for row in rows)
        case Sort(orders):
            orders_made = [(order, compiled(order.expression)) for order in orders]
            return lambda rows: iter(_sorted(orders_made, list(rows)))
        case Limit(count):
            return lambda rows: (row for _, row in zip(range(count), rows, strict=False))


def _extended(row: Row, made: list[tuple[str, Compiled]]) -> Row:
    row = dict(row)
    for name, expression in made:
        value = expression(row)
        row.pop(name, None)
        row[name] = value
    return row


def _sorted(keyed_by: Sequence[tuple[Order, Compiled]], rows: list[Row]) -> list[Row]:
    # The last order first: sorting is stable.
    for order, expression in reversed(keyed_by):
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
    if kind == UNSUPPORTED or value is None:
        return None
    if isinstance(value, tuple):
        return [shown(one, kind) for one in value]
    return to_text(kind)(value) if kind in ("datetime", "ip") else value
