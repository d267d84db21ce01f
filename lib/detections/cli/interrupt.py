"""Ctrl-C that ends the reading of events, and not the command: what was read is reported."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from detections.cli.output import tell
from detections.events import Batch, Input, Share, TimeRange


class Interruption:
    """Whether Ctrl-C was pressed; a second one ends the command."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
        tell()
        tell("interrupted: what was read so far is reported (Ctrl-C again ends at once)")


@contextlib.contextmanager
def interruption() -> Iterator[Interruption]:
    """Catch Ctrl-C as long as this is entered."""
    found = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield found
        return
    usual = signal.signal(signal.SIGINT, found)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, usual)


class Until:
    """Events up to an interruption."""

    def __init__(self, events: Input, interruption: Interruption) -> None:
        self._events = events
        self._interruption = interruption

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._events:
            if self._interruption.came:
                return
            yield batch

    @property
    def needs_fresh(self) -> bool | None:
        return self._events.needs_fresh

    def narrow(self, span: TimeRange) -> None:
        self._events.narrow(span)

    def shares(self, jobs: int, *, marked: bool = False) -> Iterator[Share]:
        """What each of several processes takes next, up to the interruption."""
        for share in self._events.shares(jobs, marked=marked):
            if self._interruption.came:
                return
            yield share
