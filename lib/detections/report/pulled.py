"""What a pull did to the files, for a person at a terminal. Colours are ANSI codes; whoever prints strips them."""

from __future__ import annotations

from collections.abc import Iterable

import click

from detections.deploy.pull import FileChange
from detections.errors import printable
from detections.payload import Difference, render
from detections.report.count import plural

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change(found: FileChange) -> str:
    """One file: its name, and the lines that differ; of a new file only how many there are."""
    about = printable(found.about)
    if found.before is None:
        lines = plural(found.after.count("\n"), "line")
        return f"{click.style('+', fg='green', bold=True)} {found.path}  {about}, {lines}"
    shown = [f"{click.style('~', fg='yellow', bold=True)} {found.path}  {about}"]
    for line in render(Difference(found.path, found.before, found.after))[1:]:
        text = printable(line)
        shown.append(click.style(text, fg=_COLOURS.get(text.lstrip()[:1])))
    return "\n".join(shown)


def summary(changes: Iterable[FileChange], unchanged: int, foreign: int, prebuilt: int, *, dry: bool) -> str:
    """``2 files changed, 1 new, 21 as they are; left out: ...``."""
    found = list(changes)
    fresh = sum(one.before is None for one in found)
    would = "to change" if dry else "changed"
    parts = [f"{plural(len(found) - fresh, 'file')} {would}", f"{fresh:,} new", f"{unchanged:,} as they are"]
    left = [
        *([f"{plural(foreign, 'rule')} of others (--all)"] if foreign else []),
        *([f"{plural(prebuilt, 'prebuilt rule')} (--prebuilt)"] if prebuilt else []),
    ]
    return ", ".join(parts) + (f"; left out: {', '.join(left)}" if left else "")
