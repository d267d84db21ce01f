"""How much a command has read and run, and how much not: its last lines, and its exit code."""

from __future__ import annotations

from collections.abc import Iterator

from detections.cli.common import Warnings
from detections.cli.output import tell
from detections.errors import Level
from detections.events import Counts
from detections.report.count import plural
from detections.report.sinks import Styled
from detections.values.dates import format_date


class Done:
    """What was read of the events, added up from its parts, and how many alerts that made."""

    def __init__(self, warnings: Warnings) -> None:
        self._warnings = warnings
        self.counts = Counts()
        self.alerts = 0

    def add(self, counts: Counts) -> None:
        self.counts += counts

    def events(self) -> str:
        """``1,234 events in 12 files, 2026-01-31T00:00:00.000Z to 2026-01-31T23:59:59.000Z``"""
        counts = self.counts
        said = f"{plural(counts.events, 'event')} in {plural(counts.files - counts.unread, 'file')}"
        if counts.first is not None and counts.last is not None:
            said += f", {format_date(counts.first)} to {format_date(counts.last)}"
        return said

    def close(self, *not_done: str, strict: bool) -> int:
        """Say what was not done, and give the exit code."""
        left = [*not_done, *self._not_read()]
        if left:
            tell(Styled("not done", "red", bold=True), f": {', '.join(left)}")
        levels = self._warnings.levels
        return int(bool(left) or levels[Level.ERROR] > 0 or (strict and levels[Level.WARNING] > 0))

    def _not_read(self) -> Iterator[str]:
        counts = self.counts
        if counts.unread:
            yield f"{plural(counts.unread, 'file')} not read, or not to the end"
        if counts.refused:
            yield f"{plural(counts.refused, 'place')} in files that hold no event"
        if counts.files and not counts.events:
            yield "no event was read"
