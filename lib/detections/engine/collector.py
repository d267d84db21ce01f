"""What runs a plan over the batches of an input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from detections.engine.alert import Alert
from detections.engine.evaluator import Evaluator

Part = TypeVar("Part")
"""What one batch has for a plan; it travels between processes."""


class Collector(ABC, Generic[Part]):
    """A plan made ready for a window. ``paths`` are the fields that it will ask batches for.

    Putting together does not depend on the order of batches, so one process and many raise the same alerts.
    """

    paths: Sequence[str] = ()

    @abstractmethod
    def collect(self, evaluator: Evaluator) -> Part | None:
        """What one batch has for the plan, None for nothing."""

    @abstractmethod
    def merge(self, part: Part) -> None:
        """Add what a batch had."""

    def matters(self, evaluator: Evaluator, inside: int, before: int) -> int:
        """Of the rows before its window those that may matter to the rows inside; where that is not known, all."""
        return before

    def ready(self) -> Iterator[Alert]:
        """The alerts that no later batch will change, each once. They are not among :meth:`alerts`."""
        return iter(())

    def not_run(self) -> str:
        """Why the plan said nothing about what was merged; empty where it did."""
        return ""

    @abstractmethod
    def alerts(self) -> Iterator[Alert]:
        """The alerts that are left when all batches were merged.

        Raises:
            NotEvaluated: there was more to keep than a limit allows.
        """
