"""Which leaves of a predicate an event turns on: those without whose truth the predicate would not be what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from detections.engine.evaluator import Evaluator
from detections.events import Document
from detections.events.batches import Documents
from detections.plan.predicate import And, IsTrue, Nested, Not, Or, Predicate
from detections.scaffold.candidates import NOW

Truth: TypeAlias = bool | None


def decisive(predicate: Predicate, event: Document) -> set[int]:
    """The leaves (by identity) that hold for the event, and without which the predicate would answer otherwise."""
    tree = _Tree(Evaluator(Documents(0, [event]), now=NOW))
    tree.answer(predicate, None)
    return set(tree.turning(predicate))


class _Tree:
    """The answers of the parts of a predicate for one event."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._answers: dict[int, Truth] = {}

    def answer(self, part: Predicate, nested: str | None) -> Truth:
        match part:
            case And(items):
                found = [self.answer(item, nested) for item in items]
                said: Truth = False if False in found else None if None in found else True
            case Or(items):
                found = [self.answer(item, nested) for item in items]
                said = True if True in found else None if None in found else False
            case Not(item):
                inner = self.answer(item, nested)
                said = None if inner is None else not inner
            case IsTrue(item):
                said = self.answer(item, nested) is True
            case Nested(path, item):
                said = self.answer(item, path) is True
            case leaf:
                bits = self._evaluator.answer(leaf if nested is None else Nested(nested, leaf))
                said = True if bits.true else None if bits.missing else False
        self._answers[id(part)] = said
        return said

    def turning(self, part: Predicate) -> Iterator[int]:
        """The leaves below a part whose becoming false changes its answer."""
        match part:
            case And(items) | Or(items):
                every = isinstance(part, And)
                neutral = [item for item in items if (self._answers[id(item)] is True) is every]
                odd = [item for item in items if (self._answers[id(item)] is True) is not every]
                for item in neutral if not odd else odd if len(odd) == 1 else ():
                    yield from self.turning(item)
            case Not(item) | IsTrue(item) | Nested(_, item):
                yield from self.turning(item)
            case leaf:
                if self._answers[id(leaf)] is True:
                    yield id(leaf)
