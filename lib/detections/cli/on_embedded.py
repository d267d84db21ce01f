"""``--on embedded``: in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from detections.cli.engines import Running, Settings
from detections.engine import Embedded
from detections.errors import Finding, UsageError


@contextmanager
def running(settings: Settings, report: Callable[[Finding], None]) -> Iterator[Running]:
    """The embedded engine.

    Raises:
        UsageError: a server is named.
    """
    if settings != Settings():
        raise UsageError("a server is given, but the rules would run in this process: use --on elasticsearch")
    yield Running(Embedded(report=report), list)
