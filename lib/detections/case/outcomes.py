"""What the cases of a rule say of several plans: the rule's own and changed ones, all on the embedded engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from detections.case.event import Bases, documents
from detections.case.model import Case
from detections.case.run import own_alerts, window
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import DetectionsError
from detections.events import Document, batches
from detections.plan import Plan, Window
from detections.rule import Rule

Outcome: TypeAlias = tuple[tuple[str, ...], ...]
"""The new terms of each alert on the case's own event, in order; nothing where the rule stays quiet."""

Numbered: TypeAlias = Sequence[tuple[int, Plan]]

QUIET: Outcome = ()


def outcomes(rule: Rule, plans: Sequence[Plan], cases: Sequence[Case], bases: Bases) -> list[list[Outcome]]:
    """For each plan the outcome of every case; quiet where the case's events cannot be made.

    Raises:
        NotEvaluated: the embedded engine cannot run one of the plans.
    """
    table = [[QUIET] * len(cases) for _ in plans]
    single = [(number, plan) for number, plan in enumerate(plans) if plan.lookback == 0]
    joining = [(number, plan) for number, plan in enumerate(plans) if plan.lookback != 0]
    for place, number, alerts in (*_together(rule, single, cases, bases), *_apart(rule, joining, cases, bases)):
        table[number][place] = tuple(sorted(alert.new_terms for alert in alerts))
    return table


Found: TypeAlias = Iterator[tuple[int, int, list[Alert]]]
"""Number of the case, number of the plan, and the alerts on the case's own event."""


def _together(rule: Rule, plans: Numbered, cases: Sequence[Case], bases: Bases) -> Found:
    """Where each event alerts by itself, the own events of all cases are one input."""
    events: list[Document] = []
    places: list[int] = []
    for place, case in enumerate(cases):
        for _, plan in plans[:1]:
            made = _made(rule, plan, case, bases)
            if made is not None and made[0].holds(made[1] + case.event.at):
                places.append(place)
                events.append(made[2][-1])
    found: dict[tuple[int, int], list[Alert]] = {}
    for number, alert in _run([(number, plan, Window()) for number, plan in plans], events):
        found.setdefault((places[alert.position], number), []).append(alert)
    return ((place, number, alerts) for (place, number), alerts in found.items())


def _apart(rule: Rule, plans: Numbered, cases: Sequence[Case], bases: Bases) -> Found:
    """Elsewhere the events of each case are one."""
    for place, case in enumerate(cases):
        made = [(number, plan, _made(rule, plan, case, bases)) for number, plan in plans]
        tasks = [(number, plan, found[0]) for number, plan, found in made if found is not None]
        events = next((found[2] for _, _, found in made if found is not None), [])
        alerts: dict[int, list[Alert]] = {}
        for number, alert in _run(tasks, events):
            alerts.setdefault(number, []).append(alert)
        yield from ((place, number, list(own_alerts(some))) for number, some in alerts.items())


def _made(rule: Rule, plan: Plan, case: Case, bases: Bases) -> tuple[Window, int, list[Document]] | None:
    """The window, now, and the events; None where they cannot be made."""
    try:
        now, events = documents(case, bases)
        return window(rule, plan, now), now, events
    except (DetectionsError, ValueError):
        return None


def _run(tasks: Iterable[tuple[int, Plan, Window]], events: list[Document]) -> Iterator[tuple[int, Alert]]:
    """The alerts, each with the number of its plan."""
    numbered = [(plan.named(str(number)), window) for number, plan, window in tasks]
    if events and numbered:
        for alert in Embedded().run(numbered, batches(events, batch_size=len(events))):
            yield int(alert.rule_id), alert
