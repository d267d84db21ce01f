"""Lucene regular expressions over whole terms: a deterministic automaton, built once, with a bound on the work.

The states are the expression's derivatives (Brzozowski), which take ``~`` and ``&`` in their stride. Matching reads
each character once; no pattern can make it hang. Building stops with :class:`RegexError` about where Elasticsearch 9.2
refuses with ``too_complex_to_determinize_exception`` (its limit of 10,000, each worth ten units of effort).
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Iterable
from typing import TypeAlias

from detections.values import limits
from detections.values.order import fold
from detections.values.regex_syntax import parse
from detections.values.regex_tree import (
    LAST_CODE_POINT,
    Characters,
    Complement,
    Concat,
    Intersection,
    Ranges,
    Regex,
    RegexError,
    Repeat,
    Text,
    Union,
    cases,
)

__all__ = ["RegexError", "matcher"]

WORK_LIMIT = limits.REGEX_STATES.most
EFFORT_LIMIT = 10 * WORK_LIMIT

Matcher: TypeAlias = Callable[[str], bool]


@functools.lru_cache(maxsize=1024)
def matcher(pattern: str, *, case_insensitive: bool = False) -> Matcher:
    """A function that says whether a whole term matches. Raises RegexError.

    ``case_insensitive`` folds the ASCII letters of the pattern, also in a class (``[ab]``), but not ranges (``[a-b]``),
    as Elasticsearch 9.2 does.
    """
    syntax = parse(pattern)
    if isinstance(syntax, Text):
        text = syntax.text
        if case_insensitive:
            folded = fold(text)
            return lambda term: fold(term) == folded
        return text.__eq__
    return _Automaton(syntax, case_insensitive).matches


@functools.lru_cache(maxsize=1024)
def matches_all(pattern: str) -> bool:
    """Whether it matches every text. Raises RegexError."""
    syntax = parse(pattern)
    return not isinstance(syntax, Text) and _Automaton(syntax, False).total


@functools.lru_cache(maxsize=1024)
def only_text(pattern: str) -> str | None:
    """The one text that it matches, None where there is none or another. Raises RegexError."""
    syntax = parse(pattern)
    return syntax.text if isinstance(syntax, Text) else _Automaton(syntax, False).only_text()


class _Node:
    """A language. Hash-consed: nodes of one builder are equal only if they are the same object."""

    __slots__ = ("derivatives", "front", "item", "items", "kind", "least", "mask", "most", "nullable", "tail")

    kind: str
    nullable: bool
    front: frozenset[int]
    """The sets of character classes that the first character is compared with."""
    derivatives: dict[int, _Node]
    mask: int
    item: _Node
    tail: _Node
    items: frozenset[_Node]
    least: int
    most: int | None


class _Builder:
    """Makes nodes from syntax, and derivatives of nodes, over an alphabet of ``count`` character classes."""

    def __init__(self, count: int) -> None:
        self._nodes: dict[tuple[object, ...], _Node] = {}
        self._all = (1 << count) - 1
        self.empty = self._characters(0)
        self.epsilon = self._node(("epsilon",), nullable=True, front=frozenset())
        self.any_string = self._repeat(self._characters(self._all), 0, None)

    def build(self, syntax: Regex, masks: Callable[[Text | Characters], list[int]]) -> _Node:
        match syntax:
            case Text() | Characters():
                made = self.epsilon
                for mask in reversed(masks(syntax)):
                    made = self._concat(self._characters(mask), made)
                return made
            case Concat(items):
                made = self.epsilon
                for item in reversed(items):
                    made = self._concat(self.build(item, masks), made)
                return made
            case Union(items):
                return self._union(self.build(item, masks) for item in items)
            case Intersection(items):
                return self._intersection(self.build(item, masks) for item in items)
            case Complement(item):
                return self._complement(self.build(item, masks))
            case Repeat(item, least, most):
                return self._repeat(self.build(item, masks), least, most)

    def derivative(self, node: _Node, index: int) -> _Node:
        """What may follow a character of the class ``index``."""
        made = node.derivatives.get(index)
        if made is None:
            made = node.derivatives[index] = self._derive(node, index)
        return made

    def _derive(self, node: _Node, index: int) -> _Node:
        match node.kind:
            case "characters":
                return self.epsilon if node.mask >> index & 1 else self.empty
            case "epsilon":
                return self.empty
            case "concat":
                # The tails are walked, not recursed into: a long text is a long chain of them.
                made = []
                while node.kind == "concat":
                    made.append(self._concat(self.derivative(node.item, index), node.tail))
                    if not node.item.nullable:
                        return self._union(made)
                    node = node.tail
                return self._union([*made, self.derivative(node, index)])
            case "union":
                return self._union(self.derivative(item, index) for item in node.items)
            case "intersection":
                return self._intersection(self.derivative(item, index) for item in node.items)
            case "complement":
                return self._complement(self.derivative(node.item, index))
        most = None if node.most is None else node.most - 1
        rest = self._repeat(node.item, max(0, node.least - 1), most)
        return self._concat(self.derivative(node.item, index), rest)

    def groups(self, node: _Node) -> list[int]:
        """The classes put into sets that this node does not tell apart."""
        groups = [self._all]
        for mask in node.front:
            groups = [part for group in groups for part in (group & mask, group & ~mask) if part]
        return groups

    def _node(self, key: tuple[object, ...], nullable: bool, front: frozenset[int], **parts: object) -> _Node:
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = _Node()
            node.kind, node.nullable, node.front, node.derivatives = str(key[0]), nullable, front, {}
            for name, value in parts.items():
                setattr(node, name, value)
        return node

    def _characters(self, mask: int) -> _Node:
        return self._node(("characters", mask), False, frozenset((mask,)), mask=mask)

    def _concat(self, item: _Node, tail: _Node) -> _Node:
        if item is self.empty or tail is self.empty:
            return self.empty
        if item is self.epsilon:
            return tail
        if tail is self.epsilon or (item is tail is self.any_string):
            return item
        front = item.front | tail.front if item.nullable else item.front
        return self._node(("concat", item, tail), item.nullable and tail.nullable, front, item=item, tail=tail)

    def _union(self, items: Iterable[_Node]) -> _Node:
        flat: set[_Node] = set()
        mask = 0
        for item in items:
            for one in item.items if item.kind == "union" else (item,):
                if one.kind == "characters":
                    mask |= one.mask
                else:
                    flat.add(one)
        if self.any_string in flat:
            return self.any_string
        if mask or not flat:
            flat.add(self._characters(mask))
        return self._several("union", flat, any(item.nullable for item in flat))

    def _intersection(self, items: Iterable[_Node]) -> _Node:
        flat: set[_Node] = set()
        for item in items:
            flat.update(item.items if item.kind == "intersection" else (item,))
        flat.discard(self.any_string)
        if self.empty in flat:
            return self.empty
        if not flat:
            return self.any_string
        return self._several("intersection", flat, all(item.nullable for item in flat))

    def _several(self, kind: str, items: set[_Node], nullable: bool) -> _Node:
        if len(items) == 1:
            return items.pop()
        front = frozenset().union(*(item.front for item in items))
        frozen = frozenset(items)
        return self._node((kind, frozen), nullable, front, items=frozen)

    def _complement(self, item: _Node) -> _Node:
        if item.kind == "complement":
            return item.item
        if item is self.empty:
            return self.any_string
        if item is self.any_string:
            return self.empty
        return self._node(("complement", item), not item.nullable, item.front, item=item)

    def _repeat(self, item: _Node, least: int, most: int | None) -> _Node:
        if item is self.empty:
            # Lucene's star of nothing is nothing.
            return self.epsilon if not least and most is not None else item
        if most == 0 or item is self.epsilon:
            return self.epsilon
        if least == most == 1:
            return item
        if item.nullable:
            least = 0
        return self._node(("repeat", item, least, most), not least, item.front, item=item, least=least, most=most)


class _Classes(dict[str, int]):
    """The class of each character, found when the character is first met."""

    def __init__(self, starts: list[int], classes: list[int]) -> None:
        super().__init__()
        self._starts = starts
        self._classes = classes

    def __missing__(self, character: str) -> int:
        found = self[character] = self._classes[bisect.bisect_right(self._starts, ord(character)) - 1]
        return found


class _Automaton:
    """Rows of successors: ``row[class]`` is the next row, the last element says whether the term may end here."""

    def __init__(self, syntax: Regex, case_insensitive: bool) -> None:
        alphabet = _Alphabet(syntax, case_insensitive)
        self._classes = _Classes(alphabet.starts, alphabet.classes)
        builder = _Builder(alphabet.count)
        self._alphabet = alphabet
        self._none: list[object] = []
        self._rest: list[object] = []
        self._start = self._explore(builder, builder.build(syntax, alphabet.masks), alphabet.count)

    def _explore(self, builder: _Builder, start: _Node, count: int) -> list[object]:
        rows: dict[_Node, list[object]] = {start: []}
        rows[builder.empty] = self._none
        rows[builder.any_string] = self._rest
        waiting, effort = list(rows), 0
        while waiting:
            node = waiting.pop()
            effort += len(node.items) if node.kind in ("union", "intersection") else 1
            if effort > EFFORT_LIMIT or len(rows) > WORK_LIMIT:
                raise RegexError(f"too complex: it needs more than {WORK_LIMIT:,} states", 0)
            row = rows[node]
            row += [None] * count
            for group in builder.groups(node):
                following = builder.derivative(node, group.bit_length() - 1)
                if following not in rows:
                    rows[following] = []
                    waiting.append(following)
                target = rows[following]
                while group:
                    row[group.bit_length() - 1] = target
                    group ^= 1 << (group.bit_length() - 1)
            row.append(node.nullable)
        return rows[start]

    def matches(self, term: str) -> bool:
        row: list[object] = self._start
        classes, none, rest = self._classes, self._none, self._rest
        for character in term:
            row = row[classes[character]]  # type: ignore[assignment]
            if row is none:
                return False
            if row is rest:
                return True
        return bool(row[-1])

    @property
    def total(self) -> bool:
        """Whether every text matches: there is no row in which one may not end."""
        return all(row[-1] for row in _reached(self._start))

    def only_text(self) -> str | None:
        """The one text that matches, None where there is none or another."""
        alive = self._alive()
        row, text = self._start, list[str]()
        while True:
            ways = [(number, one) for number, one in enumerate(row[:-1]) if id(one) in alive]
            if row[-1] or len(ways) != 1:
                return "".join(text) if row[-1] and not ways else None
            ((number, following),) = ways
            character = self._alphabet.only(number)
            if character is None:
                return None
            text.append(character)
            row = following  # type: ignore[assignment]

    def _alive(self) -> set[int]:
        """The rows from which some text gets to an end, by their ids."""
        before: dict[int, list[list[object]]] = {}
        rows = _reached(self._start)
        for row in rows:
            for following in row[:-1]:
                before.setdefault(id(following), []).append(row)
        waiting = [row for row in rows if row[-1]]
        alive = set(map(id, waiting))
        while waiting:
            for row in before.get(id(waiting.pop()), ()):
                if id(row) not in alive:
                    alive.add(id(row))
                    waiting.append(row)
        return alive


class _Alphabet:
    """The code points put into classes that no character set of the expression tells apart."""

    def __init__(self, syntax: Regex, case_insensitive: bool) -> None:
        self._fold = case_insensitive
        sets = {ranges for leaf in _leaves(syntax) for ranges in self._ranges(leaf)}
        edges = {0} | {edge for ranges in sets for low, high in ranges for edge in (low, high + 1)}
        self.starts = sorted(edge for edge in edges if edge <= LAST_CODE_POINT)
        position = {start: at for at, start in enumerate(self.starts)}
        members: list[list[int]] = [[] for _ in self.starts]
        for number, ranges in enumerate(sets):
            for low, high in ranges:
                for at in range(position[low], position.get(high + 1, len(self.starts))):
                    members[at].append(number)
        signatures: dict[tuple[int, ...], int] = {}
        self.classes = [signatures.setdefault(tuple(member), len(signatures)) for member in members]
        self.count = len(signatures)
        self._masks = dict.fromkeys(sets, 0)
        for signature, index in signatures.items():
            for number, ranges in enumerate(sets):
                if number in signature:
                    self._masks[ranges] |= 1 << index

    def only(self, number: int) -> str | None:
        """The only character of a class, None where it has several."""
        places = [at for at, one in enumerate(self.classes) if one == number]
        following = self.starts[places[0] + 1] if places[0] + 1 < len(self.starts) else LAST_CODE_POINT + 1
        return chr(self.starts[places[0]]) if len(places) == 1 and following - self.starts[places[0]] == 1 else None

    def masks(self, leaf: Text | Characters) -> list[int]:
        """For each character that a leaf takes the classes it may have."""
        return [self._masks[ranges] for ranges in self._ranges(leaf)]

    def _ranges(self, leaf: Text | Characters) -> Iterable[Ranges]:
        if isinstance(leaf, Characters):
            return [leaf.folded if self._fold else leaf.ranges]
        if len(leaf.text) > EFFORT_LIMIT:
            raise RegexError("too complex: a text this long beside an operator", 0)
        return [self._character(character) for character in leaf.text]

    def _character(self, character: str) -> Ranges:
        variants = cases(character) if self._fold else (ord(character),)
        return tuple((variant, variant) for variant in variants)


def _reached(start: list[object]) -> list[list[object]]:
    """The rows that can be got to."""
    found, known, waiting = [], {id(start)}, [start]
    while waiting:
        row = waiting.pop()
        found.append(row)
        for following in row[:-1]:
            if id(following) not in known:
                known.add(id(following))
                waiting.append(following)  # type: ignore[arg-type]
    return found


def _leaves(syntax: Regex) -> Iterable[Text | Characters]:
    match syntax:
        case Text() | Characters():
            yield syntax
        case Concat(items) | Union(items) | Intersection(items):
            for item in items:
                yield from _leaves(item)
        case Complement(item) | Repeat(item):
            yield from _leaves(item)
