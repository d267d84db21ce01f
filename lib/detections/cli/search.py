"""``detections search``"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from detections import api
from detections.cli.common import LINES, RETAIN, Warnings
from detections.events import Document, Retain
from detections.report import json

_SHOWN = ("@timestamp", "event.provider", "event.action", "event.outcome", "user.name", "source.address", "event.id")


@click.command("search")
@click.argument("arguments", nargs=-1, required=True, metavar="EVENTS... QUERY")
@click.option("--language", type=click.Choice(("kuery", "eql", "esql")), default="kuery", show_default=True)
@click.option("--size", type=click.IntRange(0), help="At most this many events or rows.  [default: all]")
@LINES
@RETAIN
def command(arguments: Sequence[str], language: str, size: int | None, style: str, retain: Retain) -> int:
    """Run QUERY over EVENTS: files or folders of raw CloudTrail or ECS documents.

    With --format json each matching event is printed whole, one a line (each row, for ES|QL).
    """
    if len(arguments) < 2:
        raise click.UsageError("give at least one path of events, and the query last")
    *paths, query = arguments
    files = [Path(path) for path in paths]
    warnings = Warnings()
    events: Iterator[Document] = api.read_events(*files, retain=retain, report=warnings)
    result = api.search(events, query, language, size=size)
    for event in result.events:
        click.echo(json.encode(event) if style == "json" else _line(event))
    names = [column["name"] for column in result.columns]
    if names and style == "text":
        click.echo("\t".join(names))
    for row in result.rows:
        shown = json.encode(dict(zip(names, row, strict=True)))
        click.echo(shown if style == "json" else "\t".join("" if one is None else str(one) for one in row))
    warnings.close()
    return 0


def _line(event: Document) -> str:
    return "  ".join(str(value) for name in _SHOWN if (value := _value(event, name)) is not None)


def _value(event: Document, name: str) -> object:
    place: object = event
    if name in event:
        return event[name]
    for step in name.split("."):
        place = place.get(step) if isinstance(place, dict) else None
    return place
