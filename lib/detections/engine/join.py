"""LOOKUP JOIN and ENRICH: rows beside those of a table that is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from detections.engine.column import Column as FieldColumn
from detections.engine.table import Table, Values, Vectors, value_of
from detections.errors import NotEvaluated
from detections.events.walk import columns as columns_of
from detections.functions.signature import packed, several
from detections.mapping import Field
from detections.plan.rows import Join, LookupTable

Step: TypeAlias = Callable[[Iterable[Table]], Iterator[Table]]


def join_step(command: Join, tables: Mapping[str, LookupTable], vectors: Vectors) -> Step:
    """The command as a function of tables. Raises NotEvaluated where its table is not given."""
    table = tables.get(command.table)
    if table is None:
        raise NotEvaluated(f"the table {command.table} is not given")
    looked_up = _Side(command, table)
    if command.residual is not None:
        holds = vectors.predicate(command.residual)
        return lambda rows: (
            _fitting(row, looked_up, lambda pair: [found is True for found in holds(pair)]) for row in rows
        )
    add = _beside_all if command.one else _beside_each
    return lambda rows: (add(row, command, looked_up) for row in rows)


class _Side:
    """The rows that are looked up: their columns, and which of them have a value of the key."""

    def __init__(self, command: Join, table: LookupTable) -> None:
        self.size = len(table.rows)
        self.columns = {name: _values(table, field) for name, field, _ in command.columns}
        self._places: dict[object, list[int]] = {}
        keys = [_values(table, name) for _, name in command.keys]
        for row in range(self.size) if keys else ():
            for key in _keys([values[row] for values in keys]):
                self._places.setdefault(key, []).append(row)

    def places(self, key: Sequence[object], *, all_values: bool) -> list[int]:
        """The rows with these values; of several values only with ``all_values``."""
        if not all_values and any(type(one) is tuple for one in key):
            return []
        found = [row for one in _keys(key) for row in self._places.get(one, ())]
        return sorted(set(found)) if all_values else found


def _keys(values: Sequence[object]) -> list[tuple[object, ...]]:
    """Each choice of one value of each; none where one of them is null."""
    keys: list[tuple[object, ...]] = [()]
    for value in values:
        keys = [(*key, one) for key in keys for one in (() if value is None else several(value))]
    return keys


def _values(table: LookupTable, name: str) -> Values:
    field = table.fields.get(name) or Field(name, "unmapped")
    column = FieldColumn(field, columns_of(map(dict, table.rows), [field.path])[0])
    return [value_of(column.values(row), field) for row in range(len(table.rows))]


def _beside_each(table: Table, command: Join, side: _Side) -> Table:
    """A row for each row that is found, one with nulls where none is."""
    keys = zip(*[table.values(column.name) for column, _ in command.keys], strict=True)
    found = [side.places(key, all_values=False) for key in keys]
    rows = [row for row, places in enumerate(found) for _ in places or (None,)]
    places = [place for one in found for place in one or (None,)]
    made = {
        name: [None if place is None else values[place] for place in places] for name, values in side.columns.items()
    }
    return table.take(rows).with_columns(made)


def _beside_all(table: Table, command: Join, side: _Side) -> Table:
    """Each row with the values of all rows that are found."""
    values = table.values(command.keys[0][0].name)
    found = [() if value is None else side.places((value,), all_values=True) for value in values]
    made = {}
    for name, theirs in side.columns.items():
        together = [[theirs[place] for place in places if theirs[place] is not None] for places in found]
        made[name] = [packed([one for value in them for one in several(value)]) for them in together]
    return table.with_columns(made)


def _fitting(table: Table, side: _Side, holds: Callable[[Table], list[bool]]) -> Table:
    """A row for each pair of rows that fit together; one with nulls where none does."""
    rows: list[int] = []
    places: list[int | None] = []
    for row in range(table.size):
        pair = table.take([row] * side.size).with_columns(side.columns)
        fits: list[int | None] = [place for place, one in enumerate(holds(pair)) if one]
        for place in fits or [None]:
            rows.append(row)
            places.append(place)
    made = {
        name: [None if place is None else values[place] for place in places] for name, values in side.columns.items()
    }
    return table.take(rows).with_columns(made)
