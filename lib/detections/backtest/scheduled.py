"""A backtest as the scheduler runs the rules: execution by execution, with what each of them sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from detections.backtest.run import Run
from detections.backtest.selection import selection
from detections.engine import Embedded
from detections.errors import Finding, NotEvaluated
from detections.events import Batch
from detections.plan import Window
from detections.schedule import Outage, played


def play(
    run: Run,
    engine: Embedded,
    batches: Iterable[Batch],
    *,
    start: int | None,
    end: int | None,
    outages: Sequence[Outage] = (),
    report: Callable[[Finding], None],
) -> None:
    """Execute the tasks of a run as :func:`detections.schedule.executions` executes rules, and let it take the alerts.

    ``report`` is told of executions that raised ``max_signals``, and of gaps.

    Raises:
        EventsError, WorkerLost: the events cannot be read.
    """
    plans = [plan for plan, _ in run.tasks]
    kept = []
    for number, (plan, found) in enumerate(zip(plans, engine.keep(plans, batches), strict=True)):
        if isinstance(found, NotEvaluated):
            run.refuse(number, str(found))
            continue
        kept.append((run.rules[number], plan, found))
        if number in run.selections and found.first is not None:
            inside = Window(found.first if start is None else start, found.last if end is None else end)
            for alert in found.run(selection(plan), inside):
                run.selections[number](alert)
    for execution in played(kept, start=start, end=end, outages=outages, report=report):
        for alert in execution.alerts:
            run.take(alert)
        for alert in execution.suppressed:
            run.suppress(alert)
