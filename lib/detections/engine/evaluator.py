"""Predicates over the events of one batch, answered column by column.

A leaf is answered once for all predicates that have it, for the rows that were asked about; in a conjunction the cheap
parts are asked first, and the others only about the rows that are left.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterable
from typing import TypeAlias

from detections.engine.bits import Bits
from detections.engine.column import Column, names, nulls, scalars
from detections.engine.field_tests import Answers, FieldTests
from detections.engine.leaves import Anywhere, Computed, Tested
from detections.engine.operators import COST, SETTLED
from detections.errors import Finding, Level, Location
from detections.events import Batch, Document, Documents
from detections.events.walk import objects
from detections.functions.warning import Warnings
from detections.mapping import UNMAPPED, Field
from detections.plan.predicate import (
    Always,
    And,
    AnyField,
    Compute,
    IsTrue,
    Leaf,
    Nested,
    Not,
    Or,
    Predicate,
    Test,
    Until,
)
from detections.values import limits
from detections.values.bits import of_rows, rows_of

Question: TypeAlias = "Callable[[Evaluator, int], Bits]"
"""A predicate made ready: asked about some rows it answers for those, and for no others."""

Inside: TypeAlias = "tuple[Evaluator, list[int]]"
"""An evaluator whose rows are nested objects, and the row that each of them belongs to."""

EVENT_ID = Field("event.id", "keyword")

_COMPUTE_COST = 50
_NESTED_COST = 40
_ANY_FIELD_COST = 1000
_SETTLED_COST = 1 / 16


class Predicates:
    """Predicates made ready to be asked of any number of batches; equal leaves are one.

    ``scope`` is the nested path whose objects are the rows, None for documents. ``warnings`` is told what is computed
    and has no result.
    """

    def __init__(self, scope: str | None = None, *, warnings: Warnings | None = None) -> None:
        self._scope = scope
        self._leaves: dict[Leaf, Question] = {}
        self._tests: dict[Field, FieldTests] = {}
        # By identity, for two predicates are compared leaf by leaf; each is kept, so that no other takes its place.
        self._ready_made: dict[int, tuple[Predicate, Question]] = {}
        self._warnings = warnings
        self._inner: dict[str, Predicates] = {}
        self.selections: dict[tuple[int, ...], tuple[tuple[Predicate, ...], Callable[[Evaluator], int]]] = {}
        self._paths: dict[str, None] = {}

    @property
    def paths(self) -> list[str]:
        """The paths of the documents that the predicates read."""
        return list(self._paths)

    def ready(self, predicate: Predicate) -> Question:
        """The question that a predicate asks; of one that was made ready before, the same.

        Raises NotEvaluated for a regular expression that Elasticsearch refuses.
        """
        known = self._ready_made.get(id(predicate))
        if known is None:
            known = self._ready_made[id(predicate)] = predicate, self._ready(predicate)[1]
        return known[1]

    def once(self, predicate: Predicate) -> Question:
        """The same for a predicate that will not be seen again."""
        return self._ready(predicate)[1]

    def _ready(self, predicate: Predicate) -> tuple[float, Question]:
        """The question, and about how much a row of it costs."""
        match predicate:
            case And(items):
                return _all_of([self._ready(item) for item in items])
            case Or(items):
                return _any_of([self._ready(item) for item in items])
            case Not(item):
                cost, question = self._ready(item)
                return cost, _negation(question)
            case IsTrue(item):
                cost, question = self._ready(item)
                return cost, lambda evaluator, rows: Bits(question(evaluator, rows).true, 0)
            case Nested(path, item):
                return _NESTED_COST, self._nested(path, item)
            case Always(value):
                return 0, _constant(value)
            case Until(instant):
                return 0, lambda evaluator, rows: Bits(rows if evaluator.now <= instant else 0, 0)
            case Compute():
                return _COMPUTE_COST, self._leaf(predicate)
            case AnyField():
                return _ANY_FIELD_COST, self._leaf(predicate)
        settled = predicate.field.path in SETTLED
        return COST[type(predicate.operator)] * (_SETTLED_COST if settled else 1), self._leaf(predicate)

    def _leaf(self, leaf: Test | Compute | AnyField) -> Question:
        question = self._leaves.get(leaf)
        if question is None:
            number, asked = len(self._leaves), self._asked(leaf)
            self._paths.update(dict.fromkeys(asked.paths))
            question = self._leaves[leaf] = lambda evaluator, rows: evaluator.leaf(number, asked.answer, rows)
        return question

    def _asked(self, leaf: Test | Compute | AnyField) -> Tested | Computed | Anywhere:
        match leaf:
            case Test():
                return Tested(leaf, self._tests_of(leaf.field))
            case Compute():
                return Computed(leaf, self._warnings)
            case AnyField():
                return Anywhere(leaf, self)

    def _tests_of(self, field: Field) -> FieldTests:
        if field.nested != self._scope:
            # A field of a nested object is seen from inside that object only.
            field = Field(field.name, UNMAPPED)
        if field not in self._tests:
            self._tests[field] = FieldTests(field)
        return self._tests[field]

    def _nested(self, path: str, item: Predicate) -> Question:
        inner = self._inner.setdefault(path, Predicates(path))
        question = inner.ready(item)

        def ask(evaluator: Evaluator, rows: int) -> Bits:
            found: set[int] = set()
            for child, parents in evaluator.nested(path, inner, rows):
                asked = of_rows([number for number, row in enumerate(parents) if rows >> row & 1], len(parents))
                if asked:
                    found.update(parents[number] for number in rows_of(question(child, asked).true))
            return Bits(of_rows(found, evaluator.size), 0)

        return ask


def _all_of(parts: list[tuple[float, Question]]) -> tuple[float, Question]:
    questions = [question for _, question in sorted(parts, key=lambda part: part[0])]

    def ask(evaluator: Evaluator, rows: int) -> Bits:
        true, possible = rows, rows
        for question in questions:
            found = question(evaluator, possible)
            true &= found.true
            possible &= found.true | found.missing
            if not possible:
                break
        return Bits(true, possible & ~true)

    return max((cost for cost, _ in parts), default=0), ask


def _any_of(parts: list[tuple[float, Question]]) -> tuple[float, Question]:
    questions = [question for _, question in sorted(parts, key=lambda part: part[0])]

    def ask(evaluator: Evaluator, rows: int) -> Bits:
        true, missing, left = 0, 0, rows
        for question in questions:
            found = question(evaluator, left)
            true |= found.true
            missing |= found.missing
            left &= ~found.true
            if not left:
                break
        return Bits(true, missing & ~true)

    return max((cost for cost, _ in parts), default=0), ask


def _negation(question: Question) -> Question:
    def ask(evaluator: Evaluator, rows: int) -> Bits:
        found = question(evaluator, rows)
        return Bits(rows & ~(found.true | found.missing), found.missing)

    return ask


def _source_text(document: Document) -> str:
    """A document as ``_source`` has it, without what stands beside that in a hit."""
    kept = {name: value for name, value in document.items() if name not in ("_id", "_index", "_version")}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), default=str)


def _constant(value: bool | None) -> Question:
    return lambda evaluator, rows: Bits(rows if value else 0, rows if value is None else 0)


class Evaluator:
    """Answers predicates over the events of a batch.

    ``paths`` are those that may be asked for, where that is known beforehand. Values are had when they are asked for,
    of the rows that are still in question then. ``now`` is the moment of the execution, None the clock's. ``rows`` are
    the events that selections are made among: all of them.
    """

    def __init__(
        self, batch: Batch, predicates: Predicates | None = None, paths: Iterable[str] = (), now: int | None = None
    ) -> None:
        self._batch = batch
        self.now = round(time.time() * 1000) if now is None else now
        self._predicates = predicates or Predicates()
        batch.expect([*paths])
        self.size = len(batch)
        self.everything = self.rows = (1 << self.size) - 1
        self.lacking = batch.lacking()
        """As :meth:`detections.events.Batch.lacking` has it."""
        self.left: dict[str, int] = {}
        """Of paths that lack values, the rows whose values were asked for all the same."""
        self._columns: dict[Field, Column] = {}
        self._tested: dict[Field, Answers] = {}
        self._answers: dict[int, tuple[Bits, int]] = {}
        self._nested: dict[str, tuple[int, list[Inside]]] = {}
        self._names: dict[str, None] | None = None

    def among(self, rows: int, now: int | None, *, relative: bool) -> Evaluator:
        """The same among some rows only, in an execution that starts ``now``. Answers are shared, unless they are
        ``relative`` to that moment."""
        made = copy.copy(self)
        made.rows = rows
        if now is not None and relative:
            made.now, made._answers, made._nested = now, {}, {}
        return made

    def document(self, row: int) -> Document:
        """One whole event."""
        return self._batch.document(row)

    def raw(self, path: str, rows: int) -> list[object]:
        """The raw values at a path, of some rows at least, as :meth:`detections.events.Batch.column` has them."""
        return self._batch.column(path, rows)[0]

    @property
    def ordinal(self) -> int:
        return self._batch.ordinal

    def tell(self, row: int, message: str) -> None:
        """Say something of an event, among what was wrong with the events of the batch."""
        names = self.column(EVENT_ID, 1 << row).values(row)
        place = Location(f"event {names[0] if names else (self.ordinal << 32) + row}")
        self._batch.tell(Finding(limits.CODE, message, place, Level.WARNING))

    def answer(self, predicate: Predicate) -> Bits:
        """What the predicate answers for each event; answers to leaves are kept for the next predicate.

        Raises NotEvaluated for a regular expression that Elasticsearch refuses.
        """
        return self._predicates.ready(predicate)(self, self.everything)

    def names(self) -> Iterable[str]:
        """The dotted paths at which the events have values."""
        if self._names is None:
            self._names = {}
            for document in self._batch.documents():
                self._names.update(dict.fromkeys(names(document)))
        return self._names

    def leave(self, path: str, rows: int) -> None:
        """Note that something hangs on values of a path that cannot be known in some rows."""
        if rows:
            self.left[path] = self.left.get(path, 0) | rows

    def column(self, field: Field, rows: int) -> Column:
        """The column of a field, with its values in some rows at least."""
        found = self._columns.get(field)
        if found is None:
            found = self._columns[field] = Column(field, *self._raw_of(field, rows))
        elif found.known != self.everything:
            # Also where these rows are known: a batch may now have all of them for little.
            found.learn(*self._raw_of(field, rows | found.known))
        return found

    def deciding(self, field: Field, rows: int) -> Column:
        """The same of a field whose values decide what is found: where they cannot be known, that is noted."""
        if field.path in self.lacking:
            self.leave(field.path, self.lacking[field.path][0] & rows)
        return self.column(field, rows)

    def answers(self, tests: FieldTests, rows: int) -> Answers:
        """The answers to the tests of a field, for some rows at least."""
        column = self.column(tests.field, rows)
        found = self._tested.get(tests.field)
        if found is None or found.count != len(tests):
            found = self._tested[tests.field] = Answers(tests, column)
        found.see(rows)
        return found

    def _raw_of(self, field: Field, rows: int) -> tuple[list[object], int]:
        """The raw values, and the rows that they are of."""
        if field.type == UNMAPPED:
            return [None] * self.size, self.everything
        if field.constant is not None:
            return [field.constant] * self.size, self.everything
        if field.key == "":
            # A flattened root takes objects only, and a dotted key that leads into it is one.
            values: list[object] = [None] * self.size
            for row in rows_of(rows):
                values[row] = list(objects(self._batch.document(row), field.path))
            return values, rows
        if field.path == "_source":
            documents: list[object] = [None] * self.size
            for row in rows_of(rows):
                documents[row] = _source_text(self._batch.document(row))
            return documents, rows
        if field.null_value is None:
            return self._batch.column(field.path, rows)
        raw, _ = self._batch.column(field.path, self.everything)
        return self._with_nulls(field, raw), self.everything

    def _with_nulls(self, field: Field, raw: list[object]) -> list[object]:
        counts = [nulls(document, field.path) for document in self._batch.documents()]
        if field.family == "number":  # an empty text is a null, too
            counts = [count + list(scalars(value)).count("") for value, count in zip(raw, counts, strict=True)]
        return [
            [*scalars(value), *[field.null_value] * count] if count else value
            for value, count in zip(raw, counts, strict=True)
        ]

    def leaf(self, number: int, ask: Callable[[Evaluator, int], tuple[Bits, int]], rows: int) -> Bits:
        """The answer to a leaf for some rows, asked for those of them only that it was not asked for before."""
        answer, known = self._answers.get(number, (Bits(0, 0), 0))
        unknown = rows & ~known
        if unknown:
            found, covered = ask(self, unknown)
            answer = Bits(answer.true | found.true, answer.missing | found.missing)
            self._answers[number] = (answer, known | covered)
        return Bits(answer.true & rows, answer.missing & rows)

    def nested(self, path: str, predicates: Predicates, rows: int) -> list[Inside]:
        """The objects under a nested path, of some rows at least."""
        known, inside = self._nested.setdefault(path, (0, []))
        unknown = rows & ~known
        if unknown:
            found = [(row, item) for row in rows_of(unknown) for item in objects(self._batch.document(row), path)]
            if found:
                items = Documents(0, [{path: item} for _, item in found])
                inside.append((Evaluator(items, predicates, predicates.paths, self.now), [row for row, _ in found]))
            self._nested[path] = (known | rows, inside)
        return inside


def select(predicate: Predicate, batch: Batch) -> list[int]:
    """The rows of a batch that the predicate selects."""
    predicates = Predicates()
    question = predicates.ready(predicate)
    evaluator = Evaluator(batch, predicates, predicates.paths)
    return list(rows_of(question(evaluator, evaluator.everything).true))
