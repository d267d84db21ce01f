"""The aggregate functions of ES|QL (Elasticsearch 9.5), by name.

Several values of a field count one by one, nulls for nothing. COUNT_DISTINCT is exact, where Elasticsearch estimates
above its precision (3,000 without one); PERCENTILE and MEDIAN are exact, where it estimates above some thousand values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from detections.functions.fold import AggregateFunction, Constants, Fold, OnceFold, RowFold
from detections.functions.multivalues import check_order
from detections.functions.operators import sort_key
from detections.functions.signature import (
    ANY,
    DATETIME,
    NANOSECONDS,
    NUMERIC,
    SPATIAL,
    STRING,
    Parameter,
    Types,
    first_type,
    optional,
    packed,
    several,
)
from detections.functions.sums import Average, Deviation, WeightedAverage, sum_of, sum_type


class _CountRows(Fold):
    def initial(self) -> int:
        return 0

    def add(self, state: int, value: object) -> int:
        return state + 1

    def merge(self, state: int, other: int) -> int:
        return state + other

    def add_all(self, states: list[int], groups: Sequence[int], arguments: Sequence[Sequence[object]]) -> None:
        self.add_values(states, groups, groups)

    def add_values(self, states: list[int], groups: Sequence[int], values: Sequence[object]) -> None:
        for group, count in Counter(groups).items():
            states[group] += count


class _CountValues(_CountRows):
    def add_all(self, states: list[int], groups: Sequence[int], arguments: Sequence[Sequence[object]]) -> None:
        Fold.add_all(self, states, groups, arguments)


class _Extreme(OnceFold):
    def __init__(self, pick: Callable[..., object], kind: str) -> None:
        self._pick = pick
        self._key = sort_key(kind)

    def initial(self) -> object:
        return None

    def add(self, state: object, value: object) -> object:
        return value if state is None else self._pick(state, value, key=self._key)

    def add_values(self, states: list[Any], groups: Sequence[int], values: Sequence[Any]) -> None:
        if self._key is not None:
            super().add_values(states, groups, values)
            return
        largest = self._pick is max
        for group, value in zip(groups, values, strict=True):
            state = states[group]
            if state is None or (value > state if largest else value < state):
                states[group] = value

    def merge(self, state: object, other: object) -> object:
        return state if other is None else self.add(state, other)


class _Values(OnceFold):
    """The different values, in the order in which they come."""

    def initial(self) -> dict[object, None] | None:
        return None

    def add(self, state: dict[object, None] | None, value: object) -> dict[object, None]:
        if state is None:
            return {value: None}
        state[value] = None
        return state

    def merge(self, state: dict[object, None] | None, other: dict[object, None] | None) -> dict[object, None] | None:
        return {**(state or {}), **other} if other else state

    def result(self, state: dict[object, None] | None) -> object:
        return packed(list(state or ()))


class _CountDistinct(_Values):
    def result(self, state: dict[object, None] | None) -> int:
        return len(state or ())


class _Collected(Fold):
    """All values, for what is computed of them at the end."""

    def __init__(self, compute: Callable[[list[Any]], object]) -> None:
        self._compute = compute

    def initial(self) -> list[object] | None:
        return None

    def add(self, state: list[object] | None, value: object) -> list[object]:
        if state is None:
            return [value]
        state.append(value)
        return state

    def merge(self, state: list[object] | None, other: list[object] | None) -> list[object] | None:
        return [*(state or ()), *other] if other else state

    def result(self, state: list[object] | None) -> object:
        return None if state is None else self._compute(state)


class _AtExtreme(RowFold):
    """FIRST and LAST: (whether there is a place, place, value) where the sort field is least or greatest; of equal
    places the first row. A null is a value like others; a row without a place counts where none has one."""

    def __init__(self, *, last: bool) -> None:
        self._pick: Callable[[tuple[int, ...]], int] = max if last else min
        self._last = last

    def initial(self) -> tuple[bool, int, object] | None:
        return None

    def add(self, state: tuple[bool, int, object] | None, value: tuple[object, Any]) -> tuple[bool, int, object]:
        found, sort = value
        place = (False, 0) if sort is None else (True, self._pick(several(sort)))
        return self._better(state, (*place, found))

    def _better(
        self, state: tuple[bool, int, object] | None, other: tuple[bool, int, object]
    ) -> tuple[bool, int, object]:
        if state is None or state[0] != other[0]:
            return other if state is None or other[0] else state
        return other if (other[1] > state[1] if self._last else other[1] < state[1]) else state

    def merge(
        self, state: tuple[bool, int, object] | None, other: tuple[bool, int, object] | None
    ) -> tuple[bool, int, object] | None:
        return state if other is None else self._better(state, other)

    def result(self, state: tuple[bool, int, object] | None) -> object:
        return None if state is None else state[2]


class _Top(RowFold):
    """TOP: the first so many in order, each with the value that is given for it. A state is cut when it is twice as
    long as what is asked for."""

    def __init__(self, types: Types, constants: Constants) -> None:
        limit, *order = constants
        if not isinstance(limit, int) or limit <= 0:
            raise ValueError(f"Limit must be greater than 0 in [TOP], found [{limit}]")
        self._limit = limit
        self._descending = check_order(order[0]) if order else False
        key = sort_key(types[0])
        self._key = (lambda pair: pair[0]) if key is None else (lambda pair: key(pair[0]))

    def initial(self) -> list[object]:
        return []

    def add(self, state: list[object], value: tuple[object, ...]) -> list[object]:
        sort, given = value[0], value[-1]
        if sort is not None:
            state += [(one, one if len(value) == 1 else given) for one in several(sort)]
        return self._cut(state) if len(state) > 2 * self._limit + 100 else state

    def _cut(self, state: list[object]) -> list[Any]:
        state.sort(key=self._key, reverse=self._descending)
        return state[: self._limit]

    def merge(self, state: list[object], other: list[object]) -> list[object]:
        return self._cut([*state, *other])

    def result(self, state: list[object]) -> object:
        found = [given for _, given in self._cut(list(state)) if given is not None]
        return packed([one for given in found for one in several(given)])


class _Present(OnceFold):
    def __init__(self, answer: bool) -> None:
        self._answer = answer

    def initial(self) -> bool:
        return not self._answer

    def add(self, state: bool, value: object) -> bool:
        return self._answer

    def merge(self, state: bool, other: bool) -> bool:
        return self._answer if self._answer in (state, other) else state


def percentile(values: Sequence[float], wanted: float) -> float:
    """The percentile, between the two nearest values where it falls between them."""
    ordered = sorted(values)
    place = wanted / 100 * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def _percentile(types: Types, constants: Constants) -> Fold:
    wanted = constants[0]
    if not isinstance(wanted, int | float) or not 0 <= wanted <= 100:
        raise ValueError(f"percentile must be a number between 0 and 100, found [{wanted}]")
    return _Collected(lambda values: percentile(values, wanted))


def _median_deviation(values: list[float]) -> float:
    middle = percentile(values, 50)
    return percentile([abs(value - middle) for value in values], 50)


def _top_type(types: Types) -> str:
    return first_type(types[3:4] or types[:1])


_VALUE = Parameter(ANY | SPATIAL)
_NUMBER = Parameter(NUMERIC - {"unsigned_long"})
_CONSTANT = Parameter(NUMERIC, constant=True)
_ORDERED = Parameter(ANY)
_FOUND = Parameter(ANY - {"unsigned_long", "version"})
_PLACE = Parameter(DATETIME | NANOSECONDS | {"long"})
_TOP = (_ORDERED, _CONSTANT, Parameter(STRING, optional=True, constant=True, check=check_order), optional(ANY))

AGGREGATES: dict[str, AggregateFunction] = {
    "absent": AggregateFunction((_VALUE,), "boolean", lambda types, constants: _Present(False), since="9.2"),
    "avg": AggregateFunction((_NUMBER,), "double", lambda types, constants: Average(sum_of(types, constants))),
    "count": AggregateFunction(
        (optional(ANY | SPATIAL),), "long", lambda types, constants: _CountValues() if types else _CountRows()
    ),
    "count_distinct": AggregateFunction(
        (_ORDERED, Parameter(NUMERIC, optional=True, constant=True)), "long", lambda types, constants: _CountDistinct()
    ),
    "first": AggregateFunction((_FOUND, _PLACE), first_type, lambda types, _: _AtExtreme(last=False), (0, 1), "9.3"),
    "last": AggregateFunction((_FOUND, _PLACE), first_type, lambda types, _: _AtExtreme(last=True), (0, 1), "9.3"),
    "max": AggregateFunction((_ORDERED,), first_type, lambda types, constants: _Extreme(max, types[0])),
    "median": AggregateFunction(
        (_NUMBER,), "double", lambda types, constants: _Collected(lambda values: percentile(values, 50))
    ),
    "median_absolute_deviation": AggregateFunction(
        (_NUMBER,), "double", lambda types, constants: _Collected(_median_deviation)
    ),
    "min": AggregateFunction((_ORDERED,), first_type, lambda types, constants: _Extreme(min, types[0])),
    "percentile": AggregateFunction((_NUMBER, _CONSTANT), "double", _percentile),
    "present": AggregateFunction((_VALUE,), "boolean", lambda types, constants: _Present(True), since="9.2"),
    "std_dev": AggregateFunction((_NUMBER,), "double", lambda types, constants: Deviation(math.sqrt)),
    "sum": AggregateFunction((_NUMBER,), sum_type, sum_of),
    "top": AggregateFunction(_TOP, _top_type, lambda types, constants: _Top(types, constants), (0, 3)),
    "values": AggregateFunction((_VALUE,), first_type, lambda types, constants: _Values()),
    "variance": AggregateFunction((_NUMBER,), "double", lambda types, constants: Deviation(float), since="9.4"),
    "weighted_avg": AggregateFunction((_NUMBER, _NUMBER), "double", lambda types, _: WeightedAverage(types), (0, 1)),
}
