"""Lookup tables: what LOOKUP JOIN (by the name of its index) and ENRICH (by the name of its policy) find.

A table is documents, their types, and for a policy the field that is compared. In a folder each file is one, named like
it: ``.ndjson`` (a document a line), ``.csv`` (a header; ``name:type`` declares a type), ``.json`` and ``.toml`` (an
object with ``rows``, ``fields`` and ``match``; JSON may be a bare array of documents).
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from detections.compile.esql.scope import TYPES
from detections.errors import EventsError, Finding, Location, UsageError
from detections.events import Document
from detections.mapping import FieldSpec
from detections.mapping import Mapping as FieldMapping
from detections.plan.rows import LookupTable

CODE = "table"
Tables: TypeAlias = Mapping[str, LookupTable]
TableSpec: TypeAlias = "Iterable[Document] | Mapping[str, Any] | LookupTable"
"""Documents, or a dict with ``rows``, ``fields`` (their types) and ``match``, the field that a policy compares."""

_Read: TypeAlias = "Iterable[Document] | Mapping[str, Any]"

_DYNAMIC = {bool: "boolean", int: "long", float: "double"}
_KEYS = ("rows", "fields", "match")


def table(name: str, spec: TableSpec) -> LookupTable:
    """A table as it is told; fields without a type have the one that Elasticsearch gives to their first value, a text
    being a keyword.

    Raises:
        UsageError: it is none.
    """
    if isinstance(spec, LookupTable):
        return spec
    whole: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {"rows": spec}
    unknown = next((key for key in whole if key not in _KEYS), None)
    if unknown is not None:
        raise UsageError(f"table {name}: unknown key '{unknown}' (known: {', '.join(_KEYS)})")
    rows, match = whole.get("rows", ()), whole.get("match")
    if isinstance(rows, str | Mapping) or not isinstance(rows, Iterable):
        raise UsageError(f"table {name}: 'rows' must be an array of documents")
    documents = tuple(rows)
    if not all(isinstance(row, dict) for row in documents):
        raise UsageError(f"table {name}: each row must be a document")
    if match is not None and not isinstance(match, str):
        raise UsageError(f"table {name}: 'match' must be the name of a field")
    types = whole.get("fields", {})
    if not isinstance(types, Mapping):
        raise UsageError(f"table {name}: 'fields' must be a table of types")
    strange = next((kind for kind in types.values() if isinstance(kind, str) and kind not in TYPES), None)
    if strange is not None:
        raise UsageError(f"table {name}: ES|QL has no fields of type '{strange}'")
    return LookupTable(name, FieldMapping.of({**_types_of(documents), **types}), documents, match)


def tables(given: Mapping[str, TableSpec] | None) -> dict[str, LookupTable]:
    """Tables by name. Raises UsageError."""
    return {name: table(name, spec) for name, spec in (given or {}).items()}


def read_table(path: Path, name: str | None = None, more: Mapping[str, Any] | None = None) -> LookupTable:
    """The table in a file, named like it unless a ``name`` is given. ``more`` are ``fields`` and ``match`` told
    elsewhere.

    Raises:
        EventsError: the file cannot be read, or holds no table.
    """
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise EventsError(f"{path}: a table is a file .csv, .json, .ndjson or .toml")
    try:
        spec = reader(path.read_bytes())
        whole: dict[str, Any] = {**spec} if isinstance(spec, Mapping) else {"rows": spec}
        given = more or {}
        types = [one.get("fields", {}) for one in (whole, given)]
        if not all(isinstance(one, Mapping) for one in types):
            raise ValueError("'fields' must be a table of types")
        return table(name or path.stem, {**whole, **given, "fields": {**types[0], **types[1]}})
    except OSError as error:
        raise EventsError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, RecursionError, csv.Error, msgspec.MsgspecError, UsageError) as error:
        raise EventsError(f"{path}: {error}") from None


def read_tables(folder: Path, report: Callable[[Finding], None]) -> dict[str, LookupTable]:
    """The tables of a folder; what is wrong with one is reported, and the others are there."""
    found: dict[str, LookupTable] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix not in _READERS:
            continue
        try:
            found[path.stem] = read_table(path)
        except EventsError as error:
            message = str(error).removeprefix(f"{path}: ")
            report(Finding(CODE, f"no table: {message}", Location(str(path), 1, 1)))
    return found


def _json(content: bytes) -> _Read:
    found = msgspec.json.decode(content)
    if not isinstance(found, list | dict):
        raise TypeError("neither an array of documents nor an object with 'rows'")
    return found


def _ndjson(content: bytes) -> _Read:
    return [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]


def _toml(content: bytes) -> _Read:
    return tomllib.loads(content.decode("utf-8"))


def _csv(content: bytes) -> _Read:
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    header = [name.strip().partition(":") for name in next(reader, [])]
    names = [name for name, _, _ in header]
    if not names or not all(names) or len(set(names)) < len(names):
        raise ValueError("the first line must name the columns, each once")
    rows: list[dict[str, Any]] = []
    for cells in reader:
        if len(cells) not in (0, len(names)):
            raise ValueError(f"line {reader.line_num} has {len(cells)} values, not {len(names)}")
        rows += [{name: cell for name, cell in zip(names, cells, strict=True) if cell}] if cells else []
    return {"rows": rows, "fields": {name: kind.strip() or "keyword" for name, _, kind in header}}


_READERS: Mapping[str, Callable[[bytes], _Read]] = {
    ".csv": _csv, ".json": _json, ".ndjson": _ndjson, ".toml": _toml,
}  # fmt: skip


def _types_of(rows: Iterable[Document]) -> dict[str, FieldSpec]:
    types: dict[str, FieldSpec] = {}
    for row in rows:
        for path, value in _leaves(row):
            types.setdefault(path, _DYNAMIC.get(type(value), "keyword"))
    return types


def _leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The scalars of a document, in order, with their dotted paths."""
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}" if path else key, inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(path, item) for item in reversed(value)]
        elif value is not None:
            yield path, value
