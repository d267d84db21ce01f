"""A file's bytes -> pieces that hold whole JSON values, so that memory is bounded by pieces and not by files.

A small file is one piece. A larger one is cut behind a line that is a value, where lines are values; else where an
object begins as the first one did, inside a list and between values without line breaks, too. Either cut is taken only
where the text before it is found whole. Where there is none, the text is read value by value as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from detections.errors import Finding, Level, Location
from detections.events import sources, text
from detections.values.limits import EVENT_SIZE

PIECE = 1 << 22
"""About the size of a piece, in bytes."""

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n\x1e"
_WS = rb"[ \t\r\n]*"
_OPENING = re.compile(rb'\{%b"[^"\\\n]{1,100}"%b:' % (_WS, _WS))
_NEXT_LINE = re.compile(rb"\n(?=[{\[])")
_TRIES = 3
_HEAD = 4096
_MANY = 16
_ANY = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some JSON values of a file, one after the other, and the number of the line where they begin."""

    path: str
    line: int
    data: bytes


def pieces(path: str, blocks: Iterable[bytes]) -> Iterator[Piece | Finding]:
    """The pieces of a file, and what is wrong with it as a whole: it is binary, or has a value that is larger than the
    limit event-size. Of an empty one there is nothing."""
    return _Cutter(path, blocks).pieces()


def lines_in(data: bytes, end: int) -> int:
    """How many lines end in the first bytes of a text."""
    if data.count(b"\n", 0, min(end, _HEAD)) > _MANY:
        return data.count(b"\n", 0, end)
    # Where lines are long, going from one to the next is faster than counting.
    count, at = 0, data.find(b"\n", 0, end)
    while at >= 0:
        count += 1
        if count > end >> 8:
            return count + data.count(b"\n", at + 1, end)
        at = data.find(b"\n", at + 1, end)
    return count


class _Cutter:
    def __init__(self, path: str, blocks: Iterable[bytes]) -> None:
        self._path = path
        self._blocks = iter(blocks)
        self._data = b""
        self._ended = False
        self._line = 1
        # What opens the list that the text is in, and what closes it; empty outside.
        self._header, self._footer = b"", b""
        names = b"|".join(re.escape(name.encode()) for name in sources.wrappers())
        self._list = re.compile(rb'(\{%b"(?:%b)"%b:%b)?\[' % (_WS, names, _WS, _WS))

    def pieces(self) -> Iterator[Piece | Finding]:
        self._fill(PIECE)
        self._data = self._data.removeprefix(_BOM)
        self._strip()
        if not self._data:
            return
        if self._data[:1] not in (b"{", b"[") and b"\0" in self._data[:_HEAD]:
            yield self._finding("no event: the file is binary, not JSON")
            return
        size = PIECE
        while self._fill(size):
            self._strip()
            cut = self._cut()
            if cut:
                yield self._piece(cut)
                size = PIECE
            elif len(self._data) < EVENT_SIZE.most:
                size = min(2 * max(len(self._data), PIECE), EVENT_SIZE.most)
            else:
                yield self._finding(f"the value at line {self._line} is too large ({EVENT_SIZE}) and left out")
                self._skip()
                size = PIECE
        if self._data.strip(_SPACE + (b",]}" if self._header else b"")):
            yield Piece(self._path, self._line - self._header.count(b"\n"), self._header + self._data)

    def _fill(self, size: int) -> bool:
        """Read on until so many bytes are there, and say whether more may follow."""
        waiting, have = [self._data], len(self._data)
        while have < size and not self._ended:
            block = next(self._blocks, None)
            if block is None:
                self._ended = True
            else:
                waiting.append(block)
                have += len(block)
        if len(waiting) > 1:
            self._data = b"".join(waiting)
        return not self._ended

    def _strip(self) -> None:
        """Go on behind blank space, and behind what separates the items of a list."""
        while True:
            left = self._data.lstrip(_SPACE + (b"," if self._header else b""))
            self._line += lines_in(self._data, len(self._data) - len(left))
            self._data = left
            if left or not self._fill(PIECE):
                return

    def _cut(self) -> int:
        """How many bytes make a piece; 0 where no value is seen to end."""
        if not self._header and (cut := self._behind_a_line()):
            return cut
        if not self._header and (opening := self._list.match(self._data)):
            self._header, self._footer = opening[0], b"]}" if opening[1] else b"]"
            self._data = self._data[opening.end() :]
            self._line += self._header.count(b"\n")
            self._strip()
        if cut := self._before_an_object():
            return cut
        cut, inside = text.settled(self._data, sources.wrappers(), inside=bool(self._header))
        if cut and not inside:
            self._footer = b""
        return cut

    def _behind_a_line(self) -> int:
        first = self._data.find(b"\n") + 1
        if not first or not whole(self._data[:first]):
            return 0
        end = len(self._data)
        for _ in range(_TRIES):
            end = self._data.rfind(b"\n", 0, end) + 1
            start = self._data.rfind(b"\n", 0, end - 1) + 1
            if self._data[start : start + 1] in (b"{", b"[") and whole(self._data[start:end]):
                return end
            if end <= first:
                break
            end -= 1
        return 0

    def _before_an_object(self) -> int:
        opening = _OPENING.match(self._data)
        if opening is None:
            return 0
        at = len(self._data)
        for _ in range(_TRIES):
            at = self._data.rfind(opening[0], 1, at)
            if at < 0:
                break
            if whole(self._closed(at)):
                return at
        return 0

    def _closed(self, size: int) -> bytes:
        """The first bytes, made whole."""
        body = self._data[:size]
        return b"".join((self._header, body.rstrip(_SPACE + b","), self._footer)) if self._footer else body

    def _piece(self, cut: int) -> Piece:
        body = self._closed(cut) if self._footer else self._header + self._data[:cut]
        piece = Piece(self._path, self._line - self._header.count(b"\n"), body)
        self._line += lines_in(self._data, cut)
        self._data = self._data[cut:]
        if not self._footer:
            self._header = b""
        return piece

    def _skip(self) -> None:
        """Go on at the next line that opens a value."""
        self._header, self._footer = b"", b""
        found = _NEXT_LINE.search(self._data)
        while not found and not self._ended:
            self._line += lines_in(self._data, len(self._data) - 1)
            self._data = self._data[-1:]
            self._fill(PIECE)
            found = _NEXT_LINE.search(self._data)
        end = found.end() if found else len(self._data)
        self._line += lines_in(self._data, end)
        self._data = self._data[end:]

    def _finding(self, message: str) -> Finding:
        return Finding("event-file", message, Location(self._path), Level.ERROR)


def whole(data: bytes) -> bool:
    """Whether a text is nothing but whole values."""
    try:
        return bool(_ANY.decode_lines(data))
    except text.REFUSED:
        return False
