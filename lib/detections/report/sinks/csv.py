"""CSV (RFC 4180), a record a line. It may reach a terminal or the log of a CI job all the same, so what does not print
there, a line break too, is shown as its escape, and no line is a workflow command of GitHub Actions.
"""

from __future__ import annotations

from collections.abc import Sequence

from detections.errors import printable
from detections.report.sinks import Output


def record(cells: Sequence[str]) -> Output:
    """A line of these values."""
    text = ",".join(map(_cell, cells))
    return Output(text.replace("##[", r"##\x5b") if text or len(cells) != 1 else '""')


def _cell(value: str) -> str:
    shown = printable(value)
    if any(mark in shown for mark in ',"') or shown.lstrip().startswith("::"):
        return '"' + shown.replace('"', '""') + '"'
    return shown
