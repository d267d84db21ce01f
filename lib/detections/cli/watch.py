"""``--watch``: run again whenever a file changes."""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from detections.cli.config import Config, find_config
from detections.cli.output import failure, tell
from detections.errors import DetectionsError, UsageError

WATCH = click.option("--watch", is_flag=True, help="Run again whenever a file changes, until Ctrl-C.")
_FOLDERS = ("cases", "events", "tables", "exceptions", "value_lists", "connectors", "baseline")
_NAMED = 3
_IMPATIENT = {"rust_timeout": 200, "yield_on_timeout": True, "raise_interrupt": False}
"""The watch begins before the first run, so that no change is missed, and looks about five times a second."""
_TOGETHER = 50
"""Milliseconds: changes that come closer together are one."""


def watched(run: Callable[[], int], rules: Sequence[Path]) -> int:
    """Run, and again after each change of what the rules at these paths hang on. Ctrl-C ends it, with the exit code of
    the last run; a run that cannot go on is told, and waits for the next change.

    Raises:
        UsageError: watchfiles is not installed, or the first run could not begin.
    """
    try:
        library = importlib.import_module("watchfiles")
    except ModuleNotFoundError:
        raise UsageError("--watch needs watchfiles: pip install 'detections[watch]'") from None
    code: int | None = None
    with contextlib.suppress(KeyboardInterrupt):
        for changed in _changes(library, rules):
            if changed:
                _tell(changed)
            code = run() if code is None else _again(run)
            tell("watching for changes (Ctrl-C ends)")
    if code is None:
        raise click.Abort
    return code


def _changes(library: Any, rules: Sequence[Path]) -> Iterator[Collection[tuple[object, str]]]:
    """None as soon as it watches, then those that come."""
    config, begun = find_config(), False
    while True:
        paths = _paths(rules, config)
        for changed in library.watch(*paths, watch_filter=_filter(config), step=_TOGETHER, **_IMPATIENT):
            if changed or not begun:
                begun = True
                yield changed
            if _paths(rules, config) != paths or any(Path(name) == config.file for _, name in changed):
                config = _config(config)
                break
        else:
            return


def _config(before: Config) -> Config:
    """The configuration as it is now; as it was, where it is broken."""
    try:
        return find_config()
    except UsageError:
        return before


def _tell(changed: Collection[tuple[object, str]]) -> None:
    names = sorted({Path(name).name for _, name in changed})
    tell()
    tell(f"{time.strftime('%H:%M:%S')} {', '.join(names[:_NAMED])}{' ...' if len(names) > _NAMED else ''}")


def _again(run: Callable[[], int]) -> int:
    try:
        return run()
    except DetectionsError as error:
        failure(error)
        return 1


def _paths(rules: Sequence[Path], config: Config) -> list[Path]:
    """What there is of the files and folders that verdicts hang on."""
    named = [*(rules or [config.path("rules")]), *map(config.path, _FOLDERS)]
    named += [source for pattern in config.fields for source in config.root.glob(pattern)]
    named += [config.file] if config.file else []
    return [path for path in dict.fromkeys(named) if path.exists()]


def _filter(config: Config) -> Callable[[object, str], bool]:
    """What changes matter: not those of hidden files, in which editors keep copies, nor what we write ourselves."""
    ours = [config.path(name).absolute() for name in ("cache", "proofs", "state")]

    def matters(_: object, name: str) -> bool:
        path = Path(name)
        return not (path.name.startswith(".") or name.endswith("~") or any(path.is_relative_to(our) for our in ours))

    return matters
