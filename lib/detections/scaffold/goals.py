"""What is asked of the parts of a predicate so that it, or one of its leaves, decides.

A predicate is a tree. To make it true, or to make one leaf of it decide, each leaf on the way gets a wish; where one of
several parts would do, that is a choice. :class:`Wish` says what answer is wanted of a part in Kleene's logic.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from detections.plan.predicate import And, IsTrue, Leaf, Nested, Not, Or, Predicate


class Wish(enum.Enum):
    """An answer, or one of two."""

    TRUE = "true"
    FALSE = "false"
    NOT_TRUE = "false or missing"
    NOT_FALSE = "true or missing"

    @property
    def negated(self) -> Wish:
        """What the part under a ``not`` must answer."""
        return _NEGATED[self]


_NEGATED = {
    Wish.TRUE: Wish.FALSE,
    Wish.FALSE: Wish.TRUE,
    Wish.NOT_TRUE: Wish.NOT_FALSE,
    Wish.NOT_FALSE: Wish.NOT_TRUE,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a predicate, what it is to answer, and the event that it is asked of (its number among those of a
    sequence). ``nested`` is the path of the nested object that the part speaks of."""

    part: Predicate
    wish: Wish
    event: int = 0
    nested: str | None = None

    def of(self, part: Predicate, wish: Wish) -> Asked:
        return Asked(part, wish, self.event, self.nested)


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A leaf and what it is to answer."""

    leaf: Leaf
    wish: Wish
    event: int
    nested: str | None

    @property
    def key(self) -> tuple[int, Wish, int]:
        """What tells it from others while its plan lives: leaves are told apart by where they stand."""
        return id(self.leaf), self.wish, self.event


Choice: TypeAlias = tuple[Asked, ...]
"""Of these, one must be had."""


def expand(asked: Asked) -> tuple[list[Literal], list[Choice]]:
    """What must hold in any case, and what may be chosen."""
    literals: list[Literal] = []
    choices: list[Choice] = []
    todo = [asked]
    while todo:
        one = todo.pop()
        match one.part:
            case And(items) | Or(items):
                parts = tuple(one.of(item, one.wish) for item in items)
                every = (one.wish in (Wish.TRUE, Wish.NOT_FALSE)) == isinstance(one.part, And)
                if every or len(parts) == 1:
                    todo += reversed(parts)
                else:
                    choices.append(parts)
            case Not(item):
                todo.append(one.of(item, one.wish.negated))
            case IsTrue(item):
                todo.append(one.of(item, _two_valued(one.wish)))
            case Nested(path, item):
                todo.append(Asked(item, _two_valued(one.wish), one.event, path))
            case leaf:
                literals.append(Literal(leaf, one.wish, one.event, one.nested))
    return literals, choices


def _two_valued(wish: Wish) -> Wish:
    """What is asked of a part below something that answers true or false only."""
    return Wish.TRUE if wish in (Wish.TRUE, Wish.NOT_FALSE) else Wish.NOT_TRUE


@dataclass(frozen=True, slots=True)
class Spot:
    """One leaf of a predicate, and what makes the verdict hang on it.

    ``around`` is what the parts beside its way from the root must answer; ``positive``: the predicate is true when the
    leaf is.
    """

    leaf: Asked
    around: tuple[Asked, ...]
    positive: bool

    def turned(self, *, holds: bool) -> tuple[Asked, ...]:
        """What is asked where the leaf decides, and holds or does not."""
        missed = Wish.NOT_TRUE if self.positive else Wish.FALSE
        wish = Wish.TRUE if holds else missed
        return (self.leaf.of(self.leaf.part, wish), *self.around)


def spots(predicate: Predicate, event: int = 0) -> Iterator[Spot]:
    """Every leaf, from left to right."""
    yield from _spots(Asked(predicate, Wish.TRUE, event), (), True)


def _spots(asked: Asked, around: tuple[Asked, ...], positive: bool) -> Iterator[Spot]:
    match asked.part:
        case And(items) | Or(items):
            wish = _beside(isinstance(asked.part, And), positive)
            for number, item in enumerate(items):
                beside = (asked.of(other, wish) for at, other in enumerate(items) if at != number)
                yield from _spots(asked.of(item, asked.wish), (*around, *beside), positive)
        case Not(item):
            yield from _spots(asked.of(item, asked.wish.negated), around, not positive)
        case IsTrue(item):
            yield from _spots(asked.of(item, asked.wish), around, positive)
        case Nested(path, item):
            yield from _spots(Asked(item, asked.wish, asked.event, path), around, positive)
        case _:
            yield Spot(asked, around, positive)


def _beside(every: bool, positive: bool) -> Wish:
    """What the other parts of an ``and`` (``every``) or an ``or`` must answer for one of them to decide."""
    if every:
        return Wish.TRUE if positive else Wish.NOT_FALSE
    return Wish.NOT_TRUE if positive else Wish.FALSE


def asked_of(predicates: Sequence[tuple[int, Predicate]]) -> tuple[Asked, ...]:
    """That predicates are true, each of its event."""
    return tuple(Asked(predicate, Wish.TRUE, event) for event, predicate in predicates)
