"""``detections backtest``"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from detections.api import instant
from detections.backtest import Backtest, write_backtest
from detections.cli.backtesting import DataSet, Found, Options, data_sets, over
from detections.cli.base import base_rules
from detections.cli.common import EVENTS, JOBS, STRICT, TABLES, PathType, Warnings, rules_at, source_settings
from detections.cli.config import find_config
from detections.cli.engines import CREDENTIALS
from detections.cli.exceptions import exceptions_of
from detections.cli.output import format_option, reports
from detections.compile.tables import read_tables
from detections.elastic.extra import demand
from detections.errors import DetectionsError, Level, UsageError
from detections.events import Place, Settings
from detections.report.count import plural
from detections.rule import Rules
from detections.source import save

_SEVERAL = ("text", "markdown")
"""Formats in which several reports can follow each other."""
_INTERRUPTED = 130


@click.command("backtest")
@EVENTS
@click.option("--rules", type=PathType(), multiple=True, help="Rule files or folders.  [default: the project's]")
@click.option("--start", metavar="TIME", help="Only events at or after this instant; history reaches back from it.")
@click.option("--end", metavar="TIME", help="Only events at or before this instant.")
@click.option("--schedule", is_flag=True, help="As Kibana's scheduler runs the rules, as `replay --schedule` does.")
@click.option(
    "--data", metavar="NAME", help="A data set of [tool.detections.data]: its events, or what EVENTS stand for."
)
@click.option(
    "--check", is_flag=True, help="Hold the rules to the bounds of their case files, over the data sets named there."
)
@click.option(
    "--base", metavar="REF",
    help="Compare with the rules of a git revision or a folder: run only those that differ, in both versions.",
)  # fmt: skip
@click.option(
    "--on", "place", type=click.Choice(("embedded", "elasticsearch")), default="embedded", show_default=True,
    help="Over EVENTS in this process, or over what a cluster has.",
)  # fmt: skip
@click.option("--elasticsearch", "url", metavar="URL", help=f"The cluster, else ELASTICSEARCH_URL. {CREDENTIALS}")
@click.option("--index", metavar="NAMES", help="On a cluster: what to search, like 'logs-aws.cloudtrail-*'.")
@click.option("--any-index", is_flag=True, help="Every rule sees every event, whatever its indices: for copies.")
@click.option("--slice", "width", metavar="TIME", help="On a cluster: how much time to search at once.  [default: 1d]")
@click.option("--title", help="What the report calls the events.  [default: their paths]")
@format_option("backtest")
@click.option("-o", "--out", type=PathType(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@click.option("--save", "keep", is_flag=True, help="Also keep it for `detections site`, which shows it then.")
@STRICT
@TABLES
@source_settings
@JOBS
def command(
    events: Sequence[Place], rules: Sequence[Path], start: str | None, end: str | None, schedule: bool,
    data: str | None, check: bool, base: str | None, place: str, url: str | None, index: str | None, any_index: bool,
    width: str | None, title: str | None, style: str, out: Path | None, keep: bool, strict: bool, settings: Settings,
    jobs: int, tables: Path | None,
) -> int:  # fmt: skip
    """Count what the rules would have raised over EVENTS: files, folders or objects of raw logs or ECS documents, or -
    for standard input.

    Of each rule: the events that its query selects, its alerts, how many a day (median and worst), how many users,
    accounts and addresses they are about, and the most frequent values of fields that exceptions are made for. Alerts
    are those of `detections replay`. Ctrl-C ends the reading, and what was read is reported.

    With --on elasticsearch the events are those already in a cluster, which is only read: give --index and --start
    instead of EVENTS, as for `detections replay`.

    The exit code is 1 where events or rules could not be read, no rule could be run, or a bound is broken; with
    --strict also where a rule could not be run.
    """
    if style == "html":
        demand("jinja2", "site")
        demand("markdown_it", "site")
    config = find_config()
    warnings = Warnings()
    loaded = rules_at(rules, config)
    before = None if base is None else base_rules(base, rules or [config.path("rules")], warnings)
    for finding in loaded.findings:
        warnings(finding)
    if not len(loaded):
        raise DetectionsError("no rule could be loaded")
    looked_up = read_tables(tables or config.path("tables"), warnings)
    lists = exceptions_of([*loaded, *(before or ())], config, warnings)
    options = Options(_window(start, end), schedule, base or "", title, settings, jobs, looked_up, lists)
    if place == "elasticsearch":
        if events or data or check or schedule:
            raise UsageError("--on elasticsearch takes no EVENTS, --data, --check or --schedule: give --index, --start")
        cluster = importlib.import_module("detections.cli.backtest_cluster")
        asked = cluster.Asked(url, index, any_index, *options.window, width, None)
        backtests = [cluster.over(asked, loaded, options, before, warnings)]
    elif index or width or url:
        raise UsageError("--index, --slice and --elasticsearch are for --on elasticsearch")
    else:
        sets = list(data_sets(events, data, loaded, rules, config, warnings, check=check))
        if len(sets) > 1 and (keep or style not in _SEVERAL):
            raise UsageError(f"these are {len(sets)} data sets, but this makes one report: choose one with --data")
        backtests = list(_over_files(sets, options, before, warnings))
    reports("backtest", style, [found.backtest for found in backtests], partial(save, out) if out else None)
    if keep and backtests:
        write_backtest(config.path("backtest"), backtests[0].backtest)
    warnings.close()
    codes = [found.done.close(*_not_done(loaded, before, found.backtest), strict=strict) for found in backtests]
    if strict and any(any(found.backtest.not_evaluated) for found in backtests):
        codes.append(1)
    stopped = any(found.backtest.stopped for found in backtests)
    return _INTERRUPTED if stopped else max(codes, default=int(bool(warnings.levels[Level.ERROR])))


def _over_files(sets: Sequence[DataSet], options: Options, before: Rules | None, warnings: Warnings) -> Iterator[Found]:
    """A backtest of each data set, up to an interruption."""
    for one in sets:
        found = over(one, options, before, warnings)
        yield found
        if found.backtest.stopped:
            return


def _window(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    first, last = instant(start), instant(end)
    if first is not None and last is not None and last < first:
        raise UsageError("--end is before --start")
    return first, last


def _not_done(loaded: Rules, before: Rules | None, found: Backtest) -> Sequence[str]:
    said = []
    for rules, of in ((loaded, ""), (before, " of the base")):
        broken = {one.location.path for one in rules.findings if one.level is Level.ERROR} if rules else ()
        if broken:
            said.append(f"{plural(len(broken), 'rule file')}{of} not loaded")
    if found.rules and not any(noise.ran for noise in found.rules):
        said.append("no rule could be run")
    if bounds := sum(len(noise.broken) for noise in found.rules):
        said.append(f"{plural(bounds, 'bound')} broken")
    return said
