"""CSV, for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from detections.api import SearchResult
from detections.report.sinks import Output
from detections.report.sinks.csv import record
from detections.report.sinks.json import encode
from detections.report.table import rows


def search(found: SearchResult) -> Iterator[Output]:
    """The names, then the rows. Null is empty, several values are a JSON array."""
    columns, cells = rows(found)
    yield record([column["name"] for column in columns])
    for row in cells:
        yield record(["" if value is None else value if isinstance(value, str) else encode(value) for value in row])
