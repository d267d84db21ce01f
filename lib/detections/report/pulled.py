"""What a pull did to the files, for a person at a terminal. Colours are ANSI codes; whoever prints strips them."""

from __future__ import annotations

from collections.abc import Iterable

import click

from detections.deploy.pull import FileChange
from detections.errors import printable
from detections.payload import Difference, render
from detections.report.count import plural

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change(file: FileChange) -> str:
    """One file: its name, and the lines that differ; of a new file only how many there are."""
    path, about = printable(file.path), printable(file.about)
    if file.before is None:
        lines = plural(file.after.count("\n"), "line")
        return f"{click.style('+', fg='green', bold=True)} {path}  {about}, {lines}"
    shown = [f"{click.style('~', fg='yellow', bold=True)} {path}  {about}"]
    for line in render(Difference(file.path, file.before, file.after))[1:]:
        text = printable(line)
        shown.append(click.style(text, fg=_COLOURS.get(text.lstrip()[:1])))
    return "\n".join(shown)


def summary(files: Iterable[FileChange], unchanged: int, foreign: int, prebuilt: int, *, dry: bool) -> str:
    """``2 files changed, 1 new, 21 unchanged; left out: ...``."""
    written = list(files)
    fresh = sum(file.before is None for file in written)
    would = "to change" if dry else "changed"
    parts = [f"{plural(len(written) - fresh, 'file')} {would}", f"{fresh:,} new", f"{unchanged:,} unchanged"]
    left = [
        *([f"{plural(foreign, 'rule')} of others (--all)"] if foreign else []),
        *([f"{plural(prebuilt, 'prebuilt rule')} (--prebuilt)"] if prebuilt else []),
    ]
    return ", ".join(parts) + (f"; left out: {', '.join(left)}" if left else "")
