"""Where every key and value of a TOML text stands.

``tomllib`` reads the values and keeps no positions, so this second pass finds them, and only when somebody asks. It is
no judge: it reads on through anything that looks like TOML (1.0 and 1.1) and stops at the first thing that does not.
It never recurses, so that it can also say where a text is nested too deeply for others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from detections.source.strings import unescape

Key = str | int

MAX_DEPTH = 100
"""Tables and lists within each other that a document may have. No rule comes near; everything later may recurse."""

_BLANK = re.compile(r"[ \t\r\n]*")
_COMMENT = re.compile(r"#[^\r\n\0]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_CLOSE = re.compile(r"[ \t]*\]{1,2}")
_SCALAR = re.compile(
    r'"{3}(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'{3}(?:[^']++|'(?!''))*+'{3,5}"
    r'|"(?!"")(?:[^"\\\n]++|\\.)*+"'
    r"|'(?!'')[^'\n]*'"
    r"|\d{4}-\d\d-\d\d[ ]\d\d:[^\s,\]}#]+"
    r"|[^\s,\[\]{}#\"'\0]+",
    re.DOTALL,
)


@dataclass(slots=True)
class Place:
    """A value of the document: its first character and the one behind its last, and where its key begins.

    A table or an element of a list of tables stands at its header; a table that only headers or dotted keys below it
    imply stands at the first of these.
    """

    start: int
    end: int
    key: int
    depth: int
    children: dict[Key, Place] = field(default_factory=dict)

    def leaves(self) -> Iterator[Place]:
        """The places below that hold none themselves, in no particular order."""
        todo = [self]
        while todo:
            place = todo.pop()
            todo += place.children.values()
            if not place.children:
                yield place


class Statement(NamedTuple):
    """A header or an entry of the document, from its first character to behind its last. ``keys`` are those it names,
    ``value`` is where an entry's value begins, and None of a header; ``many`` says that the header is of a list."""

    start: int
    end: int
    keys: tuple[str, ...]
    value: int | None = None
    many: bool = False


@dataclass(slots=True)
class Scan:
    """What a scan found: the tree of places, the statements, the offsets of comments, of keys that are there for the
    second time, and of the first thing nested deeper than :data:`MAX_DEPTH`. ``whole`` says that nothing stopped it."""

    root: Place
    comments: list[int]
    repeated: list[int]
    statements: list[Statement] = field(default_factory=list)
    too_deep: int | None = None
    whole: bool = False


class _StopError(Exception):
    """The text goes on in a way that this scanner does not know."""


def scan(text: str) -> Scan:
    """The places of a TOML text, as far as it can be followed."""
    scanner = _Scanner(text)
    with suppress(_StopError):
        scanner.statements()
        scanner.found.whole = True
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text + "\0"  # so that there is always a character to look at, and never a legal one
        self.end = len(text)
        self.position = 0
        self.found = Scan(Place(0, 0, 0, 0), [], [])

    def statements(self) -> None:
        table = self.found.root
        self.skip("")
        while self.position < self.end:
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.entry(table)
            self.skip("")

    def header(self) -> Place:
        start = self.position
        many = self.text.startswith("[[", start)
        self.position += 2 if many else 1
        self.skip("")
        table = self.found.root
        parts = self.key()
        for name, offset in parts[:-1]:
            table = self.last(self.child(table, name, start, offset))
        name, offset = parts[-1]
        table = self.child(table, name, start, offset)
        self.position = self.match(_CLOSE)
        keys = tuple(name for name, _ in parts)
        self.found.statements.append(Statement(start, self.position, keys, many=many))
        if many:
            if not table.children:
                table.end = self.position
            table = self.child(table, len(table.children), start, offset)
        table.start, table.end, table.key = start, self.position, offset
        return table

    def entry(self, table: Place) -> None:
        start, parts = self.position, self.key()
        place = self.named(table, parts)
        self.contents(place)
        keys = tuple(name for name, _ in parts)
        self.found.statements.append(Statement(start, self.position, keys, place.start))

    def contents(self, place: Place) -> None:
        """Over a value and all that is in it."""
        values: list[tuple[Place, str]] = []
        while True:
            self.value(place, values)
            while values:
                container, closing = values[-1]
                self.skip(",")
                if self.text[self.position] != closing:
                    break
                self.position += 1
                container.end = self.position
                values.pop()
            else:
                return
            if closing == "]":
                place = self.child(container, len(container.children), self.position, self.position)
            else:
                place = self.named(container, self.key())

    def named(self, table: Place, parts: list[tuple[str, int]]) -> Place:
        """The place of the value behind the equals sign that follows these keys, where the scanner then is."""
        for name, offset in parts[:-1]:
            table = self.child(table, name, offset, offset)
        name, offset = parts[-1]
        if name in table.children:
            self.found.repeated.append(offset)
        place = self.child(table, name, offset, offset)
        self.position = self.match(_EQUALS)
        return place

    def value(self, place: Place, values: list[tuple[Place, str]]) -> None:
        place.start = self.position
        opening = self.text[self.position]
        if opening in "[{":
            values.append((place, "]" if opening == "[" else "}"))
            self.position += 1
        else:
            self.position = self.match(_SCALAR)
        place.end = self.position

    def key(self) -> list[tuple[str, int]]:
        parts = []
        while True:
            offset = self.position
            self.position = self.match(_KEY)
            token = self.text[offset : self.position]
            quoted = token[0] in "\"'"
            name = unescape(token[1:-1]) if token[0] == '"' else token[1:-1] if quoted else token
            parts.append((name, offset))
            dot = _DOT.match(self.text, self.position)
            if not dot:
                return parts
            self.position = dot.end()

    def child(self, parent: Place, key: Key, start: int, offset: int) -> Place:
        place = parent.children.get(key)
        if place is None:
            if parent.depth >= MAX_DEPTH:
                self.found.too_deep = offset
                raise _StopError
            place = parent.children[key] = Place(start, start, offset, parent.depth + 1)
        return place

    def last(self, place: Place) -> Place:
        """The table that a header below ``place`` means: of a list of tables the last one so far."""
        return place.children.get(len(place.children) - 1, place)

    def match(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.position)
        if not found:
            raise _StopError
        return found.end()

    def skip(self, also: str) -> None:
        """Over blanks, line ends and comments, and the characters in ``also``."""
        while True:
            blank = _BLANK.match(self.text, self.position)
            if blank:
                self.position = blank.end()
            comment = _COMMENT.match(self.text, self.position)
            if comment:
                self.found.comments.append(self.position)
                self.position = comment.end()
            elif also and self.text[self.position] in also:
                self.position += 1
            else:
                return
