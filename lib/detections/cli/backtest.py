"""``detections backtest``"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from detections.api import instant
from detections.backtest import Backtest, Run, Sources, write_backtest
from detections.backtest.model import day_of, in_calendar
from detections.cli.base import base_rules
from detections.cli.common import JOBS, STRICT, Warnings, reporter, rules_at, source_settings
from detections.cli.config import find_config
from detections.cli.interrupt import Until, interruption
from detections.cli.meter import Meter
from detections.cli.progress import progress
from detections.cli.reading import Done
from detections.elastic.extra import demand
from detections.engine import Embedded
from detections.errors import DetectionsError, Level, UsageError
from detections.events import Counts, Settings, amount, read
from detections.report.count import plural
from detections.rule import Rules
from detections.source.files import save

_REPORTS = {"text": "noise", "json": "json", "markdown": "markdown", "junit": "junit", "html": ""}
_STDIN = Path("/dev/stdin")
_INTERRUPTED = 130


@click.command("backtest")
@click.argument("events", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--rules", type=click.Path(path_type=Path), multiple=True, help="Rule files or folders.  [default: the project's]"
)
@click.option("--start", metavar="TIME", help="Only events at or after this instant; history reaches back from it.")
@click.option("--end", metavar="TIME", help="Only events at or before this instant.")
@click.option(
    "--base", metavar="REF",
    help="Compare with the rules of a git revision or a folder: run only those that differ, in both versions.",
)  # fmt: skip
@click.option("--title", help="What the report calls the events.  [default: their paths]")
@click.option("--format", "style", type=click.Choice(tuple(_REPORTS)), default="text", show_default=True)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write it to FILE.")
@click.option("--save", "keep", is_flag=True, help="Also keep it for `detections site`, which shows it then.")
@STRICT
@source_settings
@JOBS
def command(
    events: Sequence[Path],
    rules: Sequence[Path],
    start: str | None,
    end: str | None,
    base: str | None,
    title: str | None,
    style: str,
    out: Path | None,
    keep: bool,
    strict: bool,
    settings: Settings,
    jobs: int,
) -> int:
    """Count what the rules would have raised over EVENTS: files or folders of raw CloudTrail or ECS documents, or - for
    standard input.

    Of each rule: the events that its query selects, its alerts, how many a day (median and worst), how many users,
    accounts and addresses they are about, and the most frequent values of fields that exceptions are made for. Alerts
    are those of `detections replay`. Ctrl-C ends the reading, and what was read is reported.

    The exit code is 1 where events or rules could not be read, or no rule could be run; with --strict also where one of
    them could not.
    """
    if style == "html":
        demand("jinja2", "site")
        demand("markdown_it", "site")
    window = instant(start), instant(end)
    if window[0] is not None and window[1] is not None and window[1] < window[0]:
        raise UsageError("--end is before --start")
    config = find_config()
    warnings = Warnings()
    places = rules or [config.path("rules")]
    loaded = rules_at(rules, config)
    before = None if base is None else base_rules(base, places, warnings)
    for finding in loaded.findings:
        warnings(finding)
    if not len(loaded):
        raise DetectionsError("no rule could be loaded")
    run = Run(loaded, Embedded().why_not, start=window[0], end=window[1], base=before)
    done = Done(warnings)
    stopped = _go(run, events, settings, jobs, warnings, done)
    names = tuple("standard input" if str(path) == "-" else str(path) for path in events)
    found = run.result(title or ", ".join(names), _sources(names, done.counts), stopped=stopped, base=base or "")
    _give(found, style, out)
    if keep:
        write_backtest(config.path("backtest"), found)
    warnings.close()
    code = done.close(*_not_done(loaded, before, found), strict=strict)
    if strict and any(found.not_evaluated):
        code = 1
    return _INTERRUPTED if stopped else code


def _go(
    run: Run, paths: Sequence[Path], settings: Settings, jobs: int, warnings: Warnings, done: Done
) -> str:  # fmt: skip
    """Run the rules over the events, and say why not over all of them."""
    if not run.tasks:
        return ""
    files = [_STDIN if str(path) == "-" else path for path in paths]
    with progress() as show, interruption() as interrupted:
        meter = Meter(show, amount(files) if show else 0)

        def count(counts: Counts) -> None:
            done.add(counts)
            meter.add(counts)

        given = Until(read(files, warnings, settings, count), interrupted)
        for alert in Embedded(jobs=jobs, report=warnings, count=count).found(run.tasks, given):
            run.take(alert)
        return "it was interrupted" if interrupted.came else ""


def _sources(names: tuple[str, ...], counts: Counts) -> Sources:
    first, last = (time if time is not None and in_calendar(time) else None for time in (counts.first, counts.last))
    days = {day_of(day * _DAY): count for day, count in sorted(counts.days.items()) if in_calendar(day * _DAY)}
    return Sources(
        names, files=counts.files, events=counts.events, bytes=counts.bytes, refused=counts.refused, first=first,
        last=last, days=days,
    )  # fmt: skip


_DAY = 86_400_000


def _give(found: Backtest, style: str, out: Path | None) -> None:
    """Print the report, or write it."""
    text = _report(style)(found)
    if out is None:
        click.echo(text)
    else:
        save(out, click.unstyle(text).encode("utf-8", "replace") + b"\n")


def _report(style: str) -> Callable[[Backtest], str]:
    if style == "html":
        site = importlib.import_module("detections.site")
        return lambda found: str(site.backtest_page(found, "Detection rules"))
    module = reporter(_REPORTS[style])
    made: Callable[[Backtest], str] = module.text if style == "text" else module.backtest
    return made


def _not_done(loaded: Rules, before: Rules | None, found: Backtest) -> Sequence[str]:
    said = []
    for rules, of in ((loaded, ""), (before, " of the base")):
        broken = {one.location.path for one in rules.findings if one.level is Level.ERROR} if rules else ()
        if broken:
            said.append(f"{plural(len(broken), 'rule file')}{of} not loaded")
    if found.rules and not any(noise.ran for noise in found.rules):
        said.append("no rule could be run")
    return said
