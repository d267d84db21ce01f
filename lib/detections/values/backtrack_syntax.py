"""What regular expressions of :mod:`re` are made of, and how much work they may be: for :mod:`.backtrack`.

Single characters, classes and zero-width assertions stay texts for :mod:`re`, which says what they mean.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TypeAlias

MANY = 16
"""A repetition that may come so often or more is as good as one without an end."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One character."""

    source: str
    flags: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place between characters: an anchor, a word boundary, a look behind."""

    source: str
    flags: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The text of a group once more."""

    group: int | str


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    item: Node
    least: int
    most: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    item: Node
    number: int


@dataclass(frozen=True, slots=True)
class Atomic:
    """What is found in it is not given up again."""

    item: Node


@dataclass(frozen=True, slots=True)
class Ahead:
    item: Node
    negative: bool


Node: TypeAlias = (
    Atom | Assertion | Reference | Sequence | Choice | Repeat | Group | Atomic | Ahead
)  # fmt: skip

_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|0[0-7]{0,2}|.)", re.DOTALL)
_QUANTIFIER = re.compile(r"(\*|\+|\?|\{[0-9]*,?[0-9]*\})([?+]?)")
_BOUNDS = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")
_NAMED = re.compile(r"\(\?P<(\w+)>")
_SAME = re.compile(r"\(\?P=(\w+)\)")
_FLAGS = re.compile(r"\(\?([aimsx]*)(?:-([imsx]+))?:")
_FLAG_VALUES = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "a": re.ASCII, "x": re.VERBOSE}


class Unknown(Exception):
    """A piece of syntax that is left to :mod:`re`."""


def parse(pattern: re.Pattern[str]) -> Node:
    """Raises Unknown."""
    parser = _Parser(pattern.pattern, pattern.flags & ~re.UNICODE)
    node = parser.choice(parser.flags)
    if parser.at != len(pattern.pattern):
        raise Unknown
    return node


class _Parser:
    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self.flags = flags
        self.at = 0
        self._groups = 0

    def choice(self, flags: int) -> Node:
        items = [self._sequence(flags)]
        while self._text.startswith("|", self.at):
            self.at += 1
            items.append(self._sequence(flags))
        return items[0] if len(items) == 1 else Choice(tuple(items))

    def _sequence(self, flags: int) -> Node:
        items: list[Node] = []
        while self.at < len(self._text) and self._text[self.at] not in "|)":
            items.append(self._quantified(self._item(flags)))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _quantified(self, item: Node) -> Node:
        found = _QUANTIFIER.match(self._text, self.at)
        if found is None or found[1] in ("{}", "{,}"):
            return item
        self.at = found.end()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[1], (0, None))
        bounds = _BOUNDS.fullmatch(found[1])
        if bounds is not None:
            low, comma, high = bounds.groups()
            least = int(low or 0)
            most = int(high) if high else None if comma else least
        made: Node = Repeat(item, least, most, found[2] == "?")
        return Atomic(made) if found[2] == "+" else made

    def _item(self, flags: int) -> Node:
        character = self._text[self.at]
        if character == "(":
            return self._group(flags)
        if character == "[":
            return self._piece(_CLASS, flags)
        if character == "\\":
            return self._escape(flags)
        self.at += 1
        if character in "^$":
            return Assertion(character, flags)
        return Atom("." if character == "." else re.escape(character), flags)

    def _piece(self, pattern: re.Pattern[str], flags: int) -> Atom:
        found = pattern.match(self._text, self.at)
        if found is None:
            raise Unknown
        self.at = found.end()
        return Atom(found[0], flags)

    def _escape(self, flags: int) -> Node:
        following = self._text[self.at + 1 : self.at + 2]
        if following in ("b", "B", "A", "Z"):
            self.at += 2
            return Assertion(f"\\{following}", flags)
        if following in "123456789":
            self.at += 2
            return Reference(int(following))
        return self._piece(_ESCAPE, flags)

    def _group(self, flags: int) -> Node:
        text, start = self._text, self.at
        same = _SAME.match(text, start)
        if same is not None:
            self.at = same.end()
            return Reference(same[1])
        if text.startswith(("(?<=", "(?<!"), start):
            self.at += 4
            self._closed(flags)
            return Assertion(text[start : self.at], flags)
        for opening, negative in (("(?=", False), ("(?!", True)):
            if text.startswith(opening, start):
                self.at += 3
                return Ahead(self._closed(flags), negative)
        if text.startswith("(?>", start):
            self.at += 3
            return Atomic(self._closed(flags))
        named, changed = _NAMED.match(text, start), _FLAGS.match(text, start)
        if changed is not None:
            self.at = changed.end()
            on, off = (sum(int(_FLAG_VALUES[one]) for one in part or "") for part in changed.groups())
            return self._closed((flags | on) & ~off)
        if named is None and text.startswith("(?", start):
            raise Unknown
        self.at = start + 1 if named is None else named.end()
        self._groups += 1
        number = self._groups
        return Group(self._closed(flags), number)

    def _closed(self, flags: int) -> Node:
        node = self.choice(flags)
        if not self._text.startswith(")", self.at):
            raise Unknown
        self.at += 1
        return node


# --- how much work


_SAMPLE = [*map(chr, range(128)), "é", "世"]


@functools.lru_cache(maxsize=4096)
def characters(atom: Atom) -> frozenset[str]:
    """Of some characters those that an atom matches."""
    pattern = re.compile(atom.source, atom.flags)
    return frozenset(one for one in _SAMPLE if pattern.fullmatch(one))


def degree(node: Node, rest: tuple[Node, ...] = ()) -> int | None:
    """The power of a text's length that the work grows with, None where it may grow beyond all powers. ``rest`` is what
    follows the node."""
    match node:
        case Sequence(items):
            parts = [degree(item, (*items[at + 1 :], *rest)) for at, item in enumerate(items)]
            return None if None in parts else sum(part for part in parts if part is not None)
        case Choice(items):
            parts = [degree(item, rest) for item in items]
            return None if None in parts else max((part for part in parts if part is not None), default=0)
        case Repeat(item, _, most):
            if most is not None and most < MANY:
                return degree(item, rest)
            inner = degree(item, rest) if _is_delimited(item) else None
            return None if inner is None else inner + _gives_back(item, rest)
        case Group(item):
            return degree(item, rest)
        case Ahead(item) | Atomic(item):
            return degree(item)
        case Reference():
            return None
    return 0


def _gives_back(item: Node, rest: tuple[Node, ...]) -> int:
    """Whether what a long repetition took may have to be given back to what follows it."""
    own = _all(item)
    for following in rest:
        if not own.isdisjoint(_first(following)):
            return 1
        if not _may_be_empty(following):
            return 0
    return 0


def _is_delimited(item: Node) -> bool:
    """Whether each turn of a loop can be told from the next: it is one character, or begins with one that is nowhere
    else in it."""
    while isinstance(item, Group):
        item = item.item
    if isinstance(item, Atom | Atomic):
        return True
    if isinstance(item, Choice):
        firsts = [_first(one) for one in item.items]
        apart = all(one.isdisjoint(other) for at, one in enumerate(firsts) for other in firsts[at + 1 :])
        return apart and all(_is_fixed(one) for one in item.items)
    if _is_fixed(item):
        return True
    if not isinstance(item, Sequence) or not item.items or _may_be_empty(item.items[0]):
        return False
    rest: frozenset[str] = frozenset().union(*map(_all, item.items[1:]))
    return isinstance(item.items[0], Atom | Choice) and _all(item.items[0]).isdisjoint(rest)


def _is_fixed(node: Node) -> bool:
    """Whether it always takes the same number of characters."""
    match node:
        case Atom():
            return True
        case Sequence(items):
            return bool(items) and all(map(_is_fixed, items))
        case Repeat(item, least, most):
            return least == most and least > 0 and _is_fixed(item)
        case Group(item):
            return _is_fixed(item)
    return False


def _may_be_empty(node: Node) -> bool:
    match node:
        case Atom():
            return False
        case Sequence(items):
            return all(map(_may_be_empty, items))
        case Choice(items):
            return any(map(_may_be_empty, items))
        case Repeat(item, least):
            return least == 0 or _may_be_empty(item)
        case Group(item) | Atomic(item):
            return _may_be_empty(item)
    return True


def _first(node: Node) -> frozenset[str]:
    """The characters that it may begin with."""
    match node:
        case Atom():
            return characters(node)
        case Sequence(items):
            found: frozenset[str] = frozenset()
            for item in items:
                found |= _first(item)
                if not _may_be_empty(item):
                    break
            return found
        case Choice(items):
            return frozenset().union(*map(_first, items))
        case Repeat(item) | Group(item) | Atomic(item):
            return _first(item)
        case Reference():
            return frozenset(_SAMPLE)
    return frozenset()


def _all(node: Node) -> frozenset[str]:
    """The characters that it may hold."""
    match node:
        case Atom():
            return characters(node)
        case Sequence(items) | Choice(items):
            return frozenset().union(*map(_all, items))
        case Repeat(item) | Group(item) | Atomic(item):
            return _all(item)
        case Reference():
            return frozenset(_SAMPLE)
    return frozenset()
