"""JSON text -> values, forgivingly: what can be read is read, and what is wrong with it is said.

Read although JSON forbids it: bytes that are no UTF-8 and lone surrogates (U+FFFD stands for them), NaN and infinities
and numbers too large to hold (null stands for them), several values one after the other. Of a key that stands in an
object twice the last one counts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

_SPACE = re.compile(r"[ \t\r\n\x1e]*")
_BETWEEN_ITEMS = re.compile(r"[ \t\r\n,\]}]*")
_LIST = re.compile(r'(?:\{[ \t\r\n]*"Records"[ \t\r\n]*:[ \t\r\n]*)?\[')
_NEXT_VALUE = re.compile(r"\n[{\[]")
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_LONGEST_INTEGER = 4300


@dataclass(frozen=True, slots=True)
class Value:
    """A value, where it starts (line and column from 1), and what had to be changed to read it."""

    value: object
    line: int = 1
    column: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A place where the text is no JSON, and why."""

    reason: str
    line: int
    column: int
    excerpt: str


def values(data: bytes) -> Iterator[Value | Broken]:
    """The values of a text, one after the other. Behind a broken one, reading goes on at the next line that opens an
    object or a list."""
    try:
        yield Value(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _Reader(data).values()


def is_cut_off(data: bytes) -> bool:
    """Whether a text is the beginning of a JSON value that goes on behind its end."""
    try:
        msgspec.json.decode(data)
    except RecursionError:
        return False
    except UnicodeDecodeError:
        pass
    except msgspec.DecodeError as error:
        if "truncated" not in str(error):
            return False
    else:
        return False
    # The decoder also says "truncated" of a lone surrogate: the second opinion knows the place.
    text = data.decode("utf-8", "replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    except (ValueError, RecursionError):
        return False
    return False


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._notes: list[str] = []
        try:
            self._text = data.decode("utf-8")
            self._base: tuple[str, ...] = ()
        except UnicodeDecodeError:
            self._text = data.decode("utf-8", "replace")
            self._base = ("bytes that are no UTF-8",)
        if "\\u" in self._text:
            self._text = _ESCAPE.sub(self._mend, self._text)
            self._base += tuple(dict.fromkeys(self._notes))
        self._decoder = json.JSONDecoder(parse_float=self._float, parse_int=self._int, parse_constant=self._constant)
        self._line = 1
        self._counted = 0

    def values(self) -> Iterator[Value | Broken]:
        at = self._skip(0, _SPACE)
        between = _SPACE
        unexplained = False
        while at < len(self._text):
            self._notes.clear()
            try:
                value, end = self._decoder.raw_decode(self._text, at)
            except (json.JSONDecodeError, RecursionError) as error:
                opening = _LIST.match(self._text, at)
                if opening and (between is _SPACE or isinstance(error, json.JSONDecodeError)):
                    # A list that cannot be read as a whole may have been cut off: its items are read one by one.
                    between, unexplained = _BETWEEN_ITEMS, True
                    at = self._skip(opening.end(), between)
                    continue
                unexplained = False
                if isinstance(error, RecursionError):
                    yield self._broken("nested too deeply", at)
                else:
                    yield self._broken(error.msg, error.pos)
            else:
                yield Value(value, *self._place(at), tuple(dict.fromkeys((*self._base, *self._notes))))
                at = self._skip(end, between)
                continue
            following = _NEXT_VALUE.search(self._text, at)
            at = following.end() - 1 if following else len(self._text)
            between = _SPACE
        if unexplained:
            yield self._broken("the list is cut off: what is there was read", len(self._text))

    def _skip(self, at: int, space: re.Pattern[str]) -> int:
        found = space.match(self._text, at)
        return found.end() if found else at

    def _broken(self, reason: str, at: int) -> Broken:
        line, column = self._place(at)
        end = self._text.find("\n", at)
        return Broken(reason, line, column, self._text[at - column + 1 : end if end >= 0 else len(self._text)])

    def _place(self, at: int) -> tuple[int, int]:
        if at >= self._counted:
            self._line += self._text.count("\n", self._counted, at)
        else:
            self._line -= self._text.count("\n", at, self._counted)
        self._counted = at
        return self._line, at - self._text.rfind("\n", 0, at)

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
        self._notes.append(f"{text}, which is no JSON")
