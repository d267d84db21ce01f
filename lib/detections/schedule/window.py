"""Replay in one window: as if every rule had been executed once, over all of the time asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter

from detections.compile.exceptions import ExceptionLists
from detections.compile.guesses import guess_findings
from detections.compile.planner import NO_LISTS, NO_TABLES
from detections.compile.planner import plan as make_plan
from detections.compile.tables import Tables
from detections.engine.alert import Alert
from detections.engine.embedded import NOT_RUN
from detections.engine.protocol import Engine
from detections.errors import Finding, Level, NotEvaluated, QueryError
from detections.events import Batch
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.schedule.suppression import in_one_window, told

CODE = NOT_RUN


def replay(
    rules: Iterable[Rule],
    batches: Iterable[Batch],
    engine: Engine,
    *,
    start: int | None = None,
    end: int | None = None,
    tables: Tables = NO_TABLES,
    report: Callable[[Finding], None] | None = None,
    exceptions: ExceptionLists = NO_LISTS,
) -> Iterator[Alert]:
    """The alerts of the rules over the events in [start, end], milliseconds, sorted by timestamp, rule_id and input.

    Without them every event is inside the window and there is no history before the first event, so that a new term
    alerts once, at its first event. With a start, history reaches back from it as far as the rule's
    ``history_window_start`` reaches back from now; date math counts from the end, where there is one. ``max_signals``
    plays no part; suppression is that of one execution, with a ``duration`` as if rules were executed all the time.
    ``tables`` are what ES|QL looks up. A rule that nothing here evaluates is told to ``report`` as a
    warning, and the others run. ``exceptions`` are what the rules refer to.
    """
    tasks = []
    for rule in rules:
        try:
            plan = make_plan(rule, tables=tables, exceptions=exceptions)
            if why := engine.why_not(plan):
                raise NotEvaluated(why)
            tasks.append((rule, plan, window_of(plan, start, end)))
            if report is not None:
                for finding in guess_findings(rule, plan):
                    report(finding)
        except (NotEvaluated, QueryError) as error:
            if report:
                report(refusal(rule, error))
    suppressing = {plan.rule_id: (rule, plan) for rule, plan, _ in tasks if plan.suppression is not None}
    found = engine.run([(plan, window) for _, plan, window in tasks], batches)
    return _raised(found, suppressing, report) if suppressing else found


def _raised(
    found: Iterable[Alert], suppressing: Mapping[str, tuple[Rule, Plan]], report: Callable[[Finding], None] | None
) -> Iterator[Alert]:
    """The alerts of plans in their order, without those that are suppressed."""
    alerts: list[Alert] = []
    theirs: dict[str, list[Alert]] = {rule_id: [] for rule_id in suppressing}
    for alert in found:
        theirs.get(alert.rule_id, alerts).append(alert)
    for rule_id, (rule, plan) in suppressing.items():
        raised = in_one_window(plan, theirs[rule_id])
        alerts += raised.alerts
        if raised.suppressed and report is not None:
            report(told(rule, len(raised.suppressed)))
    yield from sorted(alerts, key=attrgetter("order"))


def refusal(rule: Rule, error: NotEvaluated | QueryError) -> Finding:
    """That a rule is not replayed, and why."""
    said, offset = (error.message, error.start) if isinstance(error, QueryError) else (str(error), 0)
    keys = ("rule", "query" if rule.query else "type")
    return rule.document.finding(CODE, f"{rule.name} is not replayed: {said}", keys, offset=offset, level=Level.WARNING)


def window_of(plan: Plan, start: int | None, end: int | None) -> Window:
    """The window of a plan in a replay of [start, end].

    Raises:
        NotEvaluated: the rule's date math is none.
    """
    if start is None:
        return Window(start, end, now=end)
    now = round(time.time() * 1000)
    try:
        history = plan.history(now)
    except ValueError as error:
        raise NotEvaluated(str(error)) from None
    return Window(start, end, None if history is None else start - (now - history), end)
