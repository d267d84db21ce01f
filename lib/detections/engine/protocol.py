"""What an engine is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from detections.engine.alert import Alert
from detections.events import Batch
from detections.plan import Plan, Window


class Engine(Protocol):
    """Something that can run plans over events: the embedded engine, or a real Elasticsearch."""

    def run(self, tasks: Sequence[tuple[Plan, Window]], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its window, sorted by timestamp, then rule_id, then position."""
        ...
