"""From what is wanted of leaves to events: a value for each field, so that every leaf answers as it should.

Leaves that share a field are solved together, others apart. Proposals come from the leaves' constants
(:mod:`.candidates`, :mod:`.computed`); the evaluator says which of them do. Fields of several events that must hold the
same (join keys) are one variable.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.engine.evaluator import Evaluator, Predicates
from detections.events import Document
from detections.events.batches import Documents
from detections.plan.predicate import AnyField, Compute, Exists, Leaf, Nested, Not, Predicate, Test
from detections.plan.rows import columns_in
from detections.scaffold.candidates import ABSENT, NOW, failing, holding
from detections.scaffold.computed import proposals
from detections.scaffold.goals import Asked, Choice, Literal, Wish, expand
from detections.values.bits import rows_of
from detections.values.wildcard import Wild

Slot: TypeAlias = tuple[int, str]
"""A field of one event: the event's number, and the path."""
Values: TypeAlias = dict[Slot, object]
_TRIES = 400
"""Components looked at for one goal, at most."""
_TOGETHER = 4_096
"""Combinations of values tried for fields that hang together, at most."""
_EACH = 64
_ANYWHERE = ("message", "event.original", "user.name", "host.name", "process.name", "event.action")
"""Fields that a query for any field may find its text in."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Leaves that hang together by their fields, and values for these."""

    literals: list[Literal]
    variables: set[Slot]
    values: Values


class Solver:
    """Solves goals of one plan. ``same`` are slots that must hold one value."""

    def __init__(self, same: Iterable[Sequence[Slot]] = ()) -> None:
        self._variable: dict[Slot, Slot] = {slot: slots[0] for slots in same for slot in slots}
        self._slots: dict[Slot, list[Slot]] = {slots[0]: list(slots) for slots in same}
        self._known: dict[frozenset[tuple[int, Wish, int]], Values | None] = {}
        self._predicates = Predicates()
        self._expanded: dict[int, tuple[Leaf, Predicate]] = {}
        self._left = 0

    def solve(self, goal: Iterable[Asked]) -> Values | None:
        """Values for the fields of a goal, None where none were found. A field that is not named may hold anything."""
        literals: list[Literal] = []
        choices: list[Choice] = []
        for asked in goal:
            self._expand(asked, literals, choices)
        self._left = _TRIES
        solved = self._with([], literals)
        done = None if solved is None else self._search(solved, choices)
        return None if done is None else {slot: value for part in done for slot, value in part.values.items()}

    def _expand(self, asked: Asked, literals: list[Literal], choices: list[Choice]) -> None:
        found, more = expand(asked)
        for literal in found:
            if isinstance(literal.leaf, AnyField):
                _, spelt = self._expanded.setdefault(
                    id(literal.leaf), (literal.leaf, literal.leaf.condition.expand(_ANYWHERE))
                )
                self._expand(Asked(spelt, literal.wish, literal.event, literal.nested), literals, choices)
            else:
                literals.append(literal)
        choices += more

    def _search(self, solved: list[_Part], choices: Sequence[Choice]) -> list[_Part] | None:
        """Make each choice so that all that is asked can be had together, going back where it cannot."""
        had = {literal.key for part in solved for literal in part.literals}
        # A choice that is already had needs no more.
        left = [choice for choice in choices if not any(_key(option) in had for option in choice)]
        if not left:
            return solved
        first = min(left, key=len)
        others = [choice for choice in left if choice is not first]
        for option in first:
            if self._left <= 0:
                return None
            literals: list[Literal] = []
            further = list(others)
            self._expand(option, literals, further)
            more = self._with(solved, literals)
            found = None if more is None else self._search(more, further)
            if found is not None:
                return found
        return None

    def _with(self, solved: Sequence[_Part], literals: Sequence[Literal]) -> list[_Part] | None:
        """Parts that are solved, with more leaves: what shares a field becomes one part. None where that has no
        solution."""
        new = [([literal], self._variables(literal)) for literal in literals]
        parts: list[tuple[list[Literal], set[Slot]]] = []
        for asked, variables in new:
            together, apart = (asked, variables), []
            for one in parts:
                if one[1] & together[1]:
                    together = (one[0] + together[0], one[1] | together[1])
                else:
                    apart.append(one)
            parts = [*apart, together]
        made: list[_Part] = []
        touched: set[int] = set()
        for asked, variables in parts:
            merged = list(asked)
            # A part that is solved may hang together with several of the new ones; each of those takes it in turn.
            for number, old in enumerate(solved):
                if number not in touched and old.variables & variables:
                    touched.add(number)
                    merged = [*old.literals, *merged]
                    variables = variables | old.variables
            made = [*self._joined(made, merged, variables)]
        found = [old for number, old in enumerate(solved) if number not in touched]
        for part in made:
            values = self._kept(part, solved) or self._values(part.literals)
            if values is None:
                return None
            found.append(_Part(part.literals, part.variables, values))
        return found

    @staticmethod
    def _joined(parts: Iterable[_Part], literals: list[Literal], variables: set[Slot]) -> Iterator[_Part]:
        """The parts, those that share a variable with the new one put together with it."""
        for part in parts:
            if part.variables & variables:
                literals, variables = [*part.literals, *literals], variables | part.variables
            else:
                yield part
        yield _Part(literals, variables, {})

    def _kept(self, part: _Part, solved: Sequence[_Part]) -> Values | None:
        """The values that a part has already, where they suit what was added to it."""
        old = [one for one in solved if one.variables & part.variables]
        if len(old) != 1 or old[0].variables != part.variables or not old[0].variables:
            return None
        tried = _Tried([{self._of(*slot): value for slot, value in old[0].values.items()}], self._of, self._predicates)
        known = {id(literal) for literal in old[0].literals}
        suits = all(tried.accepting(literal) for literal in part.literals if id(literal) not in known)
        return old[0].values if suits else None

    def _values(self, literals: list[Literal]) -> Values | None:
        key = frozenset(literal.key for literal in literals)
        if key not in self._known:
            self._left -= 1
            self._known[key] = self._component(literals)
        return self._known[key]

    def _variables(self, literal: Literal) -> set[Slot]:
        return {self._of(literal.event, path) for path in _paths(literal.leaf)}

    def _of(self, event: int, path: str) -> Slot:
        return self._variable.get((event, path), (event, path))

    def _component(self, literals: list[Literal]) -> Values | None:
        variables = list(dict.fromkeys(self._of(one.event, path) for one in literals for path in _paths(one.leaf)))
        if not variables:
            nothing = _Tried([{}], self._of, self._predicates)
            return {} if all(nothing.accepting(literal) for literal in literals) else None
        alone: dict[Slot, list[Literal]] = defaultdict(list)
        shared: list[Literal] = []
        for literal in literals:
            paths = _paths(literal.leaf)
            if len(paths) == 1:
                alone[self._of(literal.event, paths[0])].append(literal)
            else:
                shared.append(literal)
        possible: list[list[object]] = []
        for variable in variables:
            proposed = self._proposed(variable, literals)
            left = self._of_one(variable, proposed, alone[variable])
            if not left:
                return None
            possible.append(left)
        if not shared:
            return dict(self._spread(variables, [values[0] for values in possible]))
        return self._of_several(variables, possible, shared)

    def _spread(self, variables: Sequence[Slot], values: Sequence[object]) -> Iterator[tuple[Slot, object]]:
        """The values of variables for all of their slots."""
        for variable, value in zip(variables, values, strict=True):
            for slot in self._slots.get(variable, [variable]):
                yield slot, value

    def _proposed(self, variable: Slot, literals: Sequence[Literal]) -> list[object]:
        """Values for a variable, those that leaves are to hold for first, none of them twice."""
        mine = [one for one in literals if any(self._of(one.event, path) == variable for path in _paths(one.leaf))]
        fillings = tuple(dict.fromkeys(word for one in mine if _held(one) for word in _words(one.leaf)))[:6]
        proposed: dict[str, object] = {}
        # Where a leaf asks for something, what the others are not to be is no help.
        kinds = (True,) if any(map(_asks, mine)) else (True, False)
        for held in kinds:
            for literal in mine:
                if _held(literal) is not held and not isinstance(literal.leaf, Compute):
                    continue
                for value in _values_for(literal, variable[1], fillings, self._of):
                    proposed.setdefault(repr(value), value)
        for value in _padded(proposed.values()):
            proposed.setdefault(repr(value), value)
        proposed.setdefault(repr(ABSENT), ABSENT)
        return list(proposed.values())

    def _of_one(self, variable: Slot, proposed: list[object], literals: Sequence[Literal]) -> list[object]:
        """The values that all of the leaves accept which ask this variable alone; else a list of values that they
        accept together."""
        tried = _Tried([{variable: value} for value in proposed], self._of, self._predicates)
        bits = [tried.accepting(literal) for literal in literals]
        every = (1 << len(proposed)) - 1
        for found in bits:
            every &= found
        if every:
            return [proposed[row] for row in rows_of(every)]
        bearable = (1 << len(proposed)) - 1
        for literal, found in zip(literals, bits, strict=True):
            if not _held(literal):
                bearable &= found
        chosen: dict[str, object] = {}
        for literal, found in zip(literals, bits, strict=True):
            row = next(rows_of(found & bearable), None) if _held(literal) else None
            if row is not None and proposed[row] is not ABSENT:
                chosen.setdefault(repr(proposed[row]), proposed[row])
        several = list(chosen.values())
        together = _Tried([{variable: several}], self._of, self._predicates)
        fits = len(several) > 1 and all(together.accepting(literal) for literal in literals)
        return [several] if fits else []

    def _of_several(
        self, variables: Sequence[Slot], possible: Sequence[list[object]], literals: Sequence[Literal]
    ) -> Values | None:
        """Values for variables that some leaves look at together."""
        most = max(2, round(_TOGETHER ** (1 / len(variables))))
        made = itertools.product(*(values[: min(most, _EACH)] for values in possible))
        tried = list(itertools.islice(made, _TOGETHER))
        asked = _Tried([dict(zip(variables, values, strict=True)) for values in tried], self._of, self._predicates)
        every = (1 << len(tried)) - 1
        for literal in literals:
            every &= asked.accepting(literal)
        row = next(rows_of(every), None)
        return None if row is None else dict(self._spread(variables, tried[row]))


class _Tried:
    """Values tried for variables, as the events that they make."""

    def __init__(
        self, values: Sequence[Mapping[Slot, object]], of: Callable[[int, str], Slot], predicates: Predicates
    ) -> None:
        self._values = values
        self._of = of
        self._predicates = predicates
        self._evaluators: dict[tuple[int, tuple[str, ...]], Evaluator] = {}
        self._everything = (1 << len(values)) - 1

    def accepting(self, literal: Literal) -> int:
        """The values, as a set of their numbers, for which the leaf answers as it should."""
        asked: Predicate = literal.leaf
        wish = literal.wish
        if literal.nested is not None:
            if wish in (Wish.FALSE, Wish.NOT_FALSE):
                asked, wish = Not(asked), wish.negated
            asked = Nested(literal.nested, asked)
        found = self._evaluator(literal).answer(asked)
        match wish:
            case Wish.TRUE:
                return found.true
            case Wish.NOT_TRUE:
                return self._everything & ~found.true
            case Wish.FALSE:
                return self._everything & ~found.true & ~found.missing
            case Wish.NOT_FALSE:
                return found.true | found.missing

    def _evaluator(self, literal: Literal) -> Evaluator:
        paths = tuple(_paths(literal.leaf))
        key = literal.event, paths
        if key not in self._evaluators:
            documents = [
                document({path: values.get(self._of(literal.event, path), ABSENT) for path in paths})
                for values in self._values
            ]
            self._evaluators[key] = Evaluator(Documents(0, documents), self._predicates, now=NOW)
        return self._evaluators[key]


def document(values: Mapping[str, object]) -> Document:
    """An ECS document with these values, objects nested; a path that leads through a value keeps its dots."""
    made: dict[str, Any] = {}
    for path, value in sorted(values.items()):
        if value is ABSENT:
            continue
        *way, last = path.split(".")
        place = made
        for number, step in enumerate(way):
            below = place.setdefault(step, {})
            if not isinstance(below, dict):
                last = ".".join((*way[number:], last))
                break
            place = below
        if not isinstance(place.get(last), dict):
            place[last] = value
    return made


def _key(asked: Asked) -> tuple[int, Wish, int]:
    return id(asked.part), asked.wish, asked.event


def _held(literal: Literal) -> bool:
    return literal.wish in (Wish.TRUE, Wish.NOT_FALSE)


def _padded(values: Iterable[object]) -> list[str]:
    """Texts made as long as those that are nothing but filled up to a length."""
    texts = [value for value in values if isinstance(value, str)]
    lengths = {len(text) for text in texts if len(text) > 1 and set(text) == {"x"}}
    return [text.ljust(length, "x") for length in sorted(lengths) for text in texts[:_EACH] if len(text) < length]


def _asks(literal: Literal) -> bool:
    """Whether a leaf asks for certain values."""
    return _held(literal) and isinstance(literal.leaf, Test) and not isinstance(literal.leaf.operator, Exists)


def _paths(leaf: Leaf) -> list[str]:
    """The paths of the fields that a leaf asks."""
    match leaf:
        case Test(field):
            return [] if field.constant is not None else [field.path]
        case Compute(expression):
            return list(
                dict.fromkeys(column.field.path for column in columns_in(expression) if column.field is not None)
            )
    return []


def _words(leaf: Leaf) -> Iterator[str]:
    """The texts that a leaf asks for, to be put where the pattern of another takes anything."""
    match leaf:
        case Test(_, operator):
            for part in getattr(operator, "pattern", ()):
                if isinstance(part, str) and not isinstance(part, Wild) and len(part) > 1:
                    yield part
            for value in getattr(operator, "values", ()):
                if isinstance(value, str):
                    yield value


def _values_for(literal: Literal, path: str, fillings: tuple[str, ...], of: Any) -> Iterator[object]:
    """Values of a path for one leaf."""
    match literal.leaf:
        case Test() as test:
            yield from holding(test, fillings) if _held(literal) else failing(test)
        case Compute(expression):
            for name, values in proposals(expression).items():
                if of(literal.event, name) == of(literal.event, path) or name == path:
                    yield from values
