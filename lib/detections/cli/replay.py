"""``detections replay``"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from detections.api import instant
from detections.cli.common import JOBS, LINES, RETAIN, Warnings, rules_at
from detections.cli.config import find_config
from detections.engine import Embedded
from detections.errors import DetectionsError
from detections.events import Retain, read
from detections.replay import replay
from detections.report import json
from detections.report.count import plural
from detections.values.dates import format_date


@click.command("replay")
@click.argument("events", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--rules", type=click.Path(path_type=Path), multiple=True, help="Rule files or folders.  [default: the project's]"
)
@click.option(
    "--start", metavar="TIME", help="Only events at or after this instant are candidates; history reaches back from it."
)
@click.option("--end", metavar="TIME", help="Only events at or before this instant.")
@LINES
@RETAIN
@JOBS
def command(
    events: Sequence[Path],
    rules: Sequence[Path],
    start: str | None,
    end: str | None,
    style: str,
    retain: Retain,
    jobs: int,
) -> int:
    """Run the rules over EVENTS: files or folders of raw CloudTrail or ECS documents.

    Without --start and --end every event is inside the window and there is no history before the first event, so that a
    new term alerts once, at its first event. Times are UTC: 2026-01-31, 2026-01-31T20:15:00Z. Alerts go to standard
    output, sorted by time; what was wrong with events or rules goes to standard error.
    """
    window = instant(start), instant(end)
    config = find_config()
    loaded = rules_at(rules, config)
    warnings = Warnings()
    for finding in loaded.findings:
        warnings(finding)
    engine = Embedded(jobs=jobs, report=warnings)
    batches = read(list(events), warnings, retain=retain)
    count = 0
    for alert in replay(loaded, batches, engine, start=window[0], end=window[1], report=warnings):
        count += 1
        if style == "json":
            click.echo(json.encode(json.alert(alert)))
        else:
            when = "no time" if alert.timestamp is None else format_date(alert.timestamp)
            terms = f"  new: {', '.join(alert.new_terms)}" if alert.new_terms else ""
            click.echo(f"{when}  {click.style(alert.rule_name, bold=True)}  {' '.join(alert.event_ids)}{terms}")
    warnings.close()
    if not len(loaded):
        raise DetectionsError("no rule could be loaded")
    if style == "text":
        click.echo(f"{plural(len(loaded), 'rule')}, {plural(count, 'alert')}", err=True)
    return 0
