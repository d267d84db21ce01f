"""The engine in this process, or in several."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter

from detections.engine.alert import Alert
from detections.engine.collector import Collector
from detections.engine.evaluator import Predicates
from detections.engine.processes import in_processes
from detections.engine.protocol import Task
from detections.engine.runners import why_not
from detections.engine.work import Collected, Work
from detections.errors import Finding, Level, Location, NotEvaluated
from detections.events import Batch, Counts, Input
from detections.plan import Plan
from detections.values import limits


@dataclass(frozen=True, slots=True)
class Embedded:
    """Evaluates plans over events in this process, or in ``jobs`` processes: the same alerts in the same order.

    ``report`` is told once of everything that was wrong with the events, ``count`` of how many were read.
    ``predicates``, where given, are kept from one run to the next: for many runs of the same plans in this process.
    """

    jobs: int = 1
    report: Callable[[Finding], None] | None = field(default=None, compare=False)
    count: Callable[[Counts], None] | None = field(default=None, compare=False)
    predicates: Predicates | None = field(default=None, compare=False, repr=False)

    def why_not(self, plan: Plan) -> str | None:
        """Why nothing in this process runs a plan, None where something does."""
        return why_not(plan)

    def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its window, sorted by timestamp (none last), then rule_id, then input.

        Raises as :meth:`found` does.
        """
        yield from sorted(self.found(tasks, batches), key=attrgetter("order"))

    def found(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The same alerts as they are found, in no order: those of which no later event can say anything at once, so
        that however many they are, they are not kept.

        Raises:
            NotEvaluated: nothing in this process runs one of the plans, or it has a regular expression that
                Elasticsearch refuses; or there was more to keep than a limit allows, and nobody is told by ``report``.
            EventsError: the events cannot be read at all.
            WorkerLost: one of the processes was killed.
        """
        work = Work(tasks, self.predicates)
        for parts, findings, counts in self._collected(work, tasks, batches):
            for plan, part in zip(work.collectors, parts, strict=True):
                if part is not None:
                    plan.merge(part)
            if self.report is not None:
                for finding in findings:
                    self.report(finding)
            if self.count is not None:
                self.count(counts)
            for plan in work.collectors:
                yield from plan.ready()
        for plan in work.collectors:
            yield from self._alerts(plan)

    def _alerts(self, collector: Collector[object]) -> Iterator[Alert]:
        """The alerts of one plan. That it had too much to keep is reported, where somebody is to be told."""
        try:
            yield from collector.alerts()
        except NotEvaluated as error:
            if self.report is None:
                raise
            self.report(Finding(limits.CODE, f"not evaluated: {error}", Location("events"), Level.WARNING))

    def _collected(self, work: Work, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Collected]:
        if self.jobs > 1:
            shares = batches.shares(self.jobs) if isinstance(batches, Input) else batches
            yield from in_processes(self.jobs, tasks, shares)
            return
        with _no_collection():
            for batch in batches:
                yield work.collect(batch)


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
