"""What a pull did to the files, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detections.deploy.pull import FileChange
from detections.payload import Difference, render
from detections.report.count import plural
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def change(file: FileChange) -> Iterator[Output]:
    """One file: its name, and the lines that differ; of a new file only how many there are."""
    if file.before is None:
        lines = plural(file.after.count("\n"), "line")
        yield line(Styled("+", "green", bold=True), f" {file.path}  {file.about}, {lines}")
        return
    yield line(Styled("~", "yellow", bold=True), f" {file.path}  {file.about}")
    for text in render(Difference(file.path, file.before, file.after))[1:]:
        yield line(Styled(text, _COLOURS.get(text.lstrip()[:1])))


def summary(files: Iterable[FileChange], unchanged: int, foreign: int, prebuilt: int, *, dry: bool) -> Output:
    """``2 files changed, 1 new, 21 unchanged; left out: ...``."""
    written = list(files)
    fresh = sum(file.before is None for file in written)
    would = "to change" if dry else "changed"
    parts = [f"{plural(len(written) - fresh, 'file')} {would}", f"{fresh:,} new", f"{unchanged:,} unchanged"]
    left = [
        *([f"{plural(foreign, 'rule')} of others (--all)"] if foreign else []),
        *([f"{plural(prebuilt, 'prebuilt rule')} (--prebuilt)"] if prebuilt else []),
    ]
    return line(", ".join(parts) + (f"; left out: {', '.join(left)}" if left else ""))
