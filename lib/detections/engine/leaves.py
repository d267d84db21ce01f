"""The leaves of predicates, made ready to be asked: tests of one field, what is computed of several, and what is looked
for in fields that no mapping knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from detections.engine.bits import Bits
from detections.engine.column import Column
from detections.engine.combinations import combinations
from detections.engine.field_tests import FieldTests
from detections.engine.operators import Check, check_of
from detections.engine.table import Table, Vectors, cells
from detections.functions.warning import Warnings
from detections.mapping import Field
from detections.plan.predicate import AnyField, Between, Compute, Exists, Test
from detections.plan.rows import columns_in
from detections.values.bits import of_rows, rows_of

if TYPE_CHECKING:
    from detections.engine.evaluator import Evaluator, Predicates


class Tested:
    """A test leaf, ready to be asked."""

    def __init__(self, test: Test, tests: FieldTests) -> None:
        self._tests = tests
        self._exists = isinstance(test.operator, Exists)
        self._operator = test.operator
        self._number = tests.add(test.operator)
        relative = isinstance(test.operator, Between) and test.operator.relative
        self._check: Check | None = None if relative else check_of(test.operator, tests.field)
        self._missing = test.missing == "missing"
        self._one = test.several == "missing"
        self.paths = [tests.field.path]

    def answer(self, evaluator: Evaluator, rows: int) -> tuple[Bits, int]:
        """The answer, and the rows it is for: at least ``rows``."""
        answers = evaluator.answers(self._tests, rows)
        covered = answers.seen
        if self._exists:
            true = covered & ~answers.absent
        elif self._number is not None:
            true = answers.satisfying(self._number)
        else:
            check = self._check or self._at(evaluator.now)
            true, covered = answers.passing(check, rows), rows
        missing = answers.absent if self._missing else 0
        if self._one:
            true &= ~answers.several
            missing |= answers.several
        return Bits(true, missing & covered), covered

    def _at(self, now: int) -> Check:
        """The check of what is relative to the moment."""
        assert isinstance(self._operator, Between)
        return check_of(self._operator.at(now), self._tests.field)


class Computed:
    """A computed leaf, ready to be asked."""

    def __init__(self, leaf: Compute, warnings: Warnings | None) -> None:
        self._answers = Vectors(warnings).predicate(leaf)
        read = dict.fromkeys(columns_in(leaf.expression))
        self._fields = {column.name: column.field for column in read if column.field is not None}
        self._any = leaf.several == "any"
        self.paths = [field.path for field in self._fields.values()]

    def answer(self, evaluator: Evaluator, rows: int) -> tuple[Bits, int]:
        """The answer for ``rows``."""
        asked = list(rows_of(rows))
        columns = {name: (field, evaluator.column(field, rows)) for name, field in self._fields.items()}
        if self._any:
            return Bits(of_rows(self._some(evaluator, columns, asked), evaluator.size), 0), rows
        table = Table({name: cells(column, field, asked) for name, (field, column) in columns.items()}, len(asked))
        answers = self._answers(table)
        true = [row for row, answer in zip(asked, answers, strict=True) if answer]
        missing = [row for row, answer in zip(asked, answers, strict=True) if answer is None]
        return Bits(of_rows(true, evaluator.size), of_rows(missing, evaluator.size)), rows

    def _some(self, evaluator: Evaluator, columns: dict[str, tuple[Field, Column]], asked: list[int]) -> set[int]:
        """The rows where the expression is true for some choice of one value each; a field without values is null."""
        rows: list[int] = []
        choices: list[tuple[object, ...]] = []
        for row in asked:
            values = (column.values(row) for _, column in columns.values())
            several = [list(dict.fromkeys(found)) if found else [None] for found in values]
            made = list(combinations(several, partial(evaluator.tell, row)))
            rows += [row] * len(made)
            choices += made
        chosen = {name: [choice[at] for choice in choices] for at, name in enumerate(columns)}
        return {row for row, answer in zip(rows, self._answers(Table(chosen, len(rows))), strict=True) if answer}


class Anywhere:
    """A leaf about fields that no mapping knows, ready to be asked: they are looked for in each batch."""

    paths: tuple[str, ...] = ()

    def __init__(self, leaf: AnyField, predicates: Predicates) -> None:
        self._condition = leaf.condition
        self._predicates = predicates

    def answer(self, evaluator: Evaluator, rows: int) -> tuple[Bits, int]:
        """The answer for ``rows``."""
        predicate = self._condition.expand(evaluator.names())
        return Bits(self._predicates.once(predicate)(evaluator, rows).true, 0), rows
