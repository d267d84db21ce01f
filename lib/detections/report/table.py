"""A table for a person: rows of ES|QL with their types, fields of events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from detections.api import SearchResult
from detections.errors import printable
from detections.events import Document
from detections.report.sinks import Output
from detections.report.sinks.json import encode
from detections.report.sinks.terminal import line, padded, width

Columns: TypeAlias = Sequence[Mapping[str, str]]
Rows: TypeAlias = Sequence[Sequence[object]]

SHOWN = ("@timestamp", "event.provider", "event.action", "event.outcome", "user.name", "source.address", "event.id")
"""Of an event, who did what."""
_COLUMNS = [{"name": name, "type": "keyword"} for name in SHOWN]
_NUMBERS = ("integer", "long", "unsigned_long", "double")
_WIDEST = 60
"""Characters of a cell that a person is shown."""


def search(found: SearchResult) -> Iterator[Output]:
    return aligned(*rows(found))


def rows(found: SearchResult) -> tuple[Columns, Rows]:
    """What was found as columns and rows: of events some fields; of sequences those of their events, with the number
    of the sequence."""
    if found.columns:
        return found.columns, found.rows
    if found.sequences:
        numbered = [(number, event) for number, one in enumerate(found.sequences, 1) for event in one.events]
        columns = [{"name": "sequence", "type": "long"}, *_COLUMNS]
        return columns, [[number, *_values(event or {})] for number, event in numbered]
    return _COLUMNS, [_values(event) for event in found.events]


def aligned(columns: Columns, rows: Rows) -> Iterator[Output]:
    """Lines: names, types, a rule, the rows; numbers stand to the right. Null is empty, several values are divided by
    commas, and what is long is cut."""
    heads = [[column["name"] for column in columns], [column["type"] for column in columns]]
    cells = [[_cut(_text(value)) for value in row] for row in rows]
    widths = [width([text[at] for text in (*heads, *cells)]) for at in range(len(columns))]
    right = [column["type"] in _NUMBERS for column in columns]
    for texts in (*heads, ["-" * wide for wide in widths], *cells):
        shown = (padded(text, wide, right=one) for text, wide, one in zip(texts, widths, right, strict=True))
        yield line("  ".join(shown).rstrip())


def value(event: Document, name: str) -> object:
    """The value of a field of an event, whose keys are nested or dotted; None where there is none."""
    place: object = event
    if name in event:
        return event[name]
    for step in name.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    return place


def _values(event: Document) -> list[object]:
    return [value(event, name) for name in SHOWN]


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else encode(value))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
