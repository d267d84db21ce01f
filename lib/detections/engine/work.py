"""Plans made ready, and what they collect of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.indices import Searched
from detections.engine.lacking import CODE, said
from detections.engine.protocol import Task
from detections.engine.runners import Runner, collector
from detections.errors import Finding, Level, Location
from detections.events import Batch, Counts, Share
from detections.events.ahead import ahead as read_ahead


class Collected(NamedTuple):
    """What a batch has for each plan, what was wrong with its events, how many it read, and of how many of them nobody
    knows the index where that matters."""

    parts: list[object]
    findings: list[Finding]
    counts: Counts
    unplaced: int = 0


class Work:
    """Plans made ready together: they share the answers to leaves, and the fields that are decoded."""

    def __init__(self, tasks: Sequence[Task], predicates: Predicates | None = None, ready: Runner = collector) -> None:
        """``predicates``: those made ready for an earlier piece of work with the same plans. ``ready`` is what makes a
        plan ready.

        Raises NotEvaluated where nothing in this process runs one of the plans.
        """
        self._predicates = predicates or Predicates()
        self.collectors: list[Collector[object]] = [ready(plan, window, self._predicates) for plan, window in tasks]
        self._indices = [plan.indices for plan, _ in tasks]
        self._searched = Searched(self._indices)
        paths = [*self._searched.paths, *(path for made in self.collectors for path in made.paths)]
        self._paths = list(dict.fromkeys([*self._predicates.paths, *paths]))
        self._moments = _moments(tasks)

    def collect(self, batch: Batch) -> Collected:
        """What one batch has for each plan. Plans that are executed at one moment share its answers."""
        evaluators = {now: Evaluator(batch, self._predicates, self._paths, now) for now in dict.fromkeys(self._moments)}
        seen = self._searched.seen(next(iter(evaluators.values()), Evaluator(batch)))
        asked = zip(self.collectors, self._moments, map(seen.rows.__getitem__, self._indices), strict=True)
        parts = [
            made.collect(evaluators[now].among(rows, now, relative=False)) if rows else None
            for made, now, rows in asked
        ]
        for evaluator in evaluators.values():
            for path, rows in evaluator.left.items():
                message = said(evaluator.lacking, path)
                batch.tell(Finding(CODE, message, Location("events"), Level.WARNING, count=rows.bit_count()))
        return Collected(parts, batch.findings, batch.counts(), seen.unknown)

    def collect_all(self, share: Share, *, ahead: bool = False) -> list[Collected]:
        """The same of each batch of a share, and at the end what was wrong with its files, and how many they were.
        ``ahead``: batches are read in a thread, before it is their turn."""
        findings: list[Finding] = []
        counted: list[Counts] = []
        batches = share.batches(findings.append, counted.append)
        collected = [self.collect(batch) for batch in (read_ahead(batches) if ahead else batches)]
        return [*collected, Collected([None] * len(self.collectors), findings, sum(counted, Counts()))]


def _moments(tasks: Sequence[Task]) -> list[int | None]:
    """The moments in which plans are executed; None where that is no matter."""
    moments = [window.now for _, window in tasks]
    if len(set(moments)) < 2:
        return moments
    return [window.now if plan.relative else None for plan, window in tasks]
