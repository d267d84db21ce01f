"""How fast events are read, and how much is left, on a line of the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from detections.events import Counts

_EVERY = 0.2
"""Seconds between two changes of the line."""


class Meter:
    """Adds up what was read, and shows it. ``total`` is about how many bytes there are, 0 if unknown."""

    def __init__(self, show: Callable[[str], None] | None, total: int) -> None:
        self._show = show
        self._total = total
        self._began = self._shown = time.monotonic()
        self._events = self._bytes = 0

    def add(self, counts: Counts) -> None:
        self._events += counts.events
        self._bytes += counts.bytes
        now = time.monotonic()
        if self._show and now - self._shown >= _EVERY:
            self._shown = now
            self._show(line(self._events, self._bytes, self._total, now - self._began))


def line(events: int, read: int, total: int, seconds: float) -> str:
    """``1,234,567 events, 25,300/s, 41 %, 2 min left``; how many bytes there are is an estimate where they are packed,
    so it is never quite done."""
    said = f"{events:,} events, {events / max(seconds, 0.001):,.0f}/s"
    if not total or not read:
        return said
    share = min(read / total, 0.99)
    return f"{said}, {100 * share:.0f} %, {duration(seconds / share - seconds)} left"


def duration(seconds: float) -> str:
    """``50 s``, ``12 min``, ``2.5 h``"""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
