"""``detections replay``"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from detections.api import instant
from detections.cli.common import EVENTS, JOBS, STRICT, TABLES, PathType, Warnings, rules_at, source_settings
from detections.cli.config import find_config
from detections.cli.engines import CREDENTIALS
from detections.cli.exceptions import exceptions_of
from detections.cli.output import format_option, report, tell
from detections.cli.reading import Done
from detections.cli.resuming import resuming, run_of
from detections.compile.exceptions import ExceptionLists
from detections.compile.tables import Tables, read_tables
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.checkpoint import Checkpoint
from detections.engine.on_ray import OnRay
from detections.errors import DetectionsError, Finding, Level, UsageError
from detections.events import Batch, Place, Settings, read
from detections.report.count import plural
from detections.rule import Rules
from detections.schedule import Outage, executions, replay
from detections.schedule.window import CODE as NOT_REPLAYED


@click.command("replay")
@EVENTS
@click.option("--rules", type=PathType(), multiple=True, help="Rule files or folders.  [default: the project's]")
@click.option(
    "--start", metavar="TIME", help="Only events at or after this instant are candidates; history reaches back from it."
)
@click.option("--end", metavar="TIME", help="Only events at or before this instant.")
@click.option("--schedule", is_flag=True, help="As Kibana's scheduler runs the rules: every interval, from --start on.")
@click.option(
    "--outage", "outages", metavar="START/END", multiple=True,
    help="With --schedule: no rule is executed between these instants.",
)  # fmt: skip
@format_option("alerts")
@STRICT
@source_settings
@TABLES
@JOBS
@click.option(
    "--on",
    "place",
    type=click.Choice(("embedded", "ray", "elasticsearch")),
    default="embedded",
    show_default=True,
    help="Over EVENTS on this machine or on a Ray cluster, or over what an Elasticsearch has.",
)
@click.option("--elasticsearch", "url", metavar="URL", help=f"The cluster, else ELASTICSEARCH_URL. {CREDENTIALS}")
@click.option("--index", metavar="NAMES", help="On a cluster: what to search, like 'logs-aws.cloudtrail-*'.")
@click.option("--any-index", is_flag=True, help="Every rule sees every event, whatever its indices: for copies.")
@click.option("--slice", "width", metavar="TIME", help="On a cluster: how much time to search at once.  [default: 1d]")
@click.option(
    "--resume", type=PathType(dir_okay=False), metavar="FILE",
    help="Record in FILE what is finished, and go on from there.",
)  # fmt: skip
def command(
    events: Sequence[Place],
    rules: Sequence[Path],
    start: str | None,
    end: str | None,
    schedule: bool,
    outages: Sequence[str],
    style: str,
    strict: bool,
    settings: Settings,
    tables: Path | None,
    jobs: int,
    place: str,
    url: str | None,
    index: str | None,
    any_index: bool,
    width: str | None,
    resume: Path | None,
) -> int:
    """Run the rules over EVENTS: files, folders or objects of raw logs or ECS documents.

    Without --start and --end every event is inside the window and there is no history before the first event, so a new
    term alerts once, at its first event. Times are UTC: 2026-01-31, 2026-01-31T20:15:00Z. Alerts go to standard output,
    sorted by time; problems with events or rules go to standard error, and so do the counts of what was done and what
    was not. A rule sees the events of its indices, and those that do not say where they are. The exit code is 1 where a
    rule, a file or a place in it could not be read or run.

    With --schedule every rule is executed once an interval, over the window that its `from` and `to` give, and sees
    what was ingested by then; an alert is raised once, max_signals is kept, and a gap of the scheduler is caught up as
    far as Kibana does. Alerts come in the order in which they are raised.

    With --on elasticsearch the events are those already in a cluster, which is only read. Give --index and --start
    instead of EVENTS, and --end unless it is now.
    """
    window = _window(start, end)
    on_cluster = place == "elasticsearch"
    _agree(on_cluster, events, any((index, width, url)), schedule=schedule, outages=bool(outages), resume=bool(resume))
    config = find_config()
    loaded = rules_at(rules, config)
    warnings = Warnings()
    looked_up = read_tables(tables or config.path("tables"), warnings)
    for finding in loaded.findings:
        warnings(finding)
    exceptions = exceptions_of(loaded, config, warnings)
    done = Done(warnings)
    said = [plural(len(loaded), "rule")]
    if on_cluster:
        cluster = importlib.import_module("detections.cli.replay_cluster")
        asked = cluster.Asked(url, index, any_index, *window, width, resume)
        alerts = cluster.run(loaded, asked, exceptions, warnings, done)
    else:
        batches = read(list(events), warnings, settings, done.add)
        run = run_of(events, loaded, window, settings, looked_up, exceptions, any_index)
        checkpoint = Checkpoint(resume, run, warnings) if resume else None
        engine = Embedded(jobs=jobs, any_index=any_index, report=warnings, count=done.add, checkpoint=checkpoint)
        engine = replace(engine, elsewhere=OnRay) if place == "ray" else engine
        scheduled = _Scheduled(schedule, tuple(map(_outage, outages)), exceptions)
        found = scheduled.alerts(loaded, batches, engine, *window, looked_up, warnings)
        alerts = _counted(resuming(found, checkpoint), done)
    with contextlib.closing(alerts):
        report("alerts", style, alerts)
    if not on_cluster:
        said.append(done.events())
    warnings.close()
    if not len(loaded):
        raise DetectionsError("no rule could be loaded")
    if style == "text":
        tell(f"{', '.join(said)}, {plural(done.alerts, 'alert')}")
    return done.close(*_not_run(loaded, warnings), strict=strict)


def _agree(
    on_cluster: bool, events: Sequence[Place], cluster_only: bool, *, schedule: bool, outages: bool, resume: bool
) -> None:
    """Raises UsageError for options that say nothing together."""
    if on_cluster and events:
        raise UsageError("--on elasticsearch takes no files of events: give --index and --start")
    if not on_cluster and cluster_only:
        raise UsageError("--index, --slice and --elasticsearch are for --on elasticsearch")
    if on_cluster and schedule:
        raise UsageError("--schedule is for events in files")
    if resume and schedule:
        raise UsageError("--resume goes on with a replay in one window, not with --schedule")
    if outages and not schedule:
        raise UsageError("--outage is for --schedule")
    if not on_cluster and not events:
        raise UsageError("give at least one path of events")


def _counted(alerts: Iterable[Alert], done: Done) -> Generator[Alert]:
    for alert in alerts:
        done.alerts += 1
        yield alert


@dataclass(frozen=True, slots=True)
class _Scheduled:
    """Whether rules run as they are scheduled, and when none does."""

    asked: bool
    outages: tuple[Outage, ...]
    exceptions: ExceptionLists

    def alerts(
        self, rules: Rules, batches: Iterable[Batch], engine: Embedded, start: int | None, end: int | None,
        tables: Tables, report: Callable[[Finding], None],
    ) -> Iterator[Alert]:  # fmt: skip
        if not self.asked:
            return replay(
                rules, batches, engine, start=start, end=end, tables=tables, report=report, exceptions=self.exceptions
            )
        found = executions(
            rules, batches, engine, start=start, end=end, outages=self.outages, tables=tables, report=report,
            exceptions=self.exceptions,
        )  # fmt: skip
        return (alert for execution in found for alert in execution.alerts)


def _outage(text: str) -> Outage:
    first, _, last = text.partition("/")
    start, end = instant(first), instant(last)
    assert start is not None and end is not None
    if end <= start:
        raise UsageError(f"--outage: '{text}' must end after it begins")
    return Outage(start, end)


def _not_run(loaded: Rules, warnings: Warnings) -> Iterator[str]:
    broken = {finding.location.path for finding in loaded.findings if finding.level is Level.ERROR}
    if broken:
        yield f"{plural(len(broken), 'rule file')} not loaded"
    if refused := warnings.counts[NOT_REPLAYED]:
        yield f"{plural(refused, 'rule')} not replayed"


def _window(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    first, last = instant(start), instant(end)
    if first is not None and last is not None and last < first:
        raise UsageError("--end is before --start")
    return first, last
