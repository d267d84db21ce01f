"""A TOML text in one layout: tables and keys in an order, strings in one style, every value and comment as it was.

A comment on lines of its own goes with what stands below it, one behind a value with the value. What the text begins
with, up to the first empty line, stays its beginning. Elements of lists keep their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from detections.source import render
from detections.source.decode import decode
from detections.source.document import Document
from detections.source.scan import Scan, Statement, scan
from detections.source.strings import is_string

Path = tuple[str, ...]
SortKey = Callable[[Path], Any]
"""Of the path of a key or a table, what it is sorted by among its neighbours."""


@dataclass(slots=True)
class _Entry:
    key: str
    comments: list[str]
    text: str


@dataclass(slots=True)
class _Table:
    """A table, or an element of a list of tables. One that only headers below it imply has no header."""

    path: Path
    header: str = ""
    comments: list[str] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)
    below: dict[str, list[_Table]] = field(default_factory=dict)


def laid_out(document: Document, order: SortKey, literal: Callable[[Path], bool]) -> str:
    """The document's text in the layout; the same text where it is laid out so already, or where that cannot be done
    without a change of what it says.

    ``literal`` says of a string's path whether it stands in literal quotes when it has several lines, as a query does;
    other strings keep their quotes unless they would need escapes.
    """
    found = scan(document.text)
    if not found.whole:
        return document.text
    layout = _Layout(document, found, literal)
    text = "\n".join(layout.blocks(layout.tree(), order))
    text = "\n".join(line.rstrip(" \t") for line in layout.prologue) + ("\n\n" if layout.prologue else "") + text
    if layout.epilogue:
        text += "\n" + "\n".join(layout.epilogue) + "\n"
    if "\r\n" in document.text:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text if _says_the_same(text, document, found) else document.text


def _says_the_same(text: str, document: Document, before: Scan) -> bool:
    try:
        after = scan(text)
        return repr(_sorted(decode(text))) == repr(_sorted(document.data)) and _comments(text, after) == _comments(
            document.text, before
        )
    except (ValueError, RecursionError):
        return False


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _comments(text: str, found: Scan) -> list[str]:
    return sorted(text[offset:].split("\n", 1)[0].rstrip() for offset in found.comments)


class _Layout:
    def __init__(self, document: Document, found: Scan, literal: Callable[[Path], bool]) -> None:
        self.text, self.data = document.text, document.data
        self.found, self.literal = found, literal
        self.prologue: list[str] = []
        self.epilogue: list[str] = []
        self.comments = sorted(found.comments)

    # What stands in the text

    def tree(self) -> _Table:
        root = _Table(())
        table, end = root, 0
        for number, statement in enumerate(self.found.statements):
            above, behind = self.around(statement, end)
            if number == 0:
                self.prologue, above = _parted(above)
            above = [line for line in above if line]
            end = statement.end
            if statement.value is None:
                table = self.opened(root, statement)
                table.comments += above
                table.header = _headed(statement) + behind
            else:
                value = self.value(statement, (*table.path, *statement.keys))
                name = ".".join(map(render.key, statement.keys))
                table.entries.append(_Entry(statement.keys[0], above, f"{name} = {value}{behind}"))
        last = self.found.statements[-1] if self.found.statements else None
        tail = self.text[self.line_end(last.end) if last else 0 :]
        self.epilogue = [line.strip() for line in tail.split("\n") if line.strip()]
        return root

    def opened(self, root: _Table, statement: Statement) -> _Table:
        table = root
        for name in statement.keys[:-1]:
            some = table.below.setdefault(name, [])
            if not some:
                some.append(_Table((*table.path, name)))
            table = some[-1]
        some = table.below.setdefault(statement.keys[-1], [])
        if statement.many or not some:
            some.append(_Table((*table.path, statement.keys[-1])))
        return some[-1]

    def around(self, statement: Statement, end: int) -> tuple[list[str], str]:
        """The lines of comments above a statement, empty ones among them, and the comment behind it."""
        start = self.line_end(end) if end else 0
        above = [line.strip() for line in self.text[start : statement.start].split("\n")][:-1]
        behind = self.text[statement.end : self.line_end(statement.end)].strip()
        return above, f"  {behind}" if behind else ""

    def line_end(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def value(self, statement: Statement, path: Path) -> str:
        """A value as it is to stand there: what is neither a string nor a list of such stays as it is."""
        assert statement.value is not None
        raw = self.text[statement.value : statement.end].replace("\r\n", "\n")
        if is_string(self.text, statement.value):
            return self.string(raw, path)
        if raw[0] == "[" and not any(statement.value < comment < statement.end for comment in self.comments):
            value = decode(f"x = {raw}")["x"]
            if all(isinstance(one, str) for one in value):
                return render.inline(value, "", len(".".join(map(render.key, statement.keys))) + 3)
        return raw

    def string(self, raw: str, path: Path) -> str:
        value: str = decode(f"x = {raw}")["x"]
        if "\n" not in value:
            folded = raw.startswith('"""') and "\\\n" in raw
            return raw if folded else render.string(value)
        literal = raw[0] == "'" or self.literal(path) or "\\" in value or '"""' in value
        return render.string(value, render.Style("'''" if literal else '"""'))

    # What is to stand there

    def blocks(self, table: _Table, order: SortKey) -> Iterator[str]:
        """The table and all below it, a block with a line end each."""
        lines = [*table.comments, *([table.header] if table.header else [])]
        for entry in sorted(table.entries, key=lambda one: order((*table.path, one.key))):
            lines += [*entry.comments, entry.text]
        if lines:
            yield "\n".join(lines) + "\n"
        for name in sorted(table.below, key=lambda one: order((*table.path, one))):
            for below in table.below[name]:
                yield from self.blocks(below, order)


def _headed(statement: Statement) -> str:
    name = ".".join(map(render.key, statement.keys))
    return f"[[{name}]]" if statement.many else f"[{name}]"


def _parted(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines up to the last empty one, and those below it."""
    if "" not in lines:
        return [], lines
    at = len(lines) - 1 - lines[::-1].index("")
    return [line for line in lines[:at] if line], lines[at + 1 :]
