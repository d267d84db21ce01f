"""What an aggregate function of ES|QL is: it folds the values of a group, one by one, into a state, and makes a result
of that. States of parts of a group can be merged, so that parts can be worked on by themselves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, TypeAlias

from detections.functions.signature import OLDEST, Parameter, Types

Constants: TypeAlias = tuple[Any, ...]


class Fold(ABC):
    """Over one argument a row, of several values each; null counts for nothing."""

    @abstractmethod
    def initial(self) -> object:
        """The state of a group without rows."""

    @abstractmethod
    def add(self, state: Any, value: Any) -> Any:
        """The state with one value more."""

    @abstractmethod
    def merge(self, state: Any, other: Any) -> object:
        """The state of a group of which these are the states of two parts, in order."""

    def result(self, state: Any) -> Any:
        """What the function comes to; null is None. Raises ArithmeticError (no number that its type holds)."""
        return state

    def add_all(self, states: list[Any], groups: Sequence[int], arguments: Sequence[Sequence[object]]) -> None:
        """Add the values of rows to the states of their groups."""
        values = arguments[0]
        kinds = set(map(type, values))
        if tuple in kinds:
            groups = [group for group, value in zip(groups, values, strict=True) for _ in _several(value)]
            values = [one for value in values for one in _several(value)]
        elif type(None) in kinds:
            present = [value is not None for value in values]
            groups, values = list(compress(groups, present)), list(compress(values, present))
        self.add_values(states, groups, values)

    def add_values(self, states: list[Any], groups: Sequence[int], values: Sequence[Any]) -> None:
        """Add single values to the states of their groups."""
        add = self.add
        for group, value in zip(groups, values, strict=True):
            states[group] = add(states[group], value)


class OnceFold(Fold):
    """Where a value that comes again in its group changes nothing."""

    def add_values(self, states: list[object], groups: Sequence[int], values: Sequence[object]) -> None:
        add = self.add
        for group, value in dict.fromkeys(zip(groups, values, strict=True)):
            states[group] = add(states[group], value)


def _several(value: object) -> tuple[object, ...]:
    return value if type(value) is tuple else () if value is None else (value,)


class RowFold(Fold):
    """Over several arguments a row, each as it is; ``add`` gets them as a tuple."""

    def add_all(self, states: list[object], groups: Sequence[int], arguments: Sequence[Sequence[object]]) -> None:
        for group, values in zip(groups, zip(*arguments, strict=True), strict=True):
            states[group] = self.add(states[group], values)


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """``rows``: which of the arguments are values of rows; the others are constants. ``make`` makes the fold for the
    types of all arguments and the values of the constants; it raises ValueError for a constant it does not take.
    ``since`` and ``ga`` as of a scalar function."""

    parameters: tuple[Parameter, ...]
    result: str | Callable[[Types], str]
    make: Callable[[Types, Constants], Fold]
    rows: tuple[int, ...] = (0,)
    since: str = OLDEST
    ga: str | None = ""

    def type_of(self, types: Types) -> str:
        return self.result if isinstance(self.result, str) else self.result(types)
