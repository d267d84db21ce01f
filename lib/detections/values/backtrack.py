"""Regular expressions that backtrack, with a bound on their work.

:mod:`re` runs a pattern whose work is small for the length of the text. Another one runs here, as a machine that goes
through the same choices in the same order, and asks no question twice: whether the rest of a pattern matches at a place
does not depend on how the place was reached. What is left, such as references to groups, has a bound on its steps.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.values import limits
from detections.values.backtrack_syntax import (
    Ahead,
    Assertion,
    Atom,
    Atomic,
    Choice,
    Group,
    Node,
    Reference,
    Repeat,
    Sequence,
    Unknown,
    degree,
    parse,
)

CHEAP = 50_000_000
"""So much work is left to :mod:`re`."""


class TooMuchWork(ValueError):
    """A pattern needs more steps on a text than are allowed."""

    def __init__(self, limit: limits.Limit) -> None:
        super().__init__(f"the regular expression goes beyond the limit {limit.name} of {limit.most:,}")


@dataclass(frozen=True, slots=True)
class Match:
    """What was found, with the groups by number and name as of a match of :mod:`re`."""

    text: str
    places: tuple[int, ...]
    names: dict[str, int]

    def __getitem__(self, group: int | str) -> str | None:
        number = self.names[group] if isinstance(group, str) else group
        start, end = self.places[2 * number : 2 * number + 2]
        return None if start < 0 or end < 0 else self.text[start:end]

    def span(self) -> tuple[int, int]:
        return self.places[0], self.places[1]


Found: TypeAlias = "Match | re.Match[str]"


class Bounded:
    """A pattern of :mod:`re` that is searched for with a bound on the work."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        try:
            self._node: Node | None = parse(pattern)
            self._degree = degree(self._node)
        except Unknown:
            self._node, self._degree = None, 1

    @functools.cached_property
    def _machine(self) -> _Machine:
        assert self._node is not None
        return _Machine(self._node, self.pattern.groups, dict(self.pattern.groupindex))

    def _is_cheap(self, length: int) -> bool:
        return self._node is None or (self._degree is not None and (length + 1) ** max(2, self._degree + 1) <= CHEAP)

    def search(self, text: str) -> Found | None:
        """The first place where it matches. Raises TooMuchWork."""
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Found]:
        """The places where it matches, none within another. Raises TooMuchWork."""
        if self._is_cheap(len(text)):
            yield from self.pattern.finditer(text)
            return
        at, run = 0, _Run(self._machine, text)
        last = -1
        while at <= len(text):
            places = run.search(at, last)
            if places is None:
                return
            yield Match(text, places, dict(self.pattern.groupindex))
            at = places[1]
            last = at if places[0] == at else -1


# --- the machine: instructions (name, what it needs, where it goes on)

_Instruction: TypeAlias = tuple[str, Any, Any]


class _Machine:
    def __init__(self, node: Node, groups: int, names: dict[str, int]) -> None:
        self.groups = groups
        self._names = names
        self.instructions: list[_Instruction] = []
        self._add(node)
        self._put("match")

    def _put(self, name: str, one: object = None, other: object = None) -> int:
        if len(self.instructions) >= limits.REGEX_INSTRUCTIONS.most:
            raise TooMuchWork(limits.REGEX_INSTRUCTIONS)
        self.instructions.append((name, one, other))
        return len(self.instructions) - 1

    def _add(self, node: Node) -> None:
        match node:
            case Atom():
                self._put("atom", _tester(node))
            case Assertion(source, flags):
                self._put("assert", re.compile(source, flags).match)
            case Reference(group):
                self._put("reference", self._names[group] if isinstance(group, str) else group)
            case Sequence(items):
                for item in items:
                    self._add(item)
            case Choice(items):
                self._choice(items)
            case Repeat():
                self._repeat(node)
            case Group(item, number):
                self._put("save", 2 * number)
                self._add(item)
                self._put("save", 2 * number + 1)
            case Atomic(item):
                self._put("atomic", _Machine(item, self.groups, self._names))
            case Ahead(item, negative):
                self._put("ahead", _Machine(item, self.groups, self._names), negative)

    def _choice(self, items: tuple[Node, ...]) -> None:
        ends: list[int] = []
        for item in items[:-1]:
            split = self._put("split")
            self._add(item)
            ends.append(self._put("jump"))
            self.instructions[split] = ("split", split + 1, len(self.instructions))
        self._add(items[-1])
        for end in ends:
            self.instructions[end] = ("jump", len(self.instructions), None)

    def _repeat(self, node: Repeat) -> None:
        for _ in range(node.least):
            self._add(node.item)
        if node.most is None:
            split = self._put("split")
            self._add(node.item)
            self._put("jump", split)
            self._set_split(split, len(self.instructions), lazy=node.lazy)
            return
        splits: list[int] = []
        for _ in range(node.most - node.least):
            splits.append(self._put("split"))
            self._add(node.item)
        for split in splits:
            self._set_split(split, len(self.instructions), lazy=node.lazy)

    def _set_split(self, split: int, end: int, *, lazy: bool) -> None:
        self.instructions[split] = ("split", end, split + 1) if lazy else ("split", split + 1, end)


class _Tests(dict[str, bool]):
    """Character -> whether an atom matches it."""

    def __init__(self, matches: Callable[[str], object]) -> None:
        self._matches = matches

    def __missing__(self, character: str) -> bool:
        found = self[character] = self._matches(character) is not None
        return found


@functools.lru_cache(maxsize=4096)
def _tester(atom: Atom) -> _Tests:
    return _Tests(re.compile(atom.source, atom.flags).fullmatch)


class _Run:
    """A search of one text: what was asked already, and how many steps were taken."""

    def __init__(self, machine: _Machine, text: str, steps: list[int] | None = None) -> None:
        self._machine = machine
        self._text = text
        self._steps = [0] if steps is None else steps
        self._remembers = all(name != "reference" for name, _, _ in machine.instructions)
        self._failed: set[int] = set()
        self._inner: dict[int, _Run] = {}

    def search(self, start: int, last: int) -> tuple[int, ...] | None:
        """The places of the first match from a start on; an empty one does not stand at ``last``, where one was."""
        for at in range(start, len(self._text) + 1):
            found = self.match(at, None, not_at=last if at == last else -1)
            if found is not None:
                self._failed.clear()  # what was asked on the way to a match did not fail
                return found
        return None

    def match(self, start: int, saved: tuple[int, ...] | None, not_at: int = -1) -> tuple[int, ...] | None:
        """The places of the match at one place: first the whole, then the groups."""
        instructions, text, size = self._machine.instructions, self._text, len(self._text)
        places = saved or (-1,) * (2 * self._machine.groups + 2)
        waiting: list[tuple[int, int, tuple[int, ...]]] = [(0, start, places)]
        failed, remembers, width = self._failed, self._remembers and not_at < 0, size + 1
        count, most = self._steps[0], limits.REGEX_STEPS.most
        while waiting:
            at, place, places = waiting.pop()
            while True:
                count += 1
                if count > most:
                    raise TooMuchWork(limits.REGEX_STEPS)
                name, one, other = instructions[at]
                if name == "atom":
                    if place >= size or not one[text[place]]:
                        break
                    at, place = at + 1, place + 1
                elif name == "split":
                    if remembers:
                        key = at * width + place
                        if key in failed:
                            break
                        failed.add(key)
                    waiting.append((other, place, places))
                    at = one
                elif name == "jump":
                    at = one
                elif name == "save":
                    places = (*places[:one], place, *places[one + 1 :])
                    at += 1
                elif name == "match":
                    if place == not_at:
                        break
                    self._steps[0] = count
                    return (start, place, *places[2:])
                else:
                    self._steps[0] = count
                    step = self._step(name, one, other, at, place, places)
                    count = self._steps[0]
                    if step is None:
                        break
                    place, places = step
                    at += 1
        self._steps[0] = count
        return None

    def _step(
        self, name: str, one: Any, other: Any, at: int, place: int, places: tuple[int, ...]
    ) -> tuple[int, tuple[int, ...]] | None:
        """What rarer instructions come to: the place behind, and the places of groups; None where they do not match."""
        if name == "assert":
            return None if one(self._text, place) is None else (place, places)
        if name == "reference":
            start, end = places[2 * one : 2 * one + 2]
            part = self._text[start:end]
            fits = start >= 0 and self._text.startswith(part, place)
            return (place + len(part), places) if fits else None
        if at not in self._inner:
            self._inner[at] = _Run(one, self._text, self._steps)
        run = self._inner[at]
        run._failed.clear()
        found = run.match(place, places)
        if name == "ahead":
            if (found is None) is not other:
                return None
            return place, places if found is None else (*places[:2], *found[2:])
        return None if found is None else (found[1], (*places[:2], *found[2:]))
