"""A finding for a person: its place and message, its line with a caret, its hint."""

from __future__ import annotations

from collections.abc import Iterator

from detections.errors import Finding, Level
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def finding(one: Finding) -> Iterator[Output]:
    code = Styled(one.code, _COLOURS[one.level], bold=True)
    yield line(Styled(f"{one.location}:", bold=True), " ", code, f" {one.message}{one.times}")
    yield from (line("    ", Styled(text, dim=True)) for text in one.below())
