"""The engine in this process, or in several."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeAlias

from detections.engine.alert import Alert
from detections.engine.collector import Collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.protocol import Task
from detections.engine.runners import collector, why_not
from detections.errors import Finding
from detections.events import Batch
from detections.plan import Plan

Collected: TypeAlias = tuple[list[Any], list[Finding]]
"""What a batch has for each plan, and what was wrong with its events."""

_WAITING = 2
"""Batches under way for each process: enough to keep it busy, few enough to keep memory flat."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Evaluates plans over events in this process, or in ``jobs`` processes: the same alerts in the same order.

    ``report`` is told once of everything that was wrong with the events.
    """

    jobs: int = 1
    report: Callable[[Finding], None] | None = field(default=None, compare=False)

    def why_not(self, plan: Plan) -> str | None:
        """Why nothing in this process runs a plan, None where something does."""
        return why_not(plan)

    def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its window, sorted by timestamp (none last), then rule_id, then input.

        Raises:
            NotEvaluated: nothing in this process runs one of the plans, or it has a regular expression that
                Elasticsearch refuses.
            EventsError: the events cannot be read at all.
        """
        work = _Work(tasks)
        for parts, findings in self._collected(work, tasks, batches):
            for plan, part in zip(work.collectors, parts, strict=True):
                if part is not None:
                    plan.merge(part)
            if self.report is not None:
                for finding in findings:
                    self.report(finding)
        yield from sorted((alert for plan in work.collectors for alert in plan.alerts()), key=attrgetter("order"))

    def _collected(self, work: _Work, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Collected]:
        if self.jobs > 1:
            yield from _in_processes(self.jobs, tasks, batches)
            return
        with _no_collection():
            for batch in batches:
                yield work.collect(batch)


class _Work:
    """The plans made ready."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._predicates = Predicates()
        self.collectors: list[Collector[Any]] = [collector(plan, window, self._predicates) for plan, window in tasks]
        paths = [path for plan in self.collectors for path in plan.paths]
        self._paths = list(dict.fromkeys([*self._predicates.paths, *paths]))

    def collect(self, batch: Batch) -> Collected:
        evaluator = Evaluator(batch, self._predicates, self._paths)
        return [plan.collect(evaluator) for plan in self.collectors], list(batch.findings)


_work: list[_Work] = []
"""In a worker process: the one piece of work that it was started for."""


def _start(tasks: Sequence[Task]) -> None:
    _work.append(_Work(tasks))
    gc.disable()


def _collect(batch: Batch) -> Collected:
    return _work[0].collect(batch)


def _in_processes(jobs: int, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Collected]:
    waiting: deque[Future[Collected]] = deque()
    executor = ProcessPoolExecutor(jobs, initializer=_start, initargs=(tasks,))
    try:
        for batch in batches:
            waiting.append(executor.submit(_collect, batch))
            if len(waiting) > _WAITING * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without Python's cycle collector, which would walk the columns over and over and find nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
