"""The engine in this process, or in several."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from operator import attrgetter

from detections.engine.alert import Alert
from detections.engine.checkpoint import Checkpoint
from detections.engine.collector import Collector
from detections.engine.evaluator import Predicates
from detections.engine.kept import Keeper, Kept
from detections.engine.processes import Processes
from detections.engine.protocol import Task
from detections.engine.runners import Runner, collector, why_not
from detections.engine.shares import Here, Workers, collected
from detections.engine.work import Collected, Work
from detections.errors import Finding, Level, Location, NotEvaluated
from detections.events import Batch, Counts, Share, Shared, TimeRange
from detections.plan import Plan, Window
from detections.values import limits

UNKNOWN_INDEX = "unknown-index"


NOT_RUN = "not-replayed"


@dataclass(frozen=True, slots=True)
class Embedded:
    """Evaluates plans over events in this process, or in ``jobs`` processes: the same alerts in the same order.

    ``report`` is told once of everything that was wrong with the events, ``count`` of how many were read.
    ``predicates``, where given, are kept from one run to the next: for many runs of the same plans in this process.
    ``any_index``: every plan sees every event, whatever indices it searches. ``checkpoint`` is what was finished of the
    same run before, and keeps what is finished now. ``elsewhere`` opens other workers than processes of this machine.
    """

    jobs: int = 1
    report: Callable[[Finding], None] | None = field(default=None, compare=False)
    count: Callable[[Counts], None] | None = field(default=None, compare=False)
    predicates: Predicates | None = field(default=None, compare=False, repr=False)
    any_index: bool = False
    checkpoint: Checkpoint | None = field(default=None, compare=False, repr=False)
    elsewhere: Callable[[Sequence[Task], Runner], AbstractContextManager[Workers]] | None = None

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
        tasks = self._searching(tasks)
        work = Work(tasks, self.predicates)
        for _ in self._read(work, tasks, batches, collector):
            for plan in work.collectors:
                yield from plan.ready()
        for (asked, _), made in zip(tasks, work.collectors, strict=True):
            yield from self._alerts(made)
            if self.report is not None and (why := made.not_run()):
                said = f"{asked.rule_name} is not replayed: {why}"
                self.report(Finding(NOT_RUN, said, Location("events"), Level.WARNING))

    def keep(self, plans: Sequence[Plan], batches: Iterable[Batch]) -> list[Kept | NotEvaluated]:
        """For each plan the events that it may ask about, from one reading, so that it can be executed many times; why
        not, where there are too many.

        Raises:
            EventsError, WorkerLost: as in a run.
        """
        tasks = self._searching([(plan, Window()) for plan in plans])
        keepers: list[Keeper] = []

        def ready(plan: Plan, window: Window, predicates: Predicates) -> Keeper:
            keepers.append(Keeper(plan, window, predicates))
            return keepers[-1]

        for _ in replace(self, checkpoint=None)._read(Work(tasks, ready=ready), tasks, batches, Keeper):
            pass
        return [keeper.kept() for keeper in keepers]

    def _searching(self, tasks: Sequence[Task]) -> Sequence[Task]:
        return [(replace(plan, indices=()), window) for plan, window in tasks] if self.any_index else tasks

    def _read(self, work: Work, tasks: Sequence[Task], batches: Iterable[Batch], ready: Runner) -> Iterator[None]:
        """Let the collectors of a piece of work have what the batches have for them, batch by batch."""
        unknown = 0
        for parts, findings, counts, unplaced in self._collected(work, tasks, batches, ready):
            unknown += unplaced
            for plan, part in zip(work.collectors, parts, strict=True):
                if part is not None:
                    plan.merge(part)
            if self.report is not None:
                for finding in findings:
                    self.report(finding)
            if self.count is not None:
                self.count(counts)
            yield
        if unknown and self.report is not None:
            said = "events do not say in which index they are: every rule sees them"
            self.report(Finding(UNKNOWN_INDEX, said, Location("events"), Level.NOTE, count=unknown))

    def _alerts(self, found: Collector[object]) -> Iterator[Alert]:
        """The alerts of one plan. That it had too much to keep is reported, where somebody is to be told."""
        try:
            yield from found.alerts()
        except NotEvaluated as error:
            if self.report is None:
                raise
            self.report(Finding(limits.CODE, f"not evaluated: {error}", Location("events"), Level.WARNING))

    def _collected(
        self, work: Work, tasks: Sequence[Task], batches: Iterable[Batch], ready: Runner
    ) -> Iterator[Collected]:
        shares: Iterable[Share] = batches
        fresh: bool | None = False
        if isinstance(batches, Shared):
            batches.narrow(_span(tasks))
            fresh = batches.needs_fresh
            shares = batches.shares(self.jobs, marked=self.checkpoint is not None or self.elsewhere is not None)
        if self.elsewhere is not None:
            with self.elsewhere(tasks, ready) as workers:
                yield from collected(workers, shares, self.checkpoint)
        elif self.jobs > 1:
            with Processes(self.jobs, tasks, ready, fresh=fresh) as processes:
                yield from collected(processes, shares, self.checkpoint)
        elif self.checkpoint is not None:
            with _no_collection():
                yield from collected(Here(work), shares, self.checkpoint)
        else:
            with _no_collection():
                for batch in batches:
                    yield work.collect(batch)


def _span(tasks: Sequence[Task]) -> TimeRange:
    """The time that some plans ask about, with what they look back to."""
    starts = [window.start if window.history is None else window.history for _, window in tasks]
    ends = [window.end for _, window in tasks]
    return TimeRange(
        min((start for start in starts if start is not None), default=None) if None not in starts else None,
        max((end for end in ends if end is not None), default=None) if None not in ends else None,
    )


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
