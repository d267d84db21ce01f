"""The lookup tables of a case file: rows that it tells, or a file beside the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detections.case.event import Bases
from detections.case.model import CaseFile
from detections.compile.tables import read_table, table
from detections.errors import EventsError
from detections.plan.rows import LookupTable


def tables_of(file: CaseFile | None, bases: Bases) -> dict[str, LookupTable]:
    """The tables of a file, by name; none where there is none.

    Raises:
        EventsError: a file of one cannot be read, or lies outside the folder of the events.
        UsageError: what is told is not a table.
    """
    return {} if file is None else {name: _table(name, spec, bases) for name, spec in file.tables.items()}


def _table(name: str, spec: Mapping[str, Any], bases: Bases) -> LookupTable:
    if "file" not in spec:
        return table(name, spec)
    path = bases.folder / spec["file"]
    if not path.resolve().is_relative_to(bases.folder.resolve()):
        raise EventsError(f"table {name}: '{spec['file']}' lies outside {bases.folder}")
    return read_table(path, name, {key: value for key, value in spec.items() if key != "file"})
