"""JSON text -> values, forgivingly: what can be read is read, and what is wrong with it is said.

Read although JSON forbids it: bytes that are not UTF-8 and lone surrogates (U+FFFD stands for them), NaN and infinities
and numbers too large to hold (null stands for them), several values one after the other. Of a key that stands in an
object twice the last one counts.

Work grows with the text and no faster, whatever is in it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises over text that must be read the forgiving way."""

_SPACE = re.compile(r"[ \t\r\n\x1e]*")
_BETWEEN_ITEMS = re.compile(r"[ \t\r\n,\]}]*")
_NEXT_LINE = re.compile(r"\n[{\[]")
_OPENING = re.compile(r'\{[ \t\r\n]*"[^"\\\n]{1,100}"[ \t\r\n]*:')
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_LONGEST_INTEGER = 4300

_WINDOW = 1 << 14
# The decoder says "Expecting value" where a word such as -Infinity begins.
_NEAR_THE_END = 16
# What is too deep for the decoder is so for at least so many characters.
_DEEP = 400
_REPEATS = 8
_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Value:
    """A value, where it starts (line and column from 1), and what had to be changed to read it."""

    value: Any
    line: int = 1
    column: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the text is not JSON, and why. ``excerpt`` is its line, empty where that is long."""

    reason: str
    line: int
    column: int
    excerpt: str


def values(data: bytes, wrappers: Sequence[str] = ()) -> Iterator[Value | Broken]:
    """The values of a text, one after the other. Behind a broken one, reading goes on at the next line that opens an
    object or a list, or at the next object that begins as the last one did.

    Of a list that is cut off, on its own or under one of the keys ``wrappers``, the items are read one by one.
    """
    try:
        found = Value(msgspec.json.decode(data))
    except REFUSED:
        yield from _forgivingly(data, wrappers).values()
    else:
        yield found


def _forgivingly(data: bytes, wrappers: Sequence[str]) -> Reader:
    try:
        return Reader(data.decode("utf-8"), wrappers)
    except UnicodeDecodeError:
        return Reader(data.decode("utf-8", "replace"), wrappers, notes=("bytes that are not UTF-8",))


def settled(data: bytes, wrappers: Sequence[str], *, inside: bool) -> tuple[int, bool]:
    """How many bytes at the beginning of a text are read, whatever follows behind its end, and whether they leave off
    inside a list.

    ``inside``: the text begins inside a list, between two items.
    """
    # Latin-1 has a character for each byte, and all that matters here is ASCII.
    reader = Reader(data.decode("latin-1"), wrappers, inside=inside, more=True)
    for _ in reader.values():
        pass
    return reader.end, reader.inside


class _Problem(Exception):
    """``at`` is where the text is wrong, ``behind`` where reading can go on without reading the same again.

    ``unfinished``: what is wrong may only be that the text goes on behind its end.
    """

    def __init__(
        self,
        reason: str,
        at: int,
        behind: int,
        *,
        cost: int,
        unfinished: bool = False,
        deep: bool = False,
    ) -> None:
        self.reason = reason
        self.at = at
        self.behind = behind
        self.cost = cost
        self.unfinished = unfinished
        self.deep = deep


class Reader:
    """Reads a text; ``end`` is how far it is read, with all that is wrong up to there told, and ``inside`` whether that
    is inside a list.

    ``more``: the text goes on behind its end, so what is only cut off there is left.
    """

    def __init__(
        self,
        text: str,
        wrappers: Sequence[str] = (),
        *,
        notes: Sequence[str] = (),
        inside: bool = False,
        more: bool = False,
    ) -> None:
        self.end = 0
        self._notes: list[str] = []
        # What was changed before anything was read is told with the first value.
        self._base = tuple(notes)
        self._text = text
        if "\\u" in text:
            self._text = _ESCAPE.sub(self._mend, text)
            self._base += tuple(dict.fromkeys(self._notes))
        names = "|".join(map(re.escape, wrappers))
        wrapper = rf'(?:\{{[ \t\r\n]*"(?:{names})"[ \t\r\n]*:[ \t\r\n]*)?' if names else ""
        self._list = re.compile(rf"{wrapper}\[")
        self.inside = inside
        self._more = more
        self._decoder = json.JSONDecoder(parse_float=self._float, parse_int=self._int, parse_constant=self._constant)
        self._window, self._from = "", 0
        self._line, self._line_start, self._counted = 1, 0, 0
        # How the last object began, and the place of the next line that opens a value; -1: not looked for yet.
        self._opening = ""
        self._next_line = -1
        # What may still be read a second time, in characters.
        self._again = _REPEATS * len(self._text)

    def values(self) -> Iterator[Value | Broken]:
        """What is in the text, in order."""
        unexplained = False
        at = self._skip(0)
        while at < len(self._text):
            self._notes.clear()
            try:
                value, behind = self._scan(at)
            except _Problem as problem:
                if problem.unfinished and self._more:
                    return
                opening = self._list.match(self._text, at)
                self._again -= problem.cost
                if opening and self._again > 0 and not (self.inside and problem.deep):
                    # A list that cannot be read as a whole may have been cut off: its items are read one by one.
                    self.inside = unexplained = True
                    at = self._skip(opening.end())
                    continue
                unexplained = False
                yield self._broken(problem.reason, problem.at, at)
                at = self._restart(at, problem)
            else:
                yield Value(value, *self._place(at), tuple(dict.fromkeys((*self._base, *self._notes))))
                self._base = ()
                if found := _OPENING.match(self._text, at):
                    self._opening = found[0]
                at = self._skip(behind)
            self.end = at
        if unexplained and self.inside and not self._more:
            yield self._broken("the list is cut off: what is there was read", len(self._text), self._counted)

    def _scan(self, at: int) -> tuple[Any, int]:
        """The value that starts here, and where it ends.

        It is looked for in a window that grows as long as the value seems to go on, because an error costs as much as
        the text before it.
        """
        size = _WINDOW
        if not self._from <= at < self._from + len(self._window) // 2:
            self._look(at, size)
        while True:
            complete = self._from + len(self._window) >= len(self._text)
            try:
                value, end = self._decoder.raw_decode(self._window, at - self._from)
            except RecursionError:
                raise _Problem(
                    "nested too deeply", at, at + _DEEP, cost=self._from + len(self._window) - at, deep=True
                ) from None
            except json.JSONDecodeError as error:
                unterminated = error.msg.startswith("Unterminated")
                near = unterminated or error.pos + _NEAR_THE_END >= len(self._window)
                if complete or not near:
                    place = self._from + error.pos
                    cost = self._from + len(self._window) - at if unterminated else place - at
                    raise _Problem(error.msg, place, place, cost=cost, unfinished=complete and near) from None
            else:
                if complete or end < len(self._window):
                    return value, self._from + end
            size *= 2
            self._look(at, size)

    def _look(self, at: int, size: int) -> None:
        self._window, self._from = self._text[at : at + size], at

    def _restart(self, at: int, problem: _Problem) -> int:
        """Where to go on behind a value that is broken. What is inside it may be whole, and is read again, within
        reason."""
        begin = at if self._again > 0 else max(at, problem.behind)
        if self._next_line < begin or self._next_line == at:
            line = _NEXT_LINE.search(self._text, begin)
            self._next_line = line.end() - 1 if line else len(self._text)
        if self._opening and self._again > 0:
            begin = max(at + 1, problem.behind)
            found = self._text.find(self._opening, begin, self._next_line)
            if found >= 0:
                return found
            self._again -= max(0, self._next_line - begin)
        return self._next_line

    def _skip(self, at: int) -> int:
        found = (_BETWEEN_ITEMS if self.inside else _SPACE).match(self._text, at)
        end = found.end() if found else at
        if self.inside and self._text.find("]", at, end) >= 0:
            self.inside = False
        return end

    def _broken(self, reason: str, at: int, begin: int) -> Broken:
        """What is wrong at a place in the value that begins at another."""
        self._place(begin)
        lines = self._text.count("\n", begin, at)
        start = self._text.rfind("\n", begin, at) + 1 if lines else self._line_start
        end = self._text.find("\n", at, start + _EXCERPT + 1)
        if end < 0 and len(self._text) <= start + _EXCERPT:
            end = len(self._text)
        return Broken(reason, self._line + lines, at - start + 1, self._text[start:end] if end >= 0 else "")

    def _place(self, at: int) -> tuple[int, int]:
        """The line and the column; asked of places in order."""
        lines = self._text.count("\n", self._counted, at)
        if lines:
            self._line += lines
            self._line_start = self._text.rfind("\n", self._counted, at) + 1
        self._counted = at
        return self._line, at - self._line_start + 1

    def _mend(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        self._notes.append("a lone surrogate")
        return "\\ufffd"

    def _float(self, text: str) -> float | None:
        number = float(text)
        if math.isfinite(number):
            return number
        self._notes.append("a number too large to hold")
        return None

    def _int(self, text: str) -> int | None:
        if len(text) <= _LONGEST_INTEGER:
            return int(text)
        self._notes.append("a number too large to hold")
        return None

    def _constant(self, text: str) -> None:
        self._notes.append(f"{text}, which is not JSON")
