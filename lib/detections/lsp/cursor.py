"""Where the cursor stands: of which key, in which table, and how far inside a string's value.

A text is rarely whole while it is typed, so the line says what the scan of the whole text cannot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from detections.source import Keys
from detections.source.scan import Place, scan
from detections.source.strings import content_end, content_start, is_string, offset_in_text

_HEADER = re.compile(r"^[ \t]*\[\[?[ \t]*([A-Za-z0-9_.-]+)[ \t]*\]{0,2}", re.MULTILINE)
_KEY = re.compile(r"[ \t]*([A-Za-z0-9_-]*)$")
_VALUE = re.compile(r"[ \t]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*(.*)$")
_WORD = re.compile(r"[\w.@-]*$")
_WORD_BEHIND = re.compile(r"[\w.@-]*")


@dataclass(frozen=True, slots=True)
class Cursor:
    """``table`` is the table that the cursor's line is in (``("rule", "threat")``), ``key`` the key whose value it is
    in, empty where a key is typed. ``value`` is the text of that value, ``at`` the cursor's offset in it; ``word`` is
    what stands around the cursor, and ``typed`` of it what stands before."""

    table: tuple[str, ...]
    key: str = ""
    value: str = ""
    at: int = 0
    typed: str = ""
    word: str = ""

    @property
    def before(self) -> str:
        """The value up to the word that is being typed."""
        return self.value[: self.at - len(self.typed)]


def cursor(text: str, offset: int) -> Cursor:
    """The cursor at an offset of a text, in code points."""
    offset = max(0, min(offset, len(text)))
    inside = _string_at(text, offset)
    if inside is not None:
        keys, value, at = inside
        names = tuple(key for key in keys if isinstance(key, str))
        return Cursor(names[:-1], names[-1], value, at, *_word(value, at))
    headers = [found for found in _HEADER.finditer(text, 0, offset) if found.end() <= offset]
    table = tuple(headers[-1][1].split(".")) if headers else ()
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    if found := _KEY.fullmatch(line):
        return Cursor(table, typed=found[1], word=_word(text, offset)[1])
    if found := _VALUE.fullmatch(line):
        value = found[2].lstrip("\"'[ ")
        return Cursor(table, found[1], value, len(value), *_word(value, len(value)))
    return Cursor(table)


def _word(text: str, at: int) -> tuple[str, str]:
    before, behind = _WORD.search(text[:at]), _WORD_BEHIND.match(text, at)
    typed = before[0] if before else ""
    return typed, typed + (behind[0] if behind else "")


def _string_at(text: str, offset: int) -> tuple[Keys, str, int] | None:
    """The keys of the string that the offset is in, its text, and the offset in that."""
    waiting: list[tuple[Keys, Place]] = [((), scan(text).root)]
    while waiting:
        keys, place = waiting.pop()
        if place.children:
            waiting += [((*keys, key), child) for key, child in place.children.items()]
        elif place.start < offset <= place.end and is_string(text, place.start):
            start, end = content_start(text, place.start), content_end(text, place.start, place.end)
            if start <= offset <= end and keys:
                return keys, text[start:end], offset - start
    return None


def value_offset(text: str, start: int, end: int, offset: int) -> int:
    """The code point of a string's value that an offset of the text stands at; the string is at ``start:end``."""
    low, high = 0, end - start
    while low < high:
        middle = (low + high + 1) // 2
        if offset_in_text(text, start, end, middle) <= offset:
            low = middle
        else:
            high = middle - 1
    return low
