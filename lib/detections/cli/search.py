"""``detections search``"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from detections import api
from detections.catalog import catalog
from detections.checks.unknown_field import slips
from detections.cli.common import STRICT, TABLES, EventsType, Warnings, source_settings
from detections.cli.config import find_config
from detections.cli.output import format_option, report, warning
from detections.cli.reading import Done
from detections.compile.tables import read_tables
from detections.errors import Level
from detections.events import Batch, Document, Place, Settings, read
from detections.mapping import catalog_mapping
from detections.query import parse


@click.command("search")
@click.argument("arguments", nargs=-1, required=True, metavar="EVENTS... QUERY")
@click.option("--language", type=click.Choice(("kuery", "lucene", "eql", "esql")), default="kuery", show_default=True)
@click.option(
    "--size", type=click.IntRange(0),
    help="At most this many events, rows or sequences; of EQL's events and sequences the last.  [default: all]",
)  # fmt: skip
@click.option("--timestamp-field", default="@timestamp", show_default=True, help="What orders events, for EQL.")
@click.option("--tiebreaker-field", help="What orders events of one time, for EQL, before their place in the input.")
@click.option(
    "--event-category-field", default="event.category", show_default=True, help="The field before EQL's `where`."
)
@format_option("search")
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
    """Run QUERY over EVENTS: files, folders or objects of raw logs or ECS documents.

    With --format json or ndjson each matching event is printed whole, one a line (for ES|QL each row; for EQL each
    sequence or sample, as join_keys and events, null for a missing event). table and csv have the rows of ES|QL, or
    some fields of events. What Elasticsearch would warn of, a field name that is almost a known one, and what could
    not be read are told on standard error; for the last the exit code is 1.
    """
    if len(arguments) < 2:
        raise click.UsageError("give at least one path of events, and the query last")
    *paths, query = arguments
    files: list[Place] = [EventsType().convert(path, None, click.get_current_context()) for path in paths]
    warnings = Warnings()
    done = Done(warnings)
    own = find_config().own_fields()
    events = _documents(read(files, warnings, settings, done.add), warnings, done)
    looked_up = read_tables(tables or find_config().path("tables"), warnings) if language == "esql" else None
    result = api.search(
        events, query, language, size=size, timestamp_field=timestamp_field, tiebreaker_field=tiebreaker_field,
        event_category_field=event_category_field, fields=catalog_mapping((), own), tables=looked_up, report=warnings,
    )  # fmt: skip
    report("search", style, result)
    for message in result.warnings:
        warning(message)
        warnings.levels[Level.WARNING] += 1
    warnings.close()
    for name, meant in slips(parse(query, language), catalog(own)).items():
        warning(f"no field {name} is declared", f"did you mean {meant}?")
        warnings.levels[Level.WARNING] += 1
    return done.close(strict=strict)


def _documents(batches: Iterable[Batch], warnings: Warnings, done: Done) -> Iterator[Document]:
    for batch in batches:
        yield from batch.documents()
        for finding in batch.findings:
            warnings(finding)
        done.add(batch.counts())
