"""``detections search``"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from detections import api
from detections.catalog import catalog
from detections.check.unknown_field import slips
from detections.cli.common import LINES, STRICT, TABLES, Warnings, source_settings
from detections.cli.config import find_config
from detections.cli.reading import Done
from detections.compile.tables import read_tables
from detections.errors import Level
from detections.events import Batch, Document, Settings, read
from detections.mapping import catalog_mapping
from detections.query import parse
from detections.report import json

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
@LINES
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
    """Run QUERY over EVENTS: files or folders of raw CloudTrail or ECS documents.

    With --format json each matching event is printed whole, one a line (each row, for ES|QL; each sequence or sample of
    EQL, as join_keys and events, null for a missing one). A field that is nearly a known one is told on standard error,
    and so is what was not read: then the exit code is 1.
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
    for event in result.events:
        click.echo(json.encode(event) if style == "json" else _line(event))
    for sequence in result.sequences:
        click.echo(json.encode(asdict(sequence)) if style == "json" else "\n".join(_lines(sequence)))
    names = [column["name"] for column in result.columns]
    if names and style == "text":
        click.echo("\t".join(names))
    for row in result.rows:
        shown = json.encode(dict(zip(names, row, strict=True)))
        click.echo(shown if style == "json" else "\t".join("" if one is None else str(one) for one in row))
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
