"""A TOML document and the places of what it holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from detections.errors import Finding, Level, Location
from detections.source.scan import Key, Place, Scan, scan
from detections.source.strings import content_end, is_string, offset_in_text

Keys = tuple[Key, ...]


@dataclass(frozen=True, eq=False)
class Document:
    """A TOML file as ``tomllib`` reads it, and the text it was read from. Two documents are equal when they are one.

    Keys name a value from the root: ``("rule", "threat", 0, "tactic", "id")``. Places of values are found when somebody
    asks for the first one; a file without findings is never scanned. (No slots: the scan is kept in the instance.)
    """

    path: str
    text: str
    data: dict[str, Any]

    def location(self, keys: Keys, offset: int = 0) -> Location:
        """The place of the value at ``keys``: its first character, of a string the first one inside the quotes.

        With ``offset``, the place of that code point of the string's value, wherever escapes and line ends put it; the
        closing quotes if the string is shorter. A key that is not there has the place of the table it is missing from.
        """
        return self._locate(self._value_offset(keys, offset))

    def key_location(self, keys: Keys) -> Location:
        """The place of the last of ``keys`` itself: before the equals sign or in the header of the table."""
        return self._locate(self._place(keys).key)

    def excerpt(self, line: int) -> str:
        """A line of the text, counted from 1, without its end; empty if there is none."""
        starts = self._line_starts
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")

    def comments(self) -> Iterator[tuple[int, str]]:
        """Every comment of the file: its line, and what it says without ``#`` and outer blanks."""
        if "#" not in self.text:
            return
        for offset in self._scan.comments:
            place = self._locate(offset)
            yield place.line, self.excerpt(place.line)[place.column :].strip()

    def finding(
        self,
        code: str,
        message: str,
        keys: Keys,
        offset: int = 0,
        length: int | None = 1,
        level: Level = Level.ERROR,
        hint: str = "",
        *,
        at_key: bool = False,
    ) -> Finding:
        """A finding about the value at ``keys`` (or its key) with its place and line.

        ``length`` is the number of characters to underline; None means all of the value, or key, on its first line.
        """
        place = self._place(keys)
        if at_key:
            start, width = place.key, len(str(keys[-1])) if keys else 1
        else:
            start = self._value_offset(keys, offset)
            width = self._end(place) - start
        location = self._locate(start)
        excerpt = self.excerpt(location.line)
        if length is None:
            length = max(1, min(width, len(excerpt) - location.column + 1))
        return Finding(code, message, location, level, excerpt, length, hint)

    @cached_property
    def _scan(self) -> Scan:
        return scan(self.text)

    @cached_property
    def _line_starts(self) -> list[int]:
        return line_starts(self.text)

    def _place(self, keys: Keys) -> Place:
        place = self._scan.root
        for key in keys:
            child = place.children.get(key)
            if child is None:
                break
            place = child
        return place

    def _value_offset(self, keys: Keys, offset: int) -> int:
        place = self._place(keys)
        if place.end > place.start and is_string(self.text, place.start):
            return offset_in_text(self.text, place.start, place.end, max(0, offset))
        return place.start

    def _end(self, place: Place) -> int:
        if place.end > place.start and is_string(self.text, place.start):
            return content_end(self.text, place.start, place.end)
        return place.end

    def _locate(self, offset: int) -> Location:
        return locate(self.path, self._line_starts, offset)


def line_starts(text: str) -> list[int]:
    """The offset at which each line of the text begins."""
    starts = [0]
    position = text.find("\n")
    while position >= 0:
        starts.append(position + 1)
        position = text.find("\n", position + 1)
    return starts


def locate(path: str, starts: list[int], offset: int) -> Location:
    """The place of an offset in a text whose lines begin at ``starts``."""
    line = bisect_right(starts, offset)
    return Location(path, line, offset - starts[line - 1] + 1)
