"""Conditions on fields whose values cannot be known, for lack of what they are looked up in: not evaluated.

Such a field may have any value, so a predicate is decided only where it comes out the same whatever that is: it holds
where it does with each such condition at its worst, and cannot hold where it does not with each at its best.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from detections.engine.evaluator import Evaluator, Predicates, Question
from detections.plan.predicate import (
    Always,
    And,
    Compute,
    IsTrue,
    Nested,
    Not,
    Or,
    Predicate,
    Test,
    leaves,
)
from detections.plan.rows import columns_in

CODE = "event-lacking"


def paths_of(predicate: Predicate) -> frozenset[str]:
    """The paths that the leaves of a predicate read."""
    return frozenset(path for leaf in leaves(predicate) for path in _paths(leaf))


def _paths(leaf: Predicate) -> Set[str]:
    match leaf:
        case Test(field):
            return {field.path}
        case Compute(expression):
            return {column.field.path for column in columns_in(expression) if column.field is not None}
    return frozenset()


def assuming(predicate: Predicate, unknown: Set[str], best: bool) -> Predicate:
    """The predicate with its leaves on unknown paths answered so that it holds (``best``), or that it does not."""
    match predicate:
        case And(items):
            return And(tuple(assuming(item, unknown, best) for item in items))
        case Or(items):
            return Or(tuple(assuming(item, unknown, best) for item in items))
        case Not(item):
            return Not(assuming(item, unknown, not best))
        case IsTrue(item):
            return IsTrue(assuming(item, unknown, best))
        case Nested(path, item):
            return Nested(path, assuming(item, unknown, best))
    return Always(best) if _paths(predicate) & unknown else predicate


class Decided:
    """A predicate over events of which some lack the values of fields that it asks for."""

    def __init__(self, predicates: Predicates, predicate: Predicate) -> None:
        self._predicates = predicates
        self._predicate = predicate
        self._paths = paths_of(predicate)
        self._ready: dict[frozenset[str], tuple[Question, Question]] = {}

    def split(self, evaluator: Evaluator, rows: int) -> tuple[int, int]:
        """Of some rows those that have all that is asked for; and of the others those where the predicate holds
        whatever is missing. Where it hangs on that, the evaluator is told."""
        unknown = frozenset(path for path in self._paths if evaluator.lacking.get(path, (0, ""))[0] & rows)
        lacking = 0
        for path in unknown:
            lacking |= evaluator.lacking[path][0] & rows
        if not lacking:
            return rows, 0
        if unknown not in self._ready:
            sure, possible = (assuming(self._predicate, unknown, best) for best in (False, True))
            self._ready[unknown] = self._predicates.ready(sure), self._predicates.ready(possible)
        always, ever = self._ready[unknown]
        holds = always(evaluator, lacking).true
        left = lacking & ~holds
        hanging = ever(evaluator, left).true if left else 0
        for path in unknown:
            evaluator.leave(path, hanging)
        return rows & ~lacking, holds


def said(lacking: Mapping[str, tuple[int, str]], path: str) -> str:
    """What is said of a path that lacks values."""
    return f"not evaluated for lack of {path}: {lacking[path][1]}"
