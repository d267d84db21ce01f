"""What the cases of a rule say of several plans: the rule's own and changed ones, all on the embedded engine."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from detections.case.event import Bases, documents
from detections.case.model import Case
from detections.case.run import group_of, own_alerts, row_of, window
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.evaluator import Predicates
from detections.engine.protocol import Task
from detections.errors import DetectionsError
from detections.events import Document, batches
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.schedule.suppression import in_one_execution, most_of

CaseOutcome: TypeAlias = tuple[tuple[str, ...], ...]
"""Of each alert on the case's own event whether it is suppressed, the terms, and what its row has in the columns that
the case tells; nothing where the rule stays quiet."""

Numbered: TypeAlias = dict[int, Plan]
"""Plans by their numbers, which are their names, too, so that their alerts can be told apart."""
Alerts: TypeAlias = Iterator[tuple[int, int, Alert, bool]]
"""An alert on a case's own event: number of the plan, number of the case, the alert, and whether it is suppressed."""


def outcomes(rule: Rule, plans: Sequence[Plan], cases: Sequence[Case], bases: Bases) -> list[list[CaseOutcome]]:
    """For each plan the outcome of every case; quiet where the case's events cannot be made.

    Raises:
        NotEvaluated: the embedded engine cannot run one of the plans.
    """
    named = [plan.named(str(number)) for number, plan in enumerate(plans)]
    alone = {number: plan for number, plan in enumerate(named) if _is_alone(plan)}
    joining = {number: plan for number, plan in enumerate(named) if number not in alone}
    terms: dict[tuple[int, int], list[tuple[str, ...]]] = defaultdict(list)
    for found in (_together(rule, alone, cases, bases), _apart(rule, joining, cases, bases)):
        for number, place, alert, suppressed in found:
            row = row_of(cases[place].row or (), alert) | group_of(cases[place], alert)
            terms[number, place].append((*["suppressed"] * suppressed, *alert.terms, *map(repr, row.values())))
    return [[tuple(sorted(terms[number, place])) for place in range(len(cases))] for number in range(len(plans))]


def _together(rule: Rule, plans: Numbered, cases: Sequence[Case], bases: Bases) -> Alerts:
    """Where each event alerts by itself, the own events of all cases are one input; the window has sorted them out."""
    places: list[int] = []
    events: list[Document] = []
    for place, case in enumerate(cases):
        made = _made(case, bases)
        inside = None if made is None else next((_window(rule, plan, made[0]) for plan in plans.values()), None)
        if made is not None and inside is not None and inside.holds(made[0] + case.event.at):
            places.append(place)
            events.append(made[1][-1])
    for number, alert, suppressed in _run(Embedded(), [(plan, Window()) for plan in plans.values()], events):
        yield number, places[alert.position], alert, suppressed


def _apart(rule: Rule, plans: Numbered, cases: Sequence[Case], bases: Bases) -> Alerts:
    """Elsewhere each case is an input of its own."""
    engine = Embedded(predicates=Predicates())
    for place, case in enumerate(cases):
        made = _made(case, bases)
        if made is not None:
            windows = [(plan, _window(rule, plan, made[0])) for plan in plans.values()]
            tasks = [(plan, window) for plan, window in windows if window is not None]
            found = _run(engine, tasks, made[1], most_of(rule))
            yield from ((number, place, alert, passed) for number, alert, passed in found if own_alerts([alert]))


def _is_alone(plan: Plan) -> bool:
    """Whether each event alerts by itself, whatever else happens and whenever it is."""
    return plan.lookback == 0 and not plan.relative and plan.suppression is None


def _made(case: Case, bases: Bases) -> tuple[int, list[Document]] | None:
    """Now, and the events of a case; None where they cannot be made."""
    try:
        return documents(case, bases)
    except (DetectionsError, ValueError):
        return None


def _window(rule: Rule, plan: Plan, now: int) -> Window | None:
    try:
        return window(rule, plan, now)
    except ValueError:
        return None


def _run(
    engine: Embedded, tasks: Sequence[Task], events: list[Document], most: int = sys.maxsize
) -> Iterator[tuple[int, Alert, bool]]:
    """The alerts, each with the number that its plan is named by, and whether it is suppressed."""
    if events and tasks:
        found: dict[str, list[Alert]] = {plan.rule_id: [] for plan, _ in tasks}
        for alert in engine.run(tasks, batches(events, batch_size=len(events))):
            found[alert.rule_id].append(alert)
        for plan, _ in tasks:
            made = in_one_execution(plan, found[plan.rule_id], most)
            yield from ((int(plan.rule_id), alert, False) for alert in made.alerts)
            yield from ((int(plan.rule_id), alert, True) for alert in made.suppressed)
