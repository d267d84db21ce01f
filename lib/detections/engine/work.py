"""Plans made ready, and what they collect of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.protocol import Task
from detections.engine.runners import Runner, collector
from detections.errors import Finding
from detections.events import Batch, Counts, Share

Collected: TypeAlias = tuple[list[object], list[Finding], Counts]
"""What a batch has for each plan, what was wrong with its events, and how many it read."""


class Work:
    """Plans made ready together: they share the answers to leaves, and the fields that are decoded."""

    def __init__(self, tasks: Sequence[Task], predicates: Predicates | None = None, ready: Runner = collector) -> None:
        """``predicates``: those made ready for an earlier piece of work with the same plans. ``ready`` is what makes a
        plan ready.

        Raises NotEvaluated where nothing in this process runs one of the plans.
        """
        self._predicates = predicates or Predicates()
        self.collectors: list[Collector[object]] = [ready(plan, window, self._predicates) for plan, window in tasks]
        paths = [path for made in self.collectors for path in made.paths]
        self._paths = list(dict.fromkeys([*self._predicates.paths, *paths]))
        self._moments = _moments(tasks)

    def collect(self, batch: Batch) -> Collected:
        """What one batch has for each plan. Plans that are executed at one moment share its answers."""
        evaluators = {now: Evaluator(batch, self._predicates, self._paths, now) for now in dict.fromkeys(self._moments)}
        pairs = zip(self.collectors, self._moments, strict=True)
        collected = [made.collect(evaluators[now]) for made, now in pairs]
        return collected, batch.findings, batch.counts()

    def collect_all(self, share: Share) -> list[Collected]:
        """The same of each batch of a share, and at the end what was wrong with its files, and how many they were."""
        findings: list[Finding] = []
        counted: list[Counts] = []
        collected = [self.collect(batch) for batch in share.batches(findings.append, counted.append)]
        return [*collected, ([None] * len(self.collectors), findings, sum(counted, Counts()))]


def _moments(tasks: Sequence[Task]) -> list[int | None]:
    """The moments in which plans are executed; None where that is no matter."""
    moments = [window.now for _, window in tasks]
    if len(set(moments)) < 2:
        return moments
    return [window.now if plan.relative else None for plan, window in tasks]
