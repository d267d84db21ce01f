"""``detections search``"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from detections import api
from detections.catalog import catalog
from detections.check.unknown_field import slips
from detections.cli.common import STRICT, TABLES, Warnings, source_settings
from detections.cli.config import find_config
from detections.cli.reading import Done
from detections.compile.tables import read_tables
from detections.errors import Level
from detections.events import Batch, Document, Settings, read
from detections.mapping import catalog_mapping
from detections.query import parse
from detections.report import json, rows

_SHOWN = ("@timestamp", "event.provider", "event.action", "event.outcome", "user.name", "source.address", "event.id")


@click.command("search")
@click.argument("arguments", nargs=-1, required=True, metavar="EVENTS... QUERY")
@click.option("--language", type=click.Choice(("kuery", "eql", "esql")), default="kuery", show_default=True)
@click.option(
    "--size", type=click.IntRange(0),
    help="At most this many events, rows or sequences; of EQL's events and sequences the last.  [default: all]",
)  # fmt: skip
@click.option("--timestamp-field", default="@timestamp", show_default=True, help="What orders events, for EQL.")
@click.option("--tiebreaker-field", help="What orders events of one time, for EQL, before their place in the input.")
@click.option(
    "--event-category-field", default="event.category", show_default=True, help="The field before EQL's `where`."
)
@click.option(
    "--format", "style", type=click.Choice(("text", "table", "csv", "json", "ndjson")), default="text",
    show_default=True,
)  # fmt: skip
@STRICT
@TABLES
@source_settings
def command(
    arguments: Sequence[str],
    language: str,
    size: int | None,
    timestamp_field: str,
    tiebreaker_field: str | None,
    event_category_field: str,
    style: str,
    strict: bool,
    tables: Path | None,
    settings: Settings,
) -> int:
    """Run QUERY over EVENTS: files or folders of raw logs or ECS documents.

    With --format json or ndjson each matching event is printed whole, one a line (each row, for ES|QL; each sequence
    or sample of EQL, as join_keys and events, null for a missing one). table and csv have the rows of ES|QL, or some
    fields of events. What Elasticsearch would warn of is told on standard error. A field that is nearly a known one is
    told there, too, and so is what was not read: then the exit code is 1.
    """
    if len(arguments) < 2:
        raise click.UsageError("give at least one path of events, and the query last")
    *paths, query = arguments
    files = [Path(path) for path in paths]
    warnings = Warnings()
    done = Done(warnings)
    own = find_config().own_fields()
    events = _documents(read(files, warnings, settings, done.add), warnings, done)
    looked_up = read_tables(tables or find_config().path("tables"), warnings) if language == "esql" else None
    result = api.search(
        events, query, language, size=size, timestamp_field=timestamp_field, tiebreaker_field=tiebreaker_field,
        event_category_field=event_category_field, fields=catalog_mapping((), own), tables=looked_up, report=warnings,
    )  # fmt: skip
    for line in _SHOW[style](result):
        click.echo(line)
    for message in result.warnings:
        click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {message}", err=True)
        warnings.levels[Level.WARNING] += 1
    warnings.close()
    for name, meant in slips(parse(query, language), catalog(own)).items():
        click.echo(f"{click.style('warning', fg='yellow', bold=True)}: no field {name} is declared", err=True)
        click.echo(f"    did you mean {meant}?", err=True)
        warnings.levels[Level.WARNING] += 1
    return done.close(strict=strict)


def _documents(batches: Iterable[Batch], warnings: Warnings, done: Done) -> Iterator[Document]:
    for batch in batches:
        yield from batch.documents()
        for finding in batch.findings:
            warnings(finding)
        done.add(batch.counts())


def _as_text(result: api.SearchResult) -> Iterator[str]:
    yield from map(_line, result.events)
    for sequence in result.sequences:
        yield from _lines(sequence)
    if result.columns:
        yield from rows.table(result.columns, result.rows)


def _as_objects(result: api.SearchResult) -> Iterator[str]:
    """One JSON object a line."""
    yield from map(json.encode, result.events)
    yield from (json.encode(asdict(sequence)) for sequence in result.sequences)
    names = [column["name"] for column in result.columns]
    yield from (json.encode(dict(zip(names, row, strict=True))) for row in result.rows)


def _as_rows(result: api.SearchResult) -> tuple[list[dict[str, str]], list[list[Any]]]:
    """What was found as a table: of events some fields; of sequences those of their events, with their number."""
    if result.columns:
        return result.columns, result.rows
    if result.sequences:
        numbered = [(number, event) for number, one in enumerate(result.sequences, 1) for event in one.events]
        columns = [{"name": "sequence", "type": "long"}, *_COLUMNS]
        return columns, [[number, *_values(event or {})] for number, event in numbered]
    return _COLUMNS, [_values(event) for event in result.events]


_COLUMNS = [{"name": name, "type": "keyword"} for name in _SHOWN]
_SHOW: Mapping[str, Callable[[api.SearchResult], Iterator[str]]] = {
    "text": _as_text,
    "table": lambda result: rows.table(*_as_rows(result)),
    "csv": lambda result: rows.comma_separated(*_as_rows(result)),
    "json": _as_objects,
    "ndjson": _as_objects,
}


def _values(event: Document) -> list[Any]:
    return [_value(event, name) for name in _SHOWN]


def _lines(sequence: api.Sequence) -> Iterator[str]:
    """The join keys, and the events below them."""
    yield ", ".join("null" if key is None else str(key) for key in sequence.join_keys) or "(no join keys)"
    for event in sequence.events:
        yield f"  {'(no event)' if event is None else _line(event)}"


def _line(event: Document) -> str:
    return "  ".join(str(value) for name in _SHOWN if (value := _value(event, name)) is not None)


def _value(event: Document, name: str) -> object:
    place: object = event
    if name in event:
        return event[name]
    for step in name.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    return place
