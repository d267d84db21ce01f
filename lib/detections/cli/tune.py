"""``detections tune``"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from detections.api import instant
from detections.case import CaseFile
from detections.cli.common import (
    EVENTS,
    JOBS,
    TABLES,
    PathType,
    Warnings,
    cases_of,
    data_set,
    rules_at,
    source_settings,
)
from detections.cli.config import Config, find_config
from detections.cli.exceptions import attachments_of
from detections.cli.output import format_option, report, tell
from detections.cli.reading import Done
from detections.compile.tables import read_tables
from detections.engine import Embedded
from detections.errors import FindingsError, Level, UsageError
from detections.events import Batch, Counts, Place, Settings, read
from detections.report.count import plural
from detections.rule import Rule, Rules
from detections.source import save
from detections.tune import Readings, Subject, Tuning, as_exception, as_query, read_labels, tune
from detections.tune.trial import Reading


@click.command("tune")
@click.argument("rule", metavar="RULE")
@EVENTS
@click.option(
    "--false-positives", "picked", type=PathType(exists=True, dir_okay=False), metavar="FILE", required=True,
    help="The alerts to silence: lines of `replay --format json`, events, or ids of events.",
)  # fmt: skip
@click.option("--rules", type=PathType(), multiple=True, help="Where RULE is.  [default: the project's rules]")
@click.option("--start", metavar="TIME", help="Only events at or after this instant, as in `replay`.")
@click.option("--end", metavar="TIME", help="Only events at or before this instant.")
@click.option("--data", metavar="NAME", help="A data set of [tool.detections.data] instead of EVENTS.")
@click.option("--field", "fields", multiple=True, metavar="NAME", help="Make exceptions for these fields only.")
@click.option(
    "--write", "place", type=click.Choice(("exception", "query")),
    help="Write what is proposed: into the rule's exception list, or into its query.",
)  # fmt: skip
@click.option("--reason", metavar="TEXT", help="Why, for the comment.  [default: how many alerts, and FILE]")
@format_option("tune")
@TABLES
@source_settings
@JOBS
def command(
    rule: str, events: Sequence[Place], picked: Path, rules: Sequence[Path], start: str | None, end: str | None,
    data: str | None, fields: Sequence[str], place: str | None, reason: str | None, style: str, tables: Path | None,
    settings: Settings, jobs: int,
) -> int:  # fmt: skip
    """Propose the smallest exceptions that silence false positives of RULE (a file, a rule_id or a name) over EVENTS,
    and lose no other alert.

    EVENTS are what the alerts were found in, as for `replay`; each alert that FILE does not have is one that must stay.
    Without EVENTS those of FILE are read, all of which are false positives then. An exception is proposed only if,
    with it, every other alert is raised, each alert case of the rule alerts, so do the must_alert events of its case
    file, and its cases notice every mutant that they notice without it.

    Nothing is written without --write, which also gives the rule a quiet case for each value. The exit code is 1 where
    a false positive is not among the rule's alerts or cannot be silenced, or something could not be read.
    """
    config = find_config()
    loaded = rules_at(rules or ([Path(rule)] if Path(rule).is_file() else []), config)
    chosen = _chosen(rule, loaded)
    warnings = Warnings()
    labels = read_labels(picked, chosen.rule_id, settings, warnings)
    if labels.others:
        tell(f"{picked}: {plural(labels.others, 'alert')} of other rules passed over")
    library, bases = cases_of([chosen], rules or [Path(chosen.document.path)], config)
    for finding in library.findings:
        warnings(finding)
    file = library.files.get(chosen.document.path)
    paths: list[Place] = [*events, *([data_set(config, data)] if data is not None else [])]
    if not paths and not labels.events:
        raise UsageError("give the events that the alerts were found in: FILE has none itself")
    done = Done(warnings)
    reading = _Reading(paths or [picked], settings, warnings, done)
    bound = dict(_bound(file, config, settings, warnings))
    readings = Readings(reading, (instant(start), instant(end)), bound)
    subject = Subject(chosen, file, bases, read_tables(tables or config.path("tables"), warnings), library.exceptions)
    found = tune(subject, labels if paths else None, readings, Embedded(jobs=jobs, count=reading.count), fields)
    report("tune", style, found)
    if place is not None and found.items:
        texts = _texts(place, found, chosen, reason or _reason(found, picked), config)
        if file is not None and found.cases != file.document.text:
            texts[file.document.path] = found.cases
        for path, text in texts.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            save(Path(path), text.encode())
            tell(f"wrote {path}")
    warnings.close()
    return done.close(*_not_done(found), strict=False)


def _chosen(name: str, loaded: Rules) -> Rule:
    """The one rule that is meant.

    Raises:
        FindingsError: its file does not load.
        UsageError: there is none, or there are several.
    """
    found = [one for one in loaded if name in (one.document.path, one.rule_id, one.name)]
    found = found or [one for one in loaded if Path(one.document.path) == Path(name)]
    if len(found) == 1:
        return found[0]
    broken = [finding for finding in loaded.findings if finding.level is Level.ERROR]
    if not found and Path(name).is_file() and broken:
        raise FindingsError(broken)
    said = "more than one rule is" if found else "no rule is"
    raise UsageError(f"RULE: {said} '{name}': give a file, a rule_id or a name")


class _Reading:
    """Reads the events, each time it is called; what is wrong with them is told, and they are counted, once."""

    def __init__(self, paths: Sequence[Place], settings: Settings, warnings: Warnings, done: Done) -> None:
        self._paths = list(paths)
        self._settings = settings
        self._warnings = warnings
        self._done = done
        self._calls = 0

    def __call__(self) -> Iterable[Batch]:
        self._calls += 1
        report = self._warnings if self._calls == 1 else lambda finding: None
        return read(self._paths, report, self._settings, self.count)

    def count(self, counts: Counts) -> None:
        if self._calls == 1:
            self._done.add(counts)


def _bound(
    file: CaseFile | None, config: Config, settings: Settings, warnings: Warnings
) -> Iterator[tuple[str, Reading]]:
    """The data sets that hold events which the rule must alert on."""
    noise = {} if file is None else file.noise
    for name, bounds in noise.items():
        if bounds.must_alert and name in config.data:
            yield name, _Reading([data_set(config, name)], settings, warnings, Done(warnings))
        elif bounds.must_alert:
            tell(f"[tool.detections.data] has no {name}: its must_alert events are looked for among EVENTS only")


def _reason(found: Tuning, picked: Path) -> str:
    return f"silences {plural(found.silenced, 'false positive')} of {picked.name}"


def _texts(place: str, found: Tuning, rule: Rule, reason: str, config: Config) -> dict[str, str]:
    """What is to be written, by path."""
    if place == "exception":
        return as_exception(rule, found.items, reason, attachments_of(config), config.path("exceptions"))
    if not found.query:
        raise UsageError(f"--write query: {found.no_query}; --write exception can")
    return as_query(rule, found.query, reason)


def _not_done(found: Tuning) -> Iterator[str]:
    if found.missing:
        yield f"{plural(len(found.missing), 'false positive')} not among the alerts"
    if left := found.false_positives - found.silenced:
        yield f"{plural(left, 'false positive')} not silenced"
    if not found.false_positives and not found.missing:
        yield "no false positive was given"
