"""``detections init``"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from detections import __version__
from detections.cli.common import PathType
from detections.cli.output import show, tell
from detections.report.sinks import Styled
from detections.scaffold import SOURCES, init

_NEXT = "next: detections build"


@click.command("init")
@click.argument("folder", type=PathType(), default=".")
@click.option(
    "--source",
    type=click.Choice(tuple(SOURCES)),
    help="The log source of the first rule.  [default: asked for, or aws]",
)
def command(folder: Path, source: str | None) -> int:
    """Make a repository of rules in FOLDER (by default here): settings, a first rule with its cases, the schema for
    editors, pre-commit, workflows for GitHub and GitLab.

    What is there already stays as it is, so that running it again changes nothing.
    """
    if source is None and sys.stdin is not None and sys.stdin.isatty():
        for known in SOURCES.values():
            tell(f"  {known.name:<18} {known.title}")
        source = click.prompt("Which log source first?", type=click.Choice(tuple(SOURCES)), default="aws", err=True)
    done = init(folder, source or "aws", __version__, datetime.datetime.now(datetime.UTC).date())
    for file in done:
        mark = Styled("=", dim=True) if file.there else Styled("+", "green")
        show(mark, f" {folder / file.path}{' (left as it is)' if file.there else ''}")
    show(_NEXT if folder == Path() else f"next: cd {folder} && detections build")
    return 0
