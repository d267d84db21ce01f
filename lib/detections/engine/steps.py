"""The commands of a row pipeline over tables, one function a command.

A step takes tables and gives tables, as they come; those that need all rows (SORT, STATS) wait for the last.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from detections.engine.aggregate import aggregate_step
from detections.engine.join import join_step
from detections.engine.table import Table, Values, Vector, Vectors, joined
from detections.functions import dissect, grok
from detections.functions.fold import Fold
from detections.functions.operators import sort_key
from detections.functions.signature import packed, several
from detections.functions.warning import Warnings
from detections.plan.rows import (
    Aggregate,
    Command,
    Dissect,
    Distinct,
    Eval,
    Expand,
    Fork,
    Grok,
    Join,
    Limit,
    LookupTable,
    Order,
    Project,
    Sort,
    Where,
)

Step: TypeAlias = Callable[[Iterable[Table]], Iterator[Table]]


class Steps:
    """Makes commands ready. ``tables``: what LOOKUP JOIN and ENRICH look up, by name. ``carried``: the columns that go
    through every command although the query does not know of them, and how those of a group are put together."""

    def __init__(
        self,
        warnings: Warnings | None = None,
        tables: Mapping[str, LookupTable] | None = None,
        carried: Mapping[str, Fold] | None = None,
    ) -> None:
        self._warnings = warnings
        self._tables = tables or {}
        self._carried = carried or {}
        self.vectors = Vectors(warnings)

    def step(self, command: Command) -> Step:
        match command:
            case Where(predicate):
                holds = self.vectors.predicate(predicate)
                return lambda tables: (table.where([one is True for one in holds(table)]) for table in tables)
            case Eval(columns):
                made = [(name, self.vectors.expression(value)) for name, value in columns]
                return lambda tables: (_extended(table, made) for table in tables)
            case Project(columns):
                names = [(new, column.name) for new, column in columns] + [(one, one) for one in self._carried]
                return lambda tables: (_projected(table, names) for table in tables)
            case Sort(orders):
                keys = [(order, self.vectors.expression(order.expression)) for order in orders]
                return lambda tables: iter([_sorted(joined(tables), keys)])
            case Limit(count, ()):
                return lambda tables: _first(tables, count)
            case Limit(count, groups):
                values = [self.vectors.expression(group) for group in groups]
                return lambda tables: _first_of_each(tables, count, values)
            case Aggregate():
                return aggregate_step(command, self.vectors, [*self._carried.items()])
            case Expand(column):
                return lambda tables: (_expanded(table, column.name) for table in tables)
            case Join():
                return join_step(command, self._tables, self.vectors)
            case Distinct(compared):
                compare = [self.vectors.expression(one) for one in compared]
                return lambda tables: _first_of_each(tables, 1, compare)
            case Fork():
                return self._fork(command)
            case Dissect() | Grok():
                return self._taken_apart(command)
        raise AssertionError(command)

    def _taken_apart(self, command: Dissect | Grok) -> Step:
        value = self.vectors.expression(command.value)
        if isinstance(command, Dissect):
            names = list(command.columns)
            take = dissect.parse(command.pattern).reader(command.separator)
        else:
            names = [name for name, _ in command.columns]
            take = grok.reader(command.patterns)
        return lambda tables: (_with_parts(table, value, names, take) for table in tables)

    def _fork(self, command: Fork) -> Step:
        made = [[self.step(one) for one in branch] for branch, _ in command.branches]
        sources = [self.vectors.expression(source) for source in command.sources]

        def step(tables: Iterable[Table]) -> Iterator[Table]:
            whole = joined(tables)
            for number, steps in enumerate(made, 1):
                rows: Iterable[Table] = [whole.where(sources[number - 1](whole)) if sources else whole]
                for step in steps:
                    rows = step(rows)
                for table in rows:
                    marked = {name: table.values(name) for name in (*command.columns, *self._carried)}
                    if not sources:
                        marked["_fork"] = [f"fork{number}"] * table.size
                    yield Table(marked, table.size)

        return step


def _extended(table: Table, made: Sequence[tuple[str, Vector]]) -> Table:
    for name, value in made:
        table = table.with_columns({name: value(table)})
    return table


def _projected(table: Table, names: Sequence[tuple[str, str]]) -> Table:
    return Table({new: table.values(name) for new, name in names}, table.size)


def _sorted(table: Table, keyed: Sequence[tuple[Order, Vector]]) -> Table:
    rows = list(range(table.size))
    # The last order first: sorting is stable.
    for order, expression in reversed(keyed):
        values = _sort_values(expression(table), order)
        nulls = [row for row in rows if values[row] is None]
        rest = [row for row in rows if values[row] is not None]
        rest.sort(key=values.__getitem__, reverse=order.descending)
        rows = nulls + rest if order.nulls_first else rest + nulls
    return table.take(rows)


def _sort_values(values: Values, order: Order) -> Values:
    """What a column is sorted by: of several values the least or the greatest."""
    key = sort_key(order.expression.type)
    chosen = max if order.descending else min
    if any(type(value) is tuple for value in values):
        values = [chosen(value, key=key) if type(value) is tuple else value for value in values]
    return values if key is None else [None if value is None else key(value) for value in values]


def _first(tables: Iterable[Table], count: int) -> Iterator[Table]:
    for table in tables:
        if table.size >= count:
            yield table.take(range(count))
            return
        count -= table.size
        yield table


def _first_of_each(tables: Iterable[Table], count: int, values: Sequence[Vector]) -> Iterator[Table]:
    seen: dict[object, int] = {}
    for table in tables:
        keys = zip(*[value(table) for value in values], strict=True) if values else itertools.repeat((), table.size)
        marks = []
        for key in keys:
            met = seen.get(key, 0)
            seen[key] = met + 1
            marks.append(met < count)
        yield table.where(marks)


def _expanded(table: Table, column: str) -> Table:
    values = table.values(column)
    if not any(type(value) is tuple for value in values):
        return table
    rows = [row for row, value in enumerate(values) for _ in range(len(value) if type(value) is tuple else 1)]
    flat = [one for value in values for one in (value if type(value) is tuple else (value,))]
    made = table.take(rows)
    made.columns[column] = flat
    return made


def _with_parts(
    table: Table, value: Vector, names: Sequence[str], take: Callable[[Any], Mapping[str, Any] | None]
) -> Table:
    """With the parts that a pattern takes out of a text as columns, null where it does not fit."""
    known: dict[object, Mapping[str, Any]] = {None: {}}
    found: list[Mapping[str, Any]] = []
    for text in value(table):
        if text not in known:
            known[text] = _together([take(one) or {} for one in several(text)])
        found.append(known[text])
    return table.with_columns({name: [parts.get(name) for parts in found] for name in names})


def _together(parts: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The parts of several texts, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part)
    return {
        name: packed([value for part in parts if part.get(name) is not None for value in several(part[name])])
        for name in names
    }
