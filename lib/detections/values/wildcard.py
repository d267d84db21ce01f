"""Wildcard patterns over whole terms, in time that grows with text times pattern at worst.

A pattern is a tuple of literal texts and marks: ``ANY`` (any text, also none) and ``ONE`` (one code point).
Case-insensitive matching knows the case of ASCII letters, as Elasticsearch 9.2 does.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from detections.values.order import fold

Matcher: TypeAlias = Callable[[str], bool]


class Wild:
    """A mark in a pattern; the two instances are ``ANY`` (``*``) and ``ONE`` (``?``)."""

    __slots__ = ("symbol",)

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    def __repr__(self) -> str:
        return self.symbol

    def __reduce__(self) -> str:
        return "ANY" if self.symbol == "*" else "ONE"


ANY = Wild("*")
ONE = Wild("?")

_MARKS = {"*": ANY, "?": ONE}
_PART = re.compile(r"[*?]|\\.|[^*?\\]+|\\", re.DOTALL)
_LINE_END = re.compile("([\n\r\x85\u2028\u2029])")


def matcher(pattern: Sequence[str | Wild], *, case_insensitive: bool = False) -> Matcher:
    """A function that says whether a whole term matches the pattern."""
    segments = _segments(pattern, case_insensitive)
    found = _plain(segments) if all(isinstance(segment, str) for segment in segments) else _general(segments)
    if case_insensitive:
        return lambda text: found(fold(text))
    return found


def lucene(text: str) -> tuple[str | Wild, ...]:
    """A text of a ``wildcard`` query as a pattern: a backslash takes the next character as it is, if there is one."""
    parts = [_MARKS.get(part) or part[part[0] == "\\" and len(part) > 1 :] for part in _PART.findall(text)]
    return tuple(_joined(parts))


def on_lines(pattern: Sequence[str | Wild]) -> Matcher:
    """A function that says whether a text matches where marks stand for no end of a line, as Java's ``.`` does."""
    made: list[list[str | Wild]] = [[]]
    ends: list[str] = []
    for part in pattern:
        if not isinstance(part, str):
            made[-1].append(part)
            continue
        for number, piece in enumerate(_LINE_END.split(part)):
            if number % 2:
                ends.append(piece)
                made.append([])
            elif piece:
                made[-1].append(piece)
    lines = [matcher(one) for one in made]

    def match_lines(text: str) -> bool:
        pieces = _LINE_END.split(text)
        return pieces[1::2] == ends and all(line(piece) for line, piece in zip(lines, pieces[::2], strict=True))

    return match_lines


def _joined(parts: Iterable[str | Wild]) -> Iterator[str | Wild]:
    for is_text, run in itertools.groupby(parts, lambda part: isinstance(part, str)):
        if is_text:
            yield "".join(part for part in run if isinstance(part, str))
        else:
            yield from run


def _segments(pattern: Sequence[str | Wild], case_insensitive: bool) -> list[str | re.Pattern[str]]:
    """What stands between the stars: a text, or a regular expression where there is a ``?``."""
    made: list[list[str | None]] = [[]]
    for part in pattern:
        if isinstance(part, str):
            made[-1].append(fold(part) if case_insensitive else part)
        elif part is ANY:
            made.append([])
        else:
            made[-1].append(None)
    return [_segment(parts) for parts in made]


def _segment(parts: list[str | None]) -> str | re.Pattern[str]:
    texts = [part for part in parts if part is not None]
    if len(texts) == len(parts):
        return "".join(texts)
    return re.compile("".join("." if part is None else re.escape(part) for part in parts), re.DOTALL)


def _plain(segments: list[str | re.Pattern[str]]) -> Matcher:
    texts = [segment for segment in segments if isinstance(segment, str)]
    if len(texts) == 1:
        return texts[0].__eq__
    first, last, middle = texts[0], texts[-1], [one for one in texts[1:-1] if one]
    shortest = len(first) + len(last)
    if not middle:
        return lambda text: len(text) >= shortest and text.startswith(first) and text.endswith(last)
    if len(middle) == 1 and not shortest:
        return lambda text: middle[0] in text

    def match(text: str) -> bool:
        if not (len(text) >= shortest and text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for part in middle:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return match


def _general(segments: list[str | re.Pattern[str]]) -> Matcher:
    """Leftmost placing of the segments between the first and the last, which finds a match where there is one."""
    patterns = [
        re.compile(re.escape(segment), re.DOTALL) if isinstance(segment, str) else segment for segment in segments
    ]
    if len(patterns) == 1:
        return lambda text: patterns[0].fullmatch(text) is not None
    first, last, middle = patterns[0], patterns[-1], patterns[1:-1]
    width = _width(segments[-1])

    def match(text: str) -> bool:
        found = first.match(text)
        end = len(text) - width
        if found is None or end < found.end() or not last.match(text, end):
            return False
        at = found.end()
        for part in middle:
            found = part.search(text, at, end)
            if found is None:
                return False
            at = found.end()
        return True

    return match


def _width(segment: str | re.Pattern[str]) -> int:
    """How many code points a segment takes: its length is fixed, for it holds no star."""
    if isinstance(segment, str):
        return len(segment)
    return len(re.sub(r"\\(.)", r"\1", segment.pattern, flags=re.DOTALL))
