"""JSON text -> ECS documents, told apart by content, with what was wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from detections.errors import Finding, Level, Location
from detections.events import sources, text
from detections.events.batch import Document
from detections.events.sources import Refuse, Settings
from detections.events.walk import deeper_than, without_depth
from detections.values.limits import EVENT_DEPTH

_SHOWN = 10
"""How many bad places are reported each by itself; of the others only the number is."""

_EXCERPT = 200
_METADATA = ("_id", "_index", "_version")


def unwrapped(value: Document) -> Document:
    """The document of a hit, as Elasticsearch and Kibana show it, and its index; anything else as it is."""
    source = value.get("_source")
    if not isinstance(source, dict):
        return value
    return {**source, **({"_index": value["_index"]} if "_index" in value else {})}


class Notes:
    """What was wrong with the events of one file: the first places each by itself, of everything else the number.

    ``refused`` is how many places hold no event.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._placed: list[Finding] = []
        self._hidden: dict[str, int] = {}
        self._counted: dict[tuple[str, str], Finding] = {}
        self.refused = 0

    def findings(self) -> list[Finding]:
        """What was wrong so far."""
        place = Location(self.path)
        hidden = [
            Finding(code, "more places like these, not shown", place, Level.ERROR, count=count)
            for code, count in self._hidden.items()
        ]
        return [*self._placed, *self._counted.values(), *hidden]

    def bad(self, finding: Finding) -> None:
        """A place that holds no event."""
        self.refused += finding.level is Level.ERROR
        if len(self._placed) >= _SHOWN:
            self._hidden[finding.code] = self._hidden.get(finding.code, 0) + 1
        else:
            self._placed.append(finding)

    def count(self, code: str, message: str, hint: str, count: int = 1) -> None:
        """Something that is left out of an event, or replaced in it."""
        before = self._counted.get((code, message))
        if before is None:
            before = Finding(code, message, Location(self.path), Level.WARNING, hint=hint, count=0)
        self._counted[code, message] = replace(before, count=before.count + count)

    def refuse(self, field: str, value: object, line: Callable[[], int]) -> None:
        """A value that the type of its field does not take, in what starts at a line."""
        message, hint = f"values that {field} does not take are left out", ""
        if ("event-value", message) not in self._counted:
            shown = repr(value) if isinstance(value, (str, int, float)) else _name(value)
            hint = f"the first, in what starts at line {line()}, is {_short(shown)}"
        self.count("event-value", message, hint)


class Reading:
    """Turns values of a file into documents; ``notes`` are told what is wrong with them.

    Known by their content, each by itself and also inside each other: lists of events, the wrappers of log sources
    (CloudTrail's ``{"Records": [...]}``) and their raw records, Elasticsearch's hits and whole search answers (``_id``,
    ``_index`` and ``_version`` are kept as top-level keys). Any other object is an ECS document.
    """

    def __init__(self, notes: Notes, settings: Settings) -> None:
        self._notes = notes
        self._settings = settings
        # Not a method of its own by default: what holds itself would wait for the collector, which may be off.
        self._told: Refuse | None = None
        self._line = 0
        self._column = 0

    def documents(self, data: bytes, line: int, refuse: Refuse | None = None) -> Iterator[Document]:
        """The events in a text whose first line has this number in the file; ``refuse`` is told of values that fields
        do not take, where the notes are not."""
        self._told = refuse
        try:
            for read in text.values(data, sources.wrappers()):
                self._line, self._column = line + read.line - 1, read.column
                if isinstance(read, text.Broken):
                    self._bad("event-syntax", f"not JSON: {read.reason}", read.excerpt)
                    continue
                for note in read.notes:
                    self._notes.count("event-syntax", f"replaced: {note}", self._first())
                yield from self._events(read.value)
        finally:
            self._told = None

    def _events(self, value: Any) -> Iterator[Document]:
        waiting: list[tuple[Any, Document]] = [(value, {})]
        while waiting:
            value, metadata = waiting.pop()
            if isinstance(value, list):
                waiting += [(item, {}) for item in reversed(value)]
            elif not isinstance(value, dict):
                self._bad("event-shape", f"not an event: {_name(value)}, not an object")
            elif wrapped := [key for key in sources.wrappers() if isinstance(value.get(key), list)]:
                waiting += [(value[key], {}) for key in reversed(wrapped)]
            elif isinstance(value.get("hits"), dict) and isinstance(value["hits"].get("hits"), list):
                waiting.append((value["hits"]["hits"], {}))
            elif isinstance(value.get("_source"), dict):
                kept = {key: value[key] for key in _METADATA if value.get(key) is not None}
                waiting.append((value["_source"], kept))
            elif len(value) == 1 and (alone := next(iter(value))) in sources.wrappers():
                self._bad("event-shape", f"not events: {alone} is {_name(value[alone])}, not a list")
            else:
                yield from self._document(value, metadata)

    def _document(self, value: Document, metadata: Document) -> Iterator[Document]:
        if source := sources.recognise(value):
            yield {**source.to_ecs(value, self._settings, self._told or self._refuse), **metadata}
        elif what := sources.companion(value):
            self._bad("event-shape", f"not an event: {what}", level=Level.WARNING)
        else:
            yield {**self._without_depth(value), **metadata}

    def _without_depth(self, value: Document) -> Document:
        if not deeper_than(value, EVENT_DEPTH.most):
            return value
        kept: Document = {}
        for key, inner in value.items():
            shallow, count = without_depth(inner, EVENT_DEPTH.most - 1)
            if count:
                message = f"{key} has values that are nested too deeply and left out ({EVENT_DEPTH})"
                self._notes.count("event-shape", message, self._first(), count)
            if not count or shallow is not None:
                kept[key] = shallow
        return kept

    def _refuse(self, field: str, value: object) -> None:
        self._notes.refuse(field, value, lambda: self._line)

    def _first(self) -> str:
        return f"first at line {self._line}"

    def _bad(self, code: str, message: str, excerpt: str = "", level: Level = Level.ERROR) -> None:
        if len(excerpt) > _EXCERPT or not excerpt.isprintable():
            excerpt = ""
        place = Location(self._notes.path, self._line, self._column)
        self._notes.bad(Finding(code, message, place, level, excerpt))


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
