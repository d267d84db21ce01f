"""STATS and INLINE STATS: state a group, kept up to date table by table.

What is kept grows with groups and with what an aggregate function keeps of each, not with rows (INLINE STATS keeps the
rows, which it gives back).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.engine.table import Table, Values, Vector, Vectors, joined
from detections.errors import NotEvaluated
from detections.functions.aggregates import AGGREGATES
from detections.functions.fold import Fold
from detections.functions.signature import Report
from detections.plan.expression import Column, Constant
from detections.plan.rows import Aggregate, Aggregation
from detections.values import limits

Step: TypeAlias = Callable[[Iterable[Table]], Iterator[Table]]


def aggregate_step(command: Aggregate, vectors: Vectors, carried: Sequence[tuple[str, Fold]] = ()) -> Step:
    """STATS as a function of tables; ``carried`` are columns that the query does not know of, and how those of a group
    are put together. Raises NotEvaluated where there are too many groups."""

    groups_of = grouping(command, vectors, () if command.inline else carried)

    def stats(tables: Iterable[Table]) -> Iterator[Table]:
        groups = groups_of()
        for table in tables:
            groups.add(table)
        yield groups.table()

    def inline(tables: Iterable[Table]) -> Iterator[Table]:
        whole = joined(tables)
        groups = groups_of()
        groups.add(whole)
        yield groups.beside(whole)

    return inline if command.inline else stats


def grouping(command: Aggregate, vectors: Vectors, carried: Sequence[tuple[str, Fold]] = ()) -> Callable[[], Groups]:
    """Makes the groups of a STATS as they are before its first row."""
    columns = [_Column.of(name, one, vectors) for name, one in command.columns]
    columns += [_Column(name, fold, [vectors.expression(Column(name, "null"))]) for name, fold in carried]
    keys = [column.name for column in command.groups]
    return lambda: Groups(keys, columns)


@dataclass(frozen=True, slots=True)
class _Column:
    """One aggregate function of a STATS, made ready."""

    name: str
    fold: Fold
    arguments: Sequence[Vector]
    condition: Vector | None = None
    report: Report | None = None

    @classmethod
    def of(cls, name: str, made: Aggregation, vectors: Vectors) -> _Column:
        call = made.call
        function = AGGREGATES[call.function]
        types = tuple(argument.type for argument in call.arguments)
        constants = tuple(
            one.value for at, one in enumerate(call.arguments) if at not in function.rows and isinstance(one, Constant)
        )
        fold = function.make(types, constants)
        arguments = [vectors.expression(one) for at, one in enumerate(call.arguments) if at in function.rows]
        condition = None if made.condition is None else vectors.predicate(made.condition)
        return cls(name, fold, arguments, condition, vectors.report(call))


@dataclass(slots=True)
class Part:
    """What groups have kept: the number of each key and, for each aggregate function, the state of each group. It
    travels between processes. None where there were too many."""

    numbers: dict[Any, int] | None
    states: list[list[object]]


class _Numbers(dict[Any, int]):
    """Keys of groups -> the number of each; a new one gets the next number."""

    def __missing__(self, key: Any) -> int:
        number = self[key] = len(self)
        return number


class Groups:
    """The groups met so far and, for each aggregate function, the state of each.

    Once there are more groups than the limit allows nothing is kept, and there is no result.
    """

    def __init__(self, keys: Sequence[str], columns: Sequence[_Column]) -> None:
        self._keys = keys
        self._columns = columns
        self._numbers = _Numbers() if keys else _Numbers({(): 0})
        self._states: list[list[object]] = [[] if keys else [column.fold.initial()] for column in columns]
        self._too_many = False

    def part(self) -> Part:
        """What is kept."""
        return Part(None if self._too_many else dict(self._numbers), self._states)

    def merge(self, part: Part) -> None:
        """The groups of later rows."""
        if part.numbers is None:
            self._give_up()
        if part.numbers is None or self._too_many:
            return
        before = len(self._numbers)
        numbers = [self._numbers[key] for key in part.numbers]
        for column, states, others in zip(self._columns, self._states, part.states, strict=True):
            merge = column.fold.merge
            states += [None] * (len(self._numbers) - len(states))
            for number, other in zip(numbers, others, strict=True):
                states[number] = other if number >= before else merge(states[number], other)
        self._check()

    def _check(self) -> None:
        if len(self._numbers) > limits.GROUPS.most:
            self._give_up()

    def _give_up(self) -> None:
        self._too_many = True
        self._numbers, self._states = _Numbers(), [[] for _ in self._columns]

    def add(self, table: Table) -> None:
        """Rows more."""
        if not table.size or self._too_many:
            return
        rows, numbers = self._numbered(table)
        self._check()
        if self._too_many:
            return
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
        before = len(numbers)
        found = list(map(numbers.__getitem__, values[0] if len(values) == 1 else zip(*values, strict=True)))
        made = list(itertools.islice(numbers, before, None))
        if not any(map(self._has_several, made)):
            return None, found
        # Keys are looked at instead of rows, since they are fewer: those of several groups are taken back.
        for key in made:
            del numbers[key]
        rows, expanded = [], []
        for row, key in enumerate(zip(*values, strict=True)):
            choices = [dict.fromkeys(one) if type(one) is tuple else (one,) for one in key]
            for choice in itertools.product(*choices):
                rows.append(row)
                expanded.append(choice[0] if len(choice) == 1 else choice)
        return rows, list(map(numbers.__getitem__, expanded))

    def _has_several(self, key: Any) -> bool:
        """Whether the key of a group is that of a row with several values."""
        return type(key) is tuple and (len(self._keys) == 1 or tuple in map(type, key))

    def results(self) -> list[Values]:
        """Of each aggregate function the result for each group.

        Raises:
            NotEvaluated: there are too many groups.
        """
        if self._too_many:
            raise NotEvaluated(f"STATS makes more than {limits.GROUPS.most:,} groups (limit {limits.GROUPS.name})")
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
