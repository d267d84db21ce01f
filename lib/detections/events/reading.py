"""JSON text -> ECS documents, told apart by content, with what was wrong on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from detections.errors import Finding, Level, Location
from detections.events import sources, text
from detections.events.batch import Document
from detections.events.sources import Settings
from detections.events.walk import MAX_NESTING, deeper_than

_SHOWN = 10
"""How many bad places are reported each by itself; of the others only the number is."""

_EXCERPT = 200
_METADATA = ("_id", "_index", "_version")


class Reading:
    """Turns the values of one file into documents and remembers what was wrong with them.

    Known by their content, each by itself and also inside each other: lists of events, the wrappers of log sources
    (CloudTrail's ``{"Records": [...]}``) and their raw records, Elasticsearch's hits and whole search answers (``_id``,
    ``_index`` and ``_version`` are kept as top-level keys). Any other object is an ECS document.
    """

    def __init__(self, path: str, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._placed: list[Finding] = []
        self._hidden = 0
        self._counted: dict[tuple[str, str], Finding] = {}
        self._line = 0

    def documents(self, data: bytes, line: int) -> Iterator[Document]:
        """The events in a text whose first line has this number in the file."""
        for read in text.values(data):
            self._line = line + read.line - 1
            if isinstance(read, text.Broken):
                self._bad("event-syntax", f"this is no JSON: {read.reason}", read.column, read.excerpt)
                continue
            for note in read.notes:
                self._count("event-syntax", f"replaced in what was read: {note}")
            yield from self._events(read.value, read.column)

    def findings(self) -> list[Finding]:
        """What was wrong so far: the first bad places, and counts of everything else."""
        found = [*self._placed, *self._counted.values()]
        if self._hidden:
            place = Location(self._path)
            message = "further places like these are left out"
            found.append(Finding("event-syntax", message, place, Level.WARNING, count=self._hidden))
        return found

    def _events(self, value: object, column: int) -> Iterator[Document]:
        waiting: list[tuple[object, Document]] = [(value, {})]
        while waiting:
            value, metadata = waiting.pop()
            if isinstance(value, list):
                waiting += [(item, {}) for item in reversed(value)]
            elif not isinstance(value, dict):
                self._bad("event-shape", f"an event is an object, not {_name(value)}", column, "")
            elif wrapped := [key for key in sources.wrappers() if isinstance(value.get(key), list)]:
                waiting += [(value[key], {}) for key in reversed(wrapped)]
            elif isinstance(value.get("hits"), dict) and isinstance(value["hits"].get("hits"), list):
                waiting.append((value["hits"]["hits"], {}))
            elif isinstance(value.get("_source"), dict):
                kept = {key: value[key] for key in _METADATA if value.get(key) is not None}
                waiting.append((value["_source"], kept))
            elif len(value) == 1 and (alone := next(iter(value))) in sources.wrappers():
                self._bad("event-shape", f"{alone} is a list of events, not {_name(value[alone])}", column, "")
            else:
                yield from self._document(value, metadata, column)

    def _document(self, value: Document, metadata: Document, column: int) -> Iterator[Document]:
        if source := sources.recognise(value):
            yield {**source.to_ecs(value, self._settings, self._refuse), **metadata}
        elif what := sources.companion(value):
            self._bad("event-shape", f"not an event: {what}", column, "")
        else:
            yield {**self._without_depth(value), **metadata}

    def _without_depth(self, value: Document) -> Document:
        deep = [key for key, inner in value.items() if deeper_than(inner, MAX_NESTING - 1)]
        for key in deep:
            self._count("event-shape", f"{key} is nested too deeply and left out")
        return {key: inner for key, inner in value.items() if key not in deep} if deep else value

    def _refuse(self, field: str, value: object) -> None:
        shown = repr(value) if isinstance(value, (str, int, float)) else _name(value)
        message = f"values that {field} does not take are left out of it"
        self._count("event-value", message, f"the first, in what starts at line {self._line}, is {_short(shown)}")

    def _count(self, code: str, message: str, hint: str = "") -> None:
        before = self._counted.get((code, message))
        if before is None:
            place = Location(self._path)
            before = Finding(code, message, place, Level.WARNING, hint=hint or f"first at line {self._line}", count=0)
        self._counted[code, message] = replace(before, count=before.count + 1)

    def _bad(self, code: str, message: str, column: int, excerpt: str) -> None:
        if len(self._placed) >= _SHOWN:
            self._hidden += 1
            return
        place = Location(self._path, self._line, column)
        if len(excerpt) > _EXCERPT or not excerpt.isprintable():
            excerpt = ""
        self._placed.append(Finding(code, message, place, Level.WARNING, excerpt))


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with those put together that say the same of the same file as a whole, their counts added.

    Batches of one file are read one by one, so each counts for itself.
    """
    merged: dict[object, Finding] = {}
    for number, finding in enumerate(findings):
        whole = not finding.location.line
        key = (finding.code, finding.message, finding.location.path) if whole else number
        before = merged.get(key)
        merged[key] = finding if before is None else replace(before, count=before.count + finding.count)
    return list(merged.values())


def _name(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a string", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "an object")


def _short(shown: str) -> str:
    return shown if len(shown) <= _EXCERPT else f"{shown[:_EXCERPT]}..."
