"""What an engine is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias

from detections.engine.alert import Alert
from detections.events import Batch
from detections.plan import Plan, Window

Task: TypeAlias = tuple[Plan, Window]


class Engine(Protocol):
    """Something that can run plans over events: the embedded engine, or a real Elasticsearch."""

    def why_not(self, plan: Plan) -> str | None:
        """Why it cannot run a plan, None where it can."""
        ...

    def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its window, sorted by timestamp, then rule_id, then position."""
        ...
