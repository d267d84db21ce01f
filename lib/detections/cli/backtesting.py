"""Backtests over data sets: which there are, and one of them run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detections.backtest import Backtest, Run, Sources
from detections.backtest.model import day_of, in_calendar
from detections.backtest.scheduled import play
from detections.bundle.attachments import CODE as ATTACHMENT
from detections.case import Bounds, CaseFile
from detections.cli.common import Warnings, cases_of, data_set
from detections.cli.config import Config
from detections.cli.interrupt import Until, interruption
from detections.cli.meter import Meter
from detections.cli.progress import progress
from detections.cli.reading import Done
from detections.compile.exceptions import CODE as EXCEPTIONS
from detections.compile.exceptions import ExceptionLists
from detections.compile.tables import Tables
from detections.engine import Embedded
from detections.errors import UsageError
from detections.events import Counts, Place, Settings, amount, read
from detections.rule import Rule, Rules

CODE = "noise"
_STDIN = Path("/dev/stdin")
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. ``window`` are the first and last instant, ``base`` names the rules to compare with."""

    window: tuple[int | None, int | None]
    schedule: bool
    base: str
    title: str | None
    settings: Settings
    jobs: int
    tables: Tables
    exceptions: ExceptionLists


@dataclass(frozen=True, slots=True)
class DataSet:
    """Events, and the rules to run over them. ``bounds`` are those of the rules' case files, by the path of the rule;
    ``name`` is empty for events that are no configured data set."""

    name: str
    paths: Sequence[Place]
    rules: Sequence[Rule]
    bounds: Mapping[str, Bounds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A backtest, and how much was read for it."""

    backtest: Backtest
    done: Done


def data_sets(
    events: Sequence[Place], name: str | None, loaded: Rules, paths: Sequence[Path], config: Config, warnings: Warnings,
    *, check: bool,
) -> Iterator[DataSet]:  # fmt: skip
    """The events that are given; else the data set that is named; else, to check bounds, each that a case file names.

    Raises:
        UsageError: there are no events, or no data set has this name.
    """
    if not check:
        yield DataSet(name or "", events or _configured(config, name), loaded.rules)
        return
    library, _ = cases_of(loaded, paths, config)
    for finding in library.findings:
        # A rule without cases has no bounds, and what is wrong with exceptions has been told.
        if finding.location.path not in loaded.files and finding.code not in (ATTACHMENT, EXCEPTIONS):
            warnings(finding)
    files = library.files
    names = [name] if name is not None else list(dict.fromkeys(one for file in files.values() for one in file.noise))
    if events and name is None:
        raise UsageError("these events need the name of their data set: --data NAME")
    if not names:
        raise UsageError("no case file has bounds: [noise.<data set>] with max_alerts_per_day, max_share, must_alert")
    for one in names:
        held = [rule for rule in loaded if rule.document.path in files and one in files[rule.document.path].noise]
        if not events and one not in config.data and held:
            _unknown(one, files, config, warnings)
            continue
        bounds = {rule.document.path: files[rule.document.path].noise[one] for rule in held}
        yield DataSet(one, events or _configured(config, one), held, bounds)


def _configured(config: Config, name: str | None) -> Sequence[Place]:
    if name is None:
        raise UsageError("give at least one path of events, or --data")
    return [data_set(config, name)]


def _unknown(name: str, files: Mapping[str, CaseFile], config: Config, warnings: Warnings) -> None:
    """Say in each case file that has bounds for it that there is no such data set."""
    known = ", ".join(config.data) or "none"
    for file in files.values():
        if name in file.noise:
            message = f"unknown data set '{name}'"
            hint = f"in [tool.detections.data]: {known}"
            warnings(file.document.finding(CODE, message, ("noise", name), hint=hint, at_key=True))


def over(data: DataSet, options: Options, before: Rules | None, warnings: Warnings) -> Found:
    """A backtest over a data set."""
    start, end = options.window
    run = Run(
        data.rules, Embedded().why_not, start=start, end=end, base=before, bounds=data.bounds,
        scheduled=options.schedule, tables=options.tables, exceptions=options.exceptions,
    )  # fmt: skip
    done = Done(warnings)
    stopped = _go(run, data.paths, options, warnings, done)
    names = tuple("standard input" if str(path) == "-" else str(path) for path in data.paths)
    title = options.title or data.name or ", ".join(names)
    return Found(run.result(title, _sources(names, done.counts), stopped=stopped, base=options.base), done)


def _go(run: Run, paths: Sequence[Place], options: Options, warnings: Warnings, done: Done) -> str:
    """Run the rules over the events, and say why not over all of them."""
    if not run.tasks:
        return ""
    files: list[Place] = [_STDIN if str(path) == "-" else path for path in paths]
    with progress() as show, interruption() as interrupted:
        meter = Meter(show, amount(files) if show else 0)

        def count(counts: Counts) -> None:
            done.add(counts)
            meter.add(counts)

        given = Until(read(files, warnings, options.settings, count), interrupted)
        engine = Embedded(jobs=options.jobs, report=warnings, count=count)
        if options.schedule:
            start, end = options.window
            play(run, engine, given, start=start, end=end, report=warnings)
        else:
            for alert in engine.found(run.tasks, given):
                run.take(alert)
        return "it was interrupted" if interrupted.came else ""


def _sources(names: tuple[str, ...], counts: Counts) -> Sources:
    first, last = (time if time is not None and in_calendar(time) else None for time in (counts.first, counts.last))
    days = {day_of(day * _DAY): count for day, count in sorted(counts.days.items()) if in_calendar(day * _DAY)}
    return Sources(
        names, files=counts.files, events=counts.events, bytes=counts.bytes, refused=counts.refused, first=first,
        last=last, days=days,
    )  # fmt: skip
