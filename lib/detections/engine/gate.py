"""What must hold of a few cheap fields where a predicate is to be true: asked first, it leaves few events."""

from __future__ import annotations

from collections.abc import Callable

from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.lacking import Decided
from detections.engine.operators import SETTLED
from detections.plan.predicate import Always, And, IsTrue, Not, Or, Predicate, Test, conjunction

_OPEN = Always(True)


def selecting(predicates: Predicates, *parts: Predicate | None) -> Callable[[Evaluator], int]:
    """Predicates made ready to select: the rows of a batch where each of them is true; None asks nothing. Of parts that
    were made ready together before it is the same.

    Raises NotEvaluated for a regular expression that Elasticsearch refuses.
    """
    asked = tuple(part for part in parts if part is not None)
    names = tuple(map(id, asked))
    if names not in predicates.selections:
        predicates.selections[names] = asked, _selecting(predicates, conjunction(*asked))
    return predicates.selections[names][1]


def _selecting(predicates: Predicates, predicate: Predicate) -> Callable[[Evaluator], int]:
    first, question = predicates.ready(gate(predicate)), predicates.ready(predicate)
    decided = Decided(predicates, predicate)

    def select(evaluator: Evaluator) -> int:
        possible, sure = first(evaluator, evaluator.rows).true, 0
        if possible and evaluator.lacking:
            possible, sure = decided.split(evaluator, possible)
        return question(evaluator, possible).true | sure if possible else sure

    return select


def gate(predicate: Predicate) -> Predicate:
    """A predicate over settled fields that is true wherever this one is."""
    match predicate:
        case And(items):
            return _every([gate(item) for item in items])
        case Or(items):
            return _some([gate(item) for item in items])
        case Not(item):
            return _unless(item)
        case IsTrue(item):
            return gate(item)
        case Always():
            return predicate
        case Test(field) if field.path in SETTLED:
            return predicate
    return _OPEN


def _unless(predicate: Predicate) -> Predicate:
    """A predicate over settled fields that is true wherever this one is false."""
    match predicate:
        case And(items):
            return _some([_unless(item) for item in items])
        case Or(items):
            return _every([_unless(item) for item in items])
        case Not(item):
            return gate(item)
        case Test(field) if field.path in SETTLED:
            return Not(predicate)
    return _OPEN


def _every(items: list[Predicate]) -> Predicate:
    kept = tuple(item for item in items if item != _OPEN)
    return And(kept) if len(kept) > 1 else kept[0] if kept else _OPEN


def _some(items: list[Predicate]) -> Predicate:
    return _OPEN if _OPEN in items else items[0] if len(items) == 1 else Or(tuple(items))
