"""All tests of one field, asked together: which of them a value satisfies is looked up, however many they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from detections.engine.column import Column
from detections.engine.operators import Check, check_of
from detections.engine.patterns import Patterns
from detections.mapping import Field
from detections.plan.predicate import Equals, Like, Operator
from detections.values.bits import of_rows, rows_of
from detections.values.order import fold

Numbers: TypeAlias = tuple[int, ...]

_REMEMBERED = 4096
_LONGEST = 256
_SOME = 16
"""To know the rows of each value costs as much as to look at one in so many rows."""


class FieldTests:
    """The tests of a field that can be looked up, each with a number. Adding one is always possible."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._numbers: dict[Operator, int] = {}
        self._equal: dict[object, list[int]] = {}
        self._alike: dict[str, list[int]] = {}
        self._patterns, self._folded_patterns = Patterns(), Patterns()
        self._known: dict[str, Numbers] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, operator: Operator) -> int | None:
        """The number of a test, the same for the same one; None for one that cannot be looked up."""
        if self.field.family == "text" or not isinstance(operator, (Equals, Like)):
            return None
        if operator not in self._numbers:
            number = self._numbers[operator] = len(self._numbers)
            self._file(operator, number)
            self._known.clear()
        return self._numbers[operator]

    def _file(self, operator: Equals | Like, number: int) -> None:
        match operator:
            case Equals(values, True):
                for text in {fold(str(value)) for value in values}:
                    self._alike.setdefault(text, []).append(number)
            case Equals(values):
                for value in values:
                    self._equal.setdefault(value, []).append(number)
            case Like(pattern, True):
                folded = [fold(part) if isinstance(part, str) else part for part in pattern]
                self._folded_patterns.add(number, folded, check_of(Like((*folded,)), self.field))
            case Like(pattern):
                self._patterns.add(number, pattern, check_of(operator, self.field))

    def satisfied(self, value: Any) -> Numbers:
        """The numbers of the tests that a normalised value satisfies."""
        if not isinstance(value, str) or len(value) > _LONGEST:
            return tuple(self._satisfied(value))
        found = self._known.get(value)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[value] = tuple(self._satisfied(value))
        return found

    def _satisfied(self, value: Any) -> Iterator[int]:
        yield from self._equal.get(value, ())
        is_text = isinstance(value, str)
        if self._patterns and is_text:
            yield from self._patterns.matching(value)
        if self._alike or self._folded_patterns:
            folded = fold(str(value))
            yield from self._alike.get(folded, ())
            if self._folded_patterns and is_text:
                yield from self._folded_patterns.matching(folded)


class Answers:
    """Which rows of a column satisfy which tests, found out for the rows that are asked about."""

    def __init__(self, tests: FieldTests, column: Column) -> None:
        self._tests = tests
        self._column = column
        self.count = len(tests)
        """How many tests there are answers to."""
        self.seen = 0
        """The rows that are answered for."""
        self.absent = 0
        """Those of them without a value."""
        self.several = 0
        """Those of them with more than one value."""
        self._places: dict[int, list[int]] = {}
        self._rows: dict[int, int] = {}
        self._of: Callable[[list[int]], int] = lambda rows: of_rows(rows, column.size)

    def see(self, rows: int) -> None:
        """Answer for these rows, at least."""
        unseen = rows & ~self.seen
        if unseen:
            if self._column.is_whole and unseen.bit_count() * _SOME > self._column.size:
                self._see_all()
            else:
                self._see(unseen)

    def satisfying(self, number: int) -> int:
        """The rows among those seen that satisfy a test that is looked up."""
        if number not in self._rows:
            self._rows[number] = self._of(self._places[number]) if number in self._places else 0
        return self._rows[number]

    def passing(self, check: Check, rows: int) -> int:
        """Those of some rows with a value that passes a check."""
        rows &= ~self.absent
        if self._column.is_indexed and rows.bit_count() > len(self._column.index):
            found = [place for value, places in self._column.index.items() if check(value) for place in places]
            return self._column.rows(found) & rows
        values = self._column.values
        return of_rows([row for row in rows_of(rows) if any(map(check, values(row)))], self._column.size)

    def _see(self, rows: int) -> None:
        absent, several = [], []
        satisfied, places, values_of = self._tests.satisfied, self._places, self._column.values
        for row in rows_of(rows):
            values = values_of(row)
            if len(values) == 1:
                numbers: Iterable[int] = satisfied(values[0])
            elif values:
                several.append(row)
                numbers = {number for value in values for number in satisfied(value)}
            else:
                absent.append(row)
                continue
            for number in numbers:
                if number in places:
                    places[number].append(row)
                else:
                    places[number] = [row]
        self.seen |= rows
        self.absent |= of_rows(absent, self._column.size)
        self.several |= of_rows(several, self._column.size)
        self._rows.clear()

    def _see_all(self) -> None:
        self._places, self._rows, self._of = {}, {}, self._column.rows
        places = self._places
        for value, stands in self._column.index.items():
            for number in self._tests.satisfied(value):
                if number in places:
                    places[number] += stands
                else:
                    places[number] = [*stands]
        self.seen = (1 << self._column.size) - 1
        self.absent = self.seen & ~self._column.present
        self.several = self._column.several
