"""What several commands share: options, the project's rules and cases, findings about events."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from detections.case import Bases, CaseLibrary
from detections.cli.config import Config, find_config
from detections.cli.exceptions import exceptions_of
from detections.cli.output import findings, tell
from detections.compile.tables import read_tables
from detections.errors import Finding, Level, UsageError
from detections.events import Place, merge, place_of
from detections.events.sources import GEOIP, known_settings
from detections.events.store import is_url
from detections.rule import Rule, Rules, load_rules

SHOWN = 20
"""How many findings of one kind about events are shown one by one."""


class PathType(click.Path):
    """A path that a file system can have; whether something is there is for the command to say."""

    def __init__(self, *, exists: bool = False, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(exists=exists, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            os.lstat(value)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.fail(f"{value}: {error.strerror}", param, ctx)
        return super().convert(value, param, ctx)


class EventsType(PathType):
    """A file, a folder, or the address of objects in a store."""

    name = "events"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return place_of(value) if isinstance(value, str) and is_url(value) else super().convert(value, param, ctx)


def data_set(config: Config, name: str) -> Place:
    """Where the events of a configured data set are.

    Raises:
        UsageError: none has this name.
    """
    if name not in config.data:
        known = ", ".join(config.data) or "none"
        raise UsageError(f"unknown data set '{name}' (in [tool.detections.data]: {known})")
    where = config.data[name]
    return place_of(where) if is_url(where) else config.near(where)


EVENTS = click.argument("events", nargs=-1, type=EventsType())
RULES = click.argument("rules", nargs=-1, type=PathType())
STRICT = click.option("--strict", is_flag=True, help="Warnings count as errors.")
JOBS = click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes to use.")
TABLES = click.option(
    "--tables", type=PathType(file_okay=False, exists=True), metavar="FOLDER",
    help="What ES|QL looks up: a file for each lookup index or enrich policy.  [default: the project's]",
)  # fmt: skip
PROFILE = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Also run the checks of this profile ('none': no profile).",
)


def source_settings(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command an option for each setting of a log source, and for what addresses are looked up in; it gets them
    together, as ``settings``."""
    known = known_settings()

    @functools.wraps(command)
    def called(**options: Any) -> int:
        settings = {setting.name: options.pop(setting.name) for setting in known}
        folder = options.pop(GEOIP) or _configured_databases()
        return command(**options, settings={**settings, GEOIP: str(folder)} if folder else settings)

    called = click.option(
        f"--{GEOIP}", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
        help="GeoLite2 databases, or others like them: what source.geo and source.as of raw records are looked up in."
        "  [default: the project's]",
    )(called)  # fmt: skip
    for setting in reversed(known):
        option = click.option(
            f"--{setting.name}", type=click.Choice(setting.choices), default=setting.default, show_default=True,
            help=setting.help,
        )  # fmt: skip
        called = option(called)
    return called


def _configured_databases() -> Path | None:
    config = find_config()
    return config.path(GEOIP) if config.geoip else None


def rules_at(paths: Sequence[Path], config: Config) -> Rules:
    """The rules at these paths, else at the configured one."""
    return load_rules(*(paths or [config.path("rules")]), fields=config.own_fields())


def chosen_profiles(profiles: Sequence[str], config: Config) -> tuple[str, ...]:
    return tuple(profile for profile in profiles if profile != "none") if profiles else config.profiles


def cases_of(
    rules: Iterable[Rule], paths: Sequence[Path], config: Config, before: CaseLibrary | None = None
) -> tuple[CaseLibrary, Bases]:
    """The cases of rules, and the folder of their base events; see :class:`CaseLibrary` for ``before``."""
    found: list[Finding] = []
    tables = read_tables(config.path("tables"), found.append)
    exceptions = exceptions_of(rules, config, found.append)
    library = CaseLibrary(config.path("cases"), config.path("rules"), rules, tables, exceptions, before)
    library.findings += found
    if not paths and isinstance(rules, Rules):
        library.findings += library.strays(rules.files)
    return library, Bases(config.path("events"))


def failed(findings: Iterable[Finding], strict: bool) -> bool:
    return any(finding.level.fails(strict) for finding in findings)


class Warnings:
    """Findings about events, told on standard error; of each code only the first twenty in full.

    What has a line is told as it comes. What is said of a file as a whole waits for the end, where the counts of all
    its batches are put together.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.levels: Counter[Level] = Counter()
        self._whole: list[Finding] = []

    def __call__(self, finding: Finding) -> None:
        self.levels[finding.level] += 1
        if finding.location.line:
            self._tell(finding)
        else:
            self._whole.append(finding)

    def _tell(self, finding: Finding) -> None:
        self.counts[finding.code] += 1
        if self.counts[finding.code] <= SHOWN:
            findings([finding])

    def close(self) -> None:
        """Tell what waited, and say what was not shown."""
        for finding in merge(self._whole):
            self._tell(finding)
        for code, count in sorted(self.counts.items()):
            if count > SHOWN:
                tell(f"{count - SHOWN:,} more findings {code}")
