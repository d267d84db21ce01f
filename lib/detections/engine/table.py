"""Expressions over tables, column by column.

A table has its columns as lists, a value a row; values are as :mod:`detections.functions.signature` describes them. A
function is called once for equal arguments, where only one of them changes from row to row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any, TypeAlias

from detections.engine.column import Column as FieldColumn
from detections.errors import NotEvaluated
from detections.functions import COMPUTED
from detections.functions.operators import sort_key
from detections.functions.signature import Report, Several, bind, packed
from detections.functions.warning import Warnings
from detections.mapping import SOURCE, Field
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import Always, And, Compute, IsTrue, Not, Or, Predicate

Values: TypeAlias = list[Any]

_REMEMBERED = 65536


class Table:
    """Columns by name, all of one ``size``."""

    __slots__ = ("columns", "size")

    def __init__(self, columns: dict[str, Values], size: int) -> None:
        self.columns = columns
        self.size = size

    def values(self, name: str) -> Values:
        """A column; one that is not there is null."""
        found = self.columns.get(name)
        return [None] * self.size if found is None else found

    def where(self, marks: Sequence[object]) -> Table:
        """The rows with a true mark."""
        size = sum(map(bool, marks))
        if size == self.size:
            return self
        return Table({name: list(compress(values, marks)) for name, values in self.columns.items()}, size)

    def take(self, rows: Sequence[int]) -> Table:
        """These rows, in this order; a row may come more than once."""
        return Table({name: [values[row] for row in rows] for name, values in self.columns.items()}, len(rows))

    def with_columns(self, columns: dict[str, Values]) -> Table:
        """With these columns last; those of the same name go."""
        kept = {name: values for name, values in self.columns.items() if name not in columns}
        return Table({**kept, **columns}, self.size)


def joined(tables: Iterable[Table]) -> Table:
    """The rows of tables, one after the other; they have the same columns."""
    parts = [table for table in tables if table.size] or list(tables)
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for table in parts for name in table.columns)
    columns = {name: [value for table in parts for value in table.values(name)] for name in names}
    return Table(columns, sum(table.size for table in parts))


Vector: TypeAlias = Callable[[Table], Values]
"""An expression, made ready."""


class Vectors:
    """Makes expressions and predicates ready; what goes wrong in a row is told to the ``warnings``.

    ``now()`` is the moment in which this is made.
    """

    def __init__(self, warnings: Warnings | None = None) -> None:
        self._warnings = warnings
        self._now = time.time_ns() // 1_000_000

    def expression(self, node: Expression) -> Vector:
        match node:
            case Column(name):
                return lambda table: table.values(name)
            case Constant(value):
                return lambda table: [value] * table.size
            case Call("now"):
                return lambda table: [self._now] * table.size
            case Call("case", arguments):
                return self._case(node, [self.expression(argument) for argument in arguments])
            case Call("coalesce", arguments):
                return _coalesce([self.expression(argument) for argument in arguments])
            case Call("or", arguments):
                rest, merged = _memberships(arguments)
                asked = [self._membership(*one) for one in merged]
                return _kleene([*map(self.expression, rest), *asked], decisive=True)
            case Call("and", arguments):
                return _kleene([*map(self.expression, arguments)], decisive=False)
        return self._call(node)

    def predicate(self, node: Predicate) -> Vector:
        """True, false or None for each row."""
        match node:
            case And(items):
                return _kleene([self.predicate(item) for item in items], decisive=False)
            case Or(items):
                rest, merged = _memberships([item.expression for item in items if isinstance(item, Compute)])
                others = [self.predicate(item) for item in items if not isinstance(item, Compute)]
                asked = [self._membership(*one) for one in merged]
                return _kleene([*others, *map(self.expression, rest), *asked], decisive=True)
            case Not(item):
                inner = self.predicate(item)
                return lambda table: [None if value is None else not value for value in inner(table)]
            case IsTrue(item):
                inner = self.predicate(item)
                return lambda table: [value is True for value in inner(table)]
            case Always(value):
                return lambda table: [value] * table.size
            case Compute(expression):
                made = self.expression(expression)
                # Several values are no answer.
                return lambda table: [value if isinstance(value, bool) else None for value in made(table)]
        raise NotEvaluated("a test of a document field comes after the first EVAL of the pipeline")

    def _call(self, node: Expression) -> Vector:
        assert isinstance(node, Call)
        arguments = node.arguments
        compute = bind(COMPUTED[node.function], tuple(one.type for one in arguments), self.report(node))
        changing = [at for at, one in enumerate(arguments) if not isinstance(one, Constant)]
        made = [self.expression(one) for one in arguments]
        match changing:
            case []:
                values = [one.value for one in arguments if isinstance(one, Constant)]
                return lambda table: [compute(*values)] * table.size if table.size else []
            case [at]:
                before = [one.value for one in arguments[:at] if isinstance(one, Constant)]
                behind = [one.value for one in arguments[at + 1 :] if isinstance(one, Constant)]
                single = compute if not before and not behind else lambda value: compute(*before, value, *behind)
                return _once_a_value(made[at], single, remember=arguments[at].type != "double")
            case [_, _] if len(arguments) == 2:
                one, two = made
                return lambda table: list(map(compute, one(table), two(table)))
        return lambda table: list(map(compute, *[argument(table) for argument in made]))

    def report(self, call: Call) -> Report | None:
        """Who is told that a call has no result."""
        return None if self._warnings is None else self._warnings.about(call.span)

    def _membership(self, value: Expression, constants: set[object], call: Call) -> Vector:
        made, report = self.expression(value), self.report(call)

        def answer(table: Table) -> Values:
            values = made(table)
            if report is not None and any(type(found) is tuple for found in values):
                report(Several())
            return [None if found is None or type(found) is tuple else found in constants for found in values]

        return answer

    def _case(self, node: Call, made: list[Vector]) -> Vector:
        """Each value is computed where its condition is the first true one, and nowhere else."""
        pairs = list(zip(made[0::2], made[1::2], strict=False))
        default = made[-1] if len(made) % 2 else None
        several = None if self._warnings is None else self._warnings.about(node.span, treated="false")

        def compute(table: Table) -> Values:
            results: Values = [None] * table.size
            rows, left = list(range(table.size)), table
            for condition, value in pairs:
                answers = condition(left)
                if several is not None and any(type(one) is tuple for one in answers):
                    several(Several())
                holds = [answer is True for answer in answers]
                if any(holds):
                    for row, found in zip(compress(rows, holds), value(left.where(holds)), strict=True):
                        results[row] = found
                    others = [not one for one in holds]
                    rows, left = list(compress(rows, others)), left.where(others)
                if not rows:
                    return results
            if default is not None:
                for row, found in zip(rows, default(left), strict=True):
                    results[row] = found
            return results

        return compute


def _coalesce(made: list[Vector]) -> Vector:
    def compute(table: Table) -> Values:
        results = list(made[0](table))
        for value in made[1:]:
            rows = [row for row, found in enumerate(results) if found is None]
            if not rows:
                break
            for row, found in zip(rows, value(table if len(rows) == table.size else table.take(rows)), strict=True):
                results[row] = found
        return results

    return compute


def _once_a_value(made: Vector, compute: Callable[[object], object], *, remember: bool) -> Vector:
    """A function of one column, called once for equal values; values that are equal and yet differ (``-0.0``) are not
    remembered."""
    if not remember:
        return lambda table: list(map(compute, made(table)))
    known: dict[object, object] = {}

    def answer(table: Table) -> Values:
        values = made(table)
        for value in set(values) - known.keys():
            known[value] = compute(value)
        results = list(map(known.__getitem__, values))
        if len(known) > _REMEMBERED:
            known.clear()
        return results

    return answer


def _kleene(made: list[Vector], *, decisive: bool) -> Vector:
    """AND or OR in three values; several values are like null."""
    if len(made) == 1:
        return made[0]

    def answer(table: Table) -> Values:
        results: Values = []
        for row in zip(*[one(table) for one in made], strict=True):
            if decisive in row:
                results.append(decisive)
            else:
                unknown = None in row or any(type(one) is tuple for one in row)
                results.append(None if unknown else not decisive)
        return results

    return answer


def _memberships(
    expressions: Iterable[Expression],
) -> tuple[list[Expression], list[tuple[Expression, set[object], Call]]]:
    """Alternatives, with all that ask one value for a constant (``IN`` with a long list) made one question each."""
    rest: list[Expression] = []
    asked: dict[Expression, set[object]] = {}
    calls: dict[Expression, Call] = {}
    for expression in expressions:
        match expression:
            case Call("==", (value, Constant(str() | int() | float() as constant))):
                asked.setdefault(value, set()).add(constant)
                calls.setdefault(value, expression)
            case _:
                rest.append(expression)
    return rest, [(value, constants, calls[value]) for value, constants in asked.items()]


def cells(column: FieldColumn, field: Field, rows: Sequence[int]) -> Values:
    """The values of a field in some rows of a batch, each as one value of a table."""
    return column.cells(rows, lambda values: value_of(values, field))


def value_of(values: list[object], field: Field) -> object:
    """A field's normalised values as one value of a row; doc values come sorted, text as the source has it."""
    ordered = len(values) < 2 or field.type == SOURCE
    return packed(values if ordered else sorted(values, key=sort_key(field.type)))
