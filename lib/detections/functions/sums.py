"""The aggregate functions of ES|QL that add numbers up: SUM, AVG, WEIGHTED_AVG, STD_DEV and VARIANCE."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from detections.functions.fold import Constants, Fold, RowFold
from detections.functions.numbers import arithmetic, finite
from detections.functions.signature import Types, in_range, several


class SumWhole(Fold):
    """None until there is a value."""

    def initial(self) -> int | None:
        return None

    def add(self, state: int | None, value: int) -> int:
        return value if state is None else state + value

    def add_values(self, states: list[int | None], groups: Sequence[int], values: Sequence[int]) -> None:
        for group, value in zip(groups, values, strict=True):
            state = states[group]
            states[group] = value if state is None else state + value

    def merge(self, state: int | None, other: int | None) -> int | None:
        return state if other is None else self.add(state, other)

    def result(self, state: int | None) -> int | None:
        return None if state is None else in_range(state, "long")


class SumDouble(Fold):
    """Kahan's sum: (sum, what was lost so far); None until there is a value."""

    def initial(self) -> tuple[float, float] | None:
        return None

    def add(self, state: tuple[float, float] | None, value: float) -> tuple[float, float]:
        if state is None:
            return float(value), 0.0
        total, lost = state
        corrected = value + lost
        updated = total + corrected
        if not math.isfinite(updated):
            return updated, 0.0
        return updated, corrected - (updated - total)

    def merge(self, state: tuple[float, float] | None, other: tuple[float, float] | None) -> tuple[float, float] | None:
        if other is None:
            return state
        total, lost = self.add(state, other[0])
        return total, lost + other[1]

    def result(self, state: tuple[float, float] | None) -> float | None:
        if state is None:
            return None
        if not math.isfinite(state[0]):
            raise ArithmeticError("not a finite double number: " + ("NaN" if math.isnan(state[0]) else "Infinity"))
        return state[0]


class Average(Fold):
    """(sum, count), the sum as that of its type."""

    def __init__(self, total: Fold) -> None:
        self._total = total

    def initial(self) -> tuple[object, int]:
        return None, 0

    def add(self, state: tuple[object, int], value: object) -> tuple[object, int]:
        return self._total.add(state[0], value), state[1] + 1

    def merge(self, state: tuple[object, int], other: tuple[object, int]) -> tuple[object, int]:
        return self._total.merge(state[0], other[0]), state[1] + other[1]

    def result(self, state: tuple[object, int]) -> float | None:
        total = self._total.result(state[0])
        return None if total is None else float(total / state[1])


class Deviation(Fold):
    """Welford's algorithm: (count, mean, sum of squares); the variance is that of the whole population."""

    def __init__(self, compute: Callable[[float], float]) -> None:
        self._compute = compute

    def initial(self) -> tuple[int, float, float]:
        return 0, 0.0, 0.0

    def add(self, state: tuple[int, float, float], value: float) -> tuple[int, float, float]:
        count, mean, squares = state
        delta = value - mean
        mean += delta / (count + 1)
        return count + 1, mean, squares + delta * (value - mean)

    def merge(self, state: tuple[int, float, float], other: tuple[int, float, float]) -> tuple[int, float, float]:
        count = state[0] + other[0]
        if not count:
            return state
        delta = other[1] - state[1]
        squares = state[2] + other[2] + delta * delta * state[0] * other[0] / count
        return count, state[1] + delta * other[0] / count, squares

    def result(self, state: tuple[int, float, float]) -> float | None:
        return self._compute(state[2] / state[0]) if state[0] else None


class WeightedAverage(RowFold):
    """(sum of the products, sum of the weights), each None until there is one. A product needs one value and one
    weight; a weight counts in any case, and of several each does."""

    def __init__(self, types: Types) -> None:
        self._product = arithmetic("*", types)

    def initial(self) -> tuple[float | None, float | None]:
        return None, None

    def add(self, state: tuple[Any, Any], value: tuple[Any, Any]) -> tuple[Any, Any]:
        total, weights = state
        one, weight = value
        for each in () if weight is None else several(weight):
            weights = each if weights is None else weights + each
        if one is not None and weight is not None and tuple not in (type(one), type(weight)):
            try:
                product = self._product(one, weight)
                total = product if total is None else total + product
            except ArithmeticError:
                pass
        return total, weights

    def merge(self, state: tuple[Any, Any], other: tuple[Any, Any]) -> tuple[Any, Any]:
        total, weights = (
            one if more is None else more if one is None else one + more for one, more in zip(state, other, strict=True)
        )
        return total, weights

    def result(self, state: tuple[Any, Any]) -> float | None:
        total, weights = state
        return None if total is None or weights is None else finite(total / weights)


def sum_of(types: Types, constants: Constants) -> Fold:
    return SumDouble() if types[0] == "double" else SumWhole()


def sum_type(types: Types) -> str:
    return types[0] if types[0] in ("double", "null") else "long"
