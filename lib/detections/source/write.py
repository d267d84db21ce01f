"""Changing a TOML text: what is to say the same stays as it is, byte for byte, comments and all.

The places of the values are known, so a change is made where it belongs and nowhere else: a value in its place, in the
style it had; a new key behind the one that it follows; a list of tables element by element.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from detections.errors import Finding, Location, SourceError
from detections.source import render
from detections.source.decode import decode
from detections.source.document import Document
from detections.source.reader import CODE, is_deep
from detections.source.scan import MAX_DEPTH, Key, Place, scan
from detections.source.strings import is_string

Keys = tuple[Key, ...]
Table = Mapping[str, Any]


def edit(document: Document, wanted: Table) -> str:
    """The document's text, changed so that it says what is wanted; the same text if it does so already.

    New keys come behind the key that they follow in ``wanted``, new tables at the end of the table that they are in. A
    comment on the line of a value goes with it, others stay. A text laid out in a way that cannot be followed (a table
    made of dotted keys and of headers, say) is written anew and loses its comments.

    Raises:
        SourceError: as :func:`new`.
    """
    _refuse(wanted, document.path)
    if same(document.data, wanted):
        return document.text
    changed = _Editor(document).edited(wanted)
    if changed is not None:
        return changed
    return new(wanted, document.path)


def new(wanted: Table, path: str) -> str:
    """The text of a new document: entries and tables in the order they have, lists and strings over several lines
    where they need them. ``path`` is only its name.

    Raises:
        SourceError: it is nested too deeply, or there is something in it that TOML cannot say: null, or a character
            that is half a surrogate pair.
    """
    _refuse(wanted, path)
    text = render.document(wanted)
    try:
        found = decode(text)
        text.encode()
    except ValueError as error:
        raise SourceError([Finding(CODE, f"cannot be expressed in TOML: {error}", Location(path))]) from None
    if not same(found, wanted):
        raise AssertionError(f"{path}: what was written does not read back")
    return text


def _refuse(wanted: Table, path: str) -> None:
    """Raises SourceError for what no TOML document of ours can hold: tables too deep, and null."""
    if is_deep(wanted):
        raise SourceError([Finding(CODE, f"is nested more than {MAX_DEPTH} levels deep", Location(path))])
    todo: list[tuple[str, object]] = [("", wanted)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            todo += [(f"{name}.{key}".removeprefix("."), below) for key, below in value.items()]
        elif isinstance(value, list):
            todo += [(f"{name}[{index}]", below) for index, below in enumerate(value)]
        elif value is None:
            raise SourceError([Finding(CODE, f"cannot express null, the value of {name}", Location(path))])


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in TOML, where 1, 1.0 and true are three things and key order is none."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


class _CannotFollowError(Exception):
    """The text is laid out in a way that cannot be edited in place."""


class _Editor:
    def __init__(self, document: Document) -> None:
        self.path = document.path
        self.text = document.text
        self.data = document.data
        self.edits: list[tuple[int, int, int, str]] = []
        self.root = scan(self.text).root

    def edited(self, wanted: Table) -> str | None:
        """The changed text, None where that could not be done."""
        try:
            self.table((), self.root, self.data, wanted)
            text = self.apply()
            text.encode()
            return text if same(decode(text), wanted) else None
        except (_CannotFollowError, ValueError, KeyError, RecursionError):
            return None

    def apply(self) -> str:
        parts, position = [], 0
        line_end = "\r\n" if "\r\n" in self.text else "\n"
        for start, end, _, replacement in sorted(self.edits, key=lambda one: one[:3]):
            if start < position:
                raise _CannotFollowError
            parts += [self.text[position:start], replacement.replace("\n", line_end)]
            position = end
        return "".join([*parts, self.text[position:]])

    # Tables

    def table(self, keys: Keys, place: Place, old: Table, new: Table) -> None:
        """Change a table that has headers or is the root; an inline one is a value."""
        for name in old.keys() - new.keys():
            self.remove(place.children[name])
        before: str | None = None
        for name, value in new.items():
            if name not in old:
                self.add(keys, place, name, value, before)
            elif not same(old[name], value):
                self.change((*keys, name), place, old[name], value, before)
            if name in old and self.is_inline(place.children[name]):
                before = name

    def change(self, keys: Keys, parent: Place, old: Any, new: Any, before: str | None) -> None:
        place = parent.children[keys[-1]]
        if isinstance(old, dict) and isinstance(new, dict) and not self.is_inline(place):
            self.table(keys, place, old, new)
        elif _has_header(place) and isinstance(old, list) and render.is_block(new):
            self.tables(keys, place, old, new)
        elif self.is_inline(place) and not (render.is_block(new) and not render.is_block(old)):
            self.value(place, old, new)
        else:
            self.remove(place)
            self.add(keys[:-1], parent, str(keys[-1]), new, before)

    def tables(self, keys: Keys, place: Place, old: Sequence[Table], new: Sequence[Table]) -> None:
        """Change a list of tables that have headers."""
        for kind, i, end, j, stop in _differences(old, new):
            paired = min(end - i, stop - j) if kind == "replace" else 0
            for offset in range(paired):
                self.table((*keys, i + offset), place.children[i + offset], old[i + offset], new[j + offset])
            for index in range(i + paired, end):
                self.remove(place.children[index])
            if stop > j + paired:
                lines = render.block(_names(keys), list(new[j + paired : stop]))
                if i + paired:
                    self.insert_block(keys, self.end_of(place.children[i + paired - 1]), lines)
                else:
                    self.insert(self.line_start(place.children[0].start), f"{lines}\n", rank=_rank(keys))

    def add(self, keys: Keys, place: Place, name: str, value: Any, before: str | None) -> None:
        if self.is_dotted(place):
            end = self.end_of(place) if before is None else self.line_end(place.children[before].end)
            self.insert(end, render.entry(value, *self.dotted(keys), name))
        elif render.is_block(value):
            self.insert_block((*keys, name), self.end_of(place), render.block((*_names(keys), name), value))
        elif before is not None:
            self.insert(self.line_end(place.children[before].end), render.entry(value, name))
        elif place is self.root:
            self.insert(self.first_statement(), render.entry(value, name))
        elif _has_header(place):
            self.insert(self.line_end(place.end), render.entry(value, name))
        else:  # only the headers of tables below speak of it
            self.insert_block(keys, self.end_of(place), render.block(_names(keys), {name: value}))

    # Values

    def value(self, place: Place, old: Any, new: Any) -> None:
        """Put a value into the place of another, on the same line."""
        if isinstance(old, list) and isinstance(new, list) and old and new and self.has_lines(place):
            self.items(place, old, new)
            return
        if isinstance(new, str) and is_string(self.text, place.start):
            replacement = render.string(new, render.style_of(self.text, place.start))
        else:
            start = self.line_start(place.start)
            indent = self.text[start : place.start]
            blanks = indent[: len(indent) - len(indent.lstrip())]
            replacement = render.inline(new, blanks, len(indent))
        self.edits.append((place.start, place.end, 0, replacement))

    def items(self, place: Place, old: Sequence[Any], new: Sequence[Any]) -> None:
        """Change a list whose items have lines of their own."""
        for kind, i, end, j, stop in _differences(old, new):
            paired = min(end - i, stop - j) if kind == "replace" else 0
            for offset in range(paired):
                self.value(place.children[i + offset], old[i + offset], new[j + offset])
            for index in range(i + paired, end):
                item = place.children[index]
                self.cut(self.line_start(item.start), self.line_end(item.end))
            if stop > j + paired:
                self.insert_items(place, i + paired, new[j + paired : stop])

    def insert_items(self, place: Place, at: int, values: Sequence[Any]) -> None:
        neighbour = place.children[max(0, at - 1)]
        start = self.line_start(neighbour.start)
        indent = self.text[start : neighbour.start]
        lines = "".join(f"{indent}{render.inline(value, indent, len(indent) + 1)},\n" for value in values)
        if not at:
            self.insert(start, lines)
            return
        if "," not in self.text[neighbour.end : self.line_end(neighbour.end)].partition("#")[0]:
            self.edits.append((neighbour.end, neighbour.end, 0, ","))
        self.insert(self.line_end(neighbour.end), lines)

    def has_lines(self, place: Place) -> bool:
        """Whether every item of the list begins a line and ends one, but for a comma and a comment."""
        for item in place.children.values():
            before = self.text[self.line_start(item.start) : item.start]
            behind = self.text[item.end : self.line_end(item.end)].partition("#")[0]
            if before.strip() or behind.strip() not in ("", ","):
                return False
        return True

    def is_inline(self, place: Place) -> bool:
        """Whether the place is one value behind an equals sign (or in a list)."""
        return place.end > place.start and not _has_header(place)

    def is_dotted(self, place: Place) -> bool:
        """Whether the place is a table made of dotted keys."""
        if place is self.root or _has_header(place) or self.is_inline(place):
            return False
        return any(self.is_inline(child) or self.is_dotted(child) for child in place.children.values())

    def dotted(self, keys: Keys) -> tuple[str, ...]:
        """The keys of a table behind those of the header that it stands under."""
        place, start = self.root, 0
        for depth, name in enumerate(keys, 1):
            place = place.children[name]
            if _has_header(place):
                start = depth
        return _names(keys[start:])

    # Lines

    def remove(self, place: Place) -> None:
        """Take away what has been said at a place: the lines of an entry, the whole of a table with the empty lines
        that part it from what is before it."""
        if _has_header(place) and 0 not in place.children:
            start = self.line_start(place.start)
            while start and not self.text[self.line_start(start - 1) : start].strip():
                start = self.line_start(start - 1)
            self.cut(start, self.end_of(place))
        elif self.is_inline(place):
            self.cut(self.line_start(place.key), self.line_end(place.end))
        else:
            for child in place.children.values():
                self.remove(child)

    def cut(self, start: int, end: int) -> None:
        self.edits.append((start, end, 0, ""))

    def insert(self, position: int, lines: str, rank: int = 0) -> None:
        """Insert lines. Of several at one place entries come first, then the blocks of the deepest tables: what comes
        behind another header would belong to that."""
        if position == len(self.text) and not self.text.endswith("\n"):
            lines = "\n" + lines.removesuffix("\n")
        self.edits.append((position, position, rank, lines))

    def insert_block(self, keys: Keys, position: int, lines: str) -> None:
        self.insert(position, f"\n{lines}" if position else f"{lines}\n", rank=_rank(keys))

    def end_of(self, place: Place) -> int:
        """Behind the last line of a table and of all below it."""
        return max(self.line_end(one.end) for one in _all(place))

    def first_statement(self) -> int:
        """Where the first entry or header of the document begins."""
        return min(self.line_start(one.start) for one in self.root.children.values())

    def line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Behind the line end that follows."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1


def _rank(keys: Keys) -> int:
    """Where the block of a table stands among what is inserted at one place."""
    return MAX_DEPTH - len(keys) + 1


def _has_header(place: Place) -> bool:
    """Whether a place is a table with a header, or a list of such: its key stands within what is its own."""
    return place.start < place.key < place.end


def _all(place: Place) -> Iterator[Place]:
    todo = [place]
    while todo:
        one = todo.pop()
        todo += one.children.values()
        yield one


def _names(keys: Keys) -> tuple[str, ...]:
    return tuple(key for key in keys if isinstance(key, str))


def _differences(old: Sequence[object], new: Sequence[object]) -> list[tuple[str, int, int, int, int]]:
    prints = [[json.dumps(value, sort_keys=True, default=repr) for value in values] for values in (old, new)]
    found = SequenceMatcher(None, prints[0], prints[1], autojunk=False).get_opcodes()
    return [one for one in found if one[0] != "equal"]
