"""What Lucene's regular expressions are made of (:mod:`detections.values.regex_syntax` reads them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LAST_CODE_POINT = 0x10FFFF
DEEPEST = 100
"""How deep operators may nest; Lucene's own limit is its stack."""

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points, as inclusive ranges in order, none touching the next."""


class RegexError(ValueError):
    """A text that is not a regular expression, or one too complex. ``position`` counts code points from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves."""

    text: str


@dataclass(frozen=True, slots=True)
class Characters:
    """A character out of some; ``folded`` are those when case does not matter."""

    ranges: Ranges
    folded: Ranges


@dataclass(frozen=True, slots=True)
class Concat:
    items: tuple[Regex, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Union:
    items: tuple[Regex, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Intersection:
    items: tuple[Regex, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Complement:
    item: Regex
    depth: int


@dataclass(frozen=True, slots=True)
class Repeat:
    item: Regex
    least: int
    most: int | None
    depth: int


Regex: TypeAlias = Text | Characters | Concat | Union | Intersection | Complement | Repeat

EVERY: Ranges = ((0, LAST_CODE_POINT),)
ANY_CHARACTER = Characters(EVERY, EVERY)
ANY_STRING = Repeat(ANY_CHARACTER, 0, None, 1)
NOTHING = Characters((), ())
DIGIT: Ranges = ((48, 57),)
CLASSES: dict[str, Ranges] = {
    "d": DIGIT,
    "s": ((9, 10), (13, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}


def cases(character: str) -> tuple[int, ...]:
    """The code points that are the character when the case of ASCII letters does not matter."""
    if not character.isascii():
        return (ord(character),)
    return tuple(sorted({ord(character.lower()), ord(character.upper())}))


def union_of(ranges: list[tuple[int, int]]) -> Ranges:
    """Ranges in any order, put together."""
    made: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(high, made[-1][1]))
        else:
            made.append((low, high))
    return tuple(made)


def negated(ranges: Ranges) -> Ranges:
    """All other code points."""
    made, start = [], 0
    for low, high in ranges:
        if low > start:
            made.append((start, low - 1))
        start = high + 1
    if start <= LAST_CODE_POINT:
        made.append((start, LAST_CODE_POINT))
    return tuple(made)


def _depth(item: Regex) -> int:
    return 0 if isinstance(item, Text | Characters) else item.depth


def deeper(items: tuple[Regex, ...], position: int = 0) -> int:
    """The depth of what holds some items. Raises RegexError where it is too deep."""
    depth = 1 + max(map(_depth, items))
    if depth > DEEPEST:
        raise RegexError(f"operators nested more than {DEEPEST} deep", position)
    return depth


def decimals(low: str, high: str) -> Regex:
    """The decimal numbers between two of the same width."""
    if len(low) == 1:
        return between(ord(low), ord(high))
    if low[0] == high[0]:
        return concat(Text(low[0]), decimals(low[1:], high[1:]))
    width = len(low) - 1
    items: list[Regex] = [
        concat(Text(low[0]), decimals(low[1:], "9" * width)),
        concat(Text(high[0]), decimals("0" * width, high[1:])),
    ]
    first, last = ord(low[0]) + 1, ord(high[0]) - 1
    if first <= last:
        items.append(concat(between(first, last), Repeat(between(*DIGIT[0]), width, width, 1)))
    return union(items)


def between(low: int, high: int) -> Characters:
    ranges = ((low, high),)
    return Characters(ranges, ranges)


def concat(*items: Regex) -> Regex:
    return Concat(items, deeper(items))


def union(items: list[Regex]) -> Regex:
    return Union(tuple(items), deeper(tuple(items)))
