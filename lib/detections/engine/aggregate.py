"""STATS and INLINE STATS: state a group, kept up to date table by table.

What is kept grows with groups and with what an aggregate function keeps of each, not with rows (INLINE STATS keeps the
rows, which it gives back).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from detections.engine.table import Table, Values, Vector, Vectors, joined
from detections.errors import NotEvaluated
from detections.functions.aggregates import AGGREGATES
from detections.functions.fold import Fold
from detections.plan.expression import Constant
from detections.plan.rows import Aggregate, Aggregation
from detections.values import limits

Step: TypeAlias = Callable[[Iterable[Table]], Iterator[Table]]


def aggregate_step(command: Aggregate, vectors: Vectors) -> Step:
    """STATS as a function of tables. Raises NotEvaluated where there are too many groups."""
    columns = [_Column(name, one, vectors) for name, one in command.columns]
    keys = [column.name for column in command.groups]

    def stats(tables: Iterable[Table]) -> Iterator[Table]:
        groups = Groups(keys, columns)
        for table in tables:
            groups.add(table)
        yield groups.table()

    def inline(tables: Iterable[Table]) -> Iterator[Table]:
        whole = joined(tables)
        groups = Groups(keys, columns)
        groups.add(whole)
        yield groups.beside(whole)

    return inline if command.inline else stats


class _Column:
    """One aggregate function of a STATS, made ready."""

    def __init__(self, name: str, made: Aggregation, vectors: Vectors) -> None:
        call = made.call
        function = AGGREGATES[call.function]
        types = tuple(one.type for one in call.arguments)
        constants = tuple(
            one.value for at, one in enumerate(call.arguments) if at not in function.rows and isinstance(one, Constant)
        )
        self.name = name
        self.fold: Fold = function.make(types, constants)
        self.arguments = [vectors.expression(one) for at, one in enumerate(call.arguments) if at in function.rows]
        self.condition: Vector | None = None if made.condition is None else vectors.predicate(made.condition)
        self.report = vectors.report(call)


class _Numbers(dict[Any, int]):
    """Keys of groups -> the number of each; a new one gets the next number."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


class Groups:
    """The groups met so far and, for each aggregate function, the state of each."""

    def __init__(self, keys: Sequence[str], columns: Sequence[_Column]) -> None:
        self._keys = keys
        self._columns = columns
        self._numbers = _Numbers() if keys else _Numbers({(): 0})
        self._states: list[list[object]] = [[] if keys else [column.fold.initial()] for column in columns]

    def add(self, table: Table) -> None:
        """Rows more."""
        if not table.size:
            return
        rows, numbers = self._numbered(table)
        if len(self._numbers) > limits.GROUPS.most:
            raise NotEvaluated(f"STATS makes more than {limits.GROUPS.most:,} groups")
        for column, states in zip(self._columns, self._states, strict=True):
            states += [column.fold.initial() for _ in range(len(self._numbers) - len(states))]
            arguments = [argument(table) for argument in column.arguments]
            marks = None if column.condition is None else [one is True for one in column.condition(table)]
            groups: Sequence[int] = numbers
            if rows is not None:
                arguments = [[values[row] for row in rows] for values in arguments]
                marks = None if marks is None else [marks[row] for row in rows]
            if marks is not None:
                groups = list(itertools.compress(groups, marks))
                arguments = [list(itertools.compress(values, marks)) for values in arguments]
            column.fold.add_all(states, groups, arguments)

    def _numbered(self, table: Table) -> tuple[list[int] | None, list[int]]:
        """The number of each row's group; where rows belong to several, also the rows."""
        numbers = self._numbers
        if not self._keys:
            return None, [0] * table.size
        values = [table.values(name) for name in self._keys]
        rows: list[int] | None = None
        keys: Iterable[object] = values[0] if len(values) == 1 else zip(*values, strict=True)
        if any(tuple in set(map(type, column)) for column in values):
            rows, expanded = [], []
            for row, key in enumerate(zip(*values, strict=True)):
                choices = [dict.fromkeys(one) if type(one) is tuple else (one,) for one in key]
                for choice in itertools.product(*choices):
                    rows.append(row)
                    expanded.append(choice[0] if len(choice) == 1 else choice)
            keys = expanded
        return rows, list(map(numbers.__getitem__, keys))

    def results(self) -> list[Values]:
        """Of each aggregate function the result for each group."""
        found = []
        for column, states in zip(self._columns, self._states, strict=True):
            results = []
            for state in states:
                try:
                    results.append(column.fold.result(state))
                except ArithmeticError as error:
                    if column.report is not None:
                        column.report(error)
                    results.append(None)
            found.append(results)
        return found

    def table(self) -> Table:
        """A row a group: the results, then the groups."""
        columns = dict(zip((column.name for column in self._columns), self.results(), strict=True))
        for at, name in enumerate(self._keys):
            columns[name] = list(self._numbers) if len(self._keys) == 1 else [key[at] for key in self._numbers]
        return Table(columns, len(self._numbers))

    def beside(self, table: Table) -> Table:
        """The rows of a table with the results of their groups."""
        if not self._keys:
            made = {
                column.name: found * table.size for column, found in zip(self._columns, self.results(), strict=True)
            }
            return table.with_columns(made)
        values = [table.values(name) for name in self._keys]
        keys: Iterable[object] = values[0] if len(values) == 1 else zip(*values, strict=True)
        numbers = [self._numbers.get(key) for key in keys]
        made = {
            column.name: [None if number is None else found[number] for number in numbers]
            for column, found in zip(self._columns, self.results(), strict=True)
        }
        return table.with_columns(made)
