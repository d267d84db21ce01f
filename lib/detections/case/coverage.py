"""Clause coverage: does some case turn on each leaf of the query alone?

A leaf is covered by a case when it holds for the case's own event (for EQL, for an event at the leaf's stage), and
inverting its answer there, and nothing else, turns the verdict. (The half of MC/DC that a rule is written for: an event
for which neither side of `a or b` holds says nothing about which of them would find anything.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from detections.case.event import OWN, Bases, documents
from detections.case.model import Case, CaseFile, Clause
from detections.case.run import case_alerts, own_alerts, window
from detections.case.stages import conditions
from detections.engine import Embedded, Evaluator
from detections.engine.alert import Alert
from detections.errors import DetectionsError, Finding
from detections.events import Document, batches
from detections.mapping import Field
from detections.plan import EqlPlan, NewTermsPlan, Plan, RowsPlan, Window
from detections.plan.predicate import And, Equals, Leaf, Not, Or, Predicate, Test, leaves, rewrite
from detections.plan.rows import Where
from detections.rule import Rule

CODE = "coverage"

Turned: TypeAlias = dict[tuple[int, int], list[str]]
"""For the span of each leaf the names of the cases that turn on it."""


def coverage(rule: Rule, plan: Plan, file: CaseFile, bases: Bases) -> list[Clause]:
    """Every leaf of the rule's query, in the order of the text, with the cases that turn on it.

    Always on the embedded engine: it asks how the *query* decides, not who answers it. Cases whose events cannot be
    made cover nothing.
    """
    turned = _turned(rule, plan, file.cases, bases)
    excuses = {squeeze(entry.leaf): entry.why for entry in file.uncovered}
    query = rule.query or ""
    clauses = []
    for span in sorted(turned):
        text = squeeze(query[span[0] : span[1]])
        clauses.append(Clause(text, span, tuple(turned[span]), "" if turned[span] else excuses.get(text, "")))
    return clauses


def uncovered_findings(rule: Rule, file: CaseFile, clauses: Sequence[Clause]) -> list[Finding]:
    """One error a leaf that no case covers and nothing excuses, at the leaf; and an excuse that nothing needs."""
    findings = [
        rule.document.finding(
            CODE, f"no case turns on `{clause.text}` alone", ("rule", "query"), offset=clause.span[0],
            length=clause.span[1] - clause.span[0],
            hint=f"add a case to {file.document.path} that differs from an alert in this clause only",
        )
        for clause in clauses
        if not clause.covered and not clause.excuse
    ]  # fmt: skip
    open_leaves = {clause.text for clause in clauses if not clause.covered}
    for entry in file.uncovered:
        if squeeze(entry.leaf) not in open_leaves:
            message = f"`{entry.leaf}` is excused, but a case covers it or the query has no such leaf"
            findings.append(file.document.finding(CODE, message, ("uncovered", entry.index, "leaf")))
    return findings


def squeeze(text: str) -> str:
    """The text on one line, with single spaces."""
    return " ".join(text.split())


def _events(rule: Rule, plan: Plan, cases: Sequence[Case], bases: Bases) -> list[tuple[Case, Document]]:
    """The own events of the cases whose event lies inside the rule's window."""
    found = []
    for case in cases:
        try:
            now, made = documents(case, bases)
            span = window(rule, plan, now)
        except (DetectionsError, ValueError):
            continue
        if span.holds(now + case.event.at):
            found.append((case, made[-1]))
    return found


def _turned(rule: Rule, plan: Plan, cases: Sequence[Case], bases: Bases) -> Turned:
    if isinstance(plan, EqlPlan):
        # A filter's leaves are none of the query's, and as a query the plan would have them.
        query = plan.as_query() if plan.filter is None else None
        if query is None:
            return _turned_stages(rule, plan, cases, bases)
        plan = query
    events = _events(rule, plan, cases, bases)
    if isinstance(plan, RowsPlan):
        return _turned_rows(plan, events)
    if isinstance(plan, NewTermsPlan):
        events = [(case, made) for case, made in events if _could_alert(rule, plan, case, made, bases)]
    turned: Turned = defaultdict(list)
    for leaf in leaves(plan.predicate):
        turned[leaf.span] = []
    if not events:
        return turned
    (batch,) = batches([made for _, made in events], batch_size=len(events))
    evaluator = Evaluator(batch)
    selected = evaluator.answer(plan.predicate).true
    for number, leaf in enumerate(leaves(plan.predicate)):
        changed = selected ^ evaluator.answer(_invert(plan.predicate, number)).true
        turned[leaf.span] += [case.name for row, (case, _) in enumerate(events) if changed >> row & 1]
    return turned


def _could_alert(rule: Rule, plan: NewTermsPlan, case: Case, made: Document, bases: Bases) -> bool:
    """Would the event alert if the query selected it, its history being what it is?"""
    own = Test(Field("event.id", "keyword"), Equals(frozenset({made["event"]["id"]})))
    forced = replace(plan, predicate=Or((plan.predicate, own)), sent=None)
    return bool(case_alerts(rule, forced, case, bases, Embedded()))


def _turned_stages(rule: Rule, plan: EqlPlan, cases: Sequence[Case], bases: Bases) -> Turned:
    """The same for EQL: a leaf is inverted in its stage, and the whole case run, since its events make the verdict
    together."""
    made = []
    for case in cases:
        try:
            now, events = documents(case, bases)
            made.append((case, window(rule, plan, now), events))
        except (DetectionsError, ValueError):
            continue
    usual = [bool(_own(plan, span, events)) for _, span, events in made]
    asked = [Evaluator(batch) for _, _, events in made for batch in batches(events, batch_size=len(events))]
    turned: Turned = {}
    for predicate, put in conditions(plan):
        for number, leaf in enumerate(leaves(predicate)):
            inverted = put(_invert(predicate, number))
            turned.setdefault(leaf.span, []).extend(
                case.name
                for (case, span, events), alerts, evaluator in zip(made, usual, asked, strict=True)
                if evaluator.answer(leaf).true and bool(_own(inverted, span, events)) != alerts
            )
    return {span: list(dict.fromkeys(names)) for span, names in turned.items()}


def _turned_rows(plan: RowsPlan, events: Sequence[tuple[Case, Document]]) -> Turned:
    """The same for a row pipeline, which is run once a leaf over the own events of all cases."""
    renamed = []
    for number, (_, made) in enumerate(events):
        renamed.append({**made, "event": {**made["event"], "id": f"{OWN}:{number}"}})
    turned: Turned = defaultdict(list)
    usual = _alerted(plan, renamed)
    for place, command in enumerate(plan.pipeline.commands):
        if not isinstance(command, Where):
            continue
        for number, leaf in enumerate(leaves(command.predicate)):
            changed = usual ^ _alerted(with_where(plan, place, _invert(command.predicate, number)), renamed)
            turned[leaf.span] += [case.name for row, (case, _) in enumerate(events) if f"{OWN}:{row}" in changed]
    return turned


def with_where(plan: RowsPlan, place: int, predicate: Predicate) -> RowsPlan:
    """The plan with another condition in the WHERE that is its command number ``place``."""
    commands = plan.pipeline.commands
    changed = (*commands[:place], Where(predicate), *commands[place + 1 :])
    return replace(plan, pipeline=replace(plan.pipeline, commands=changed), sent=None)


def _alerted(plan: Plan, events: Sequence[Document]) -> set[str]:
    return {name for alert in _own(plan, Window(), events) for name in alert.event_ids}


def _own(plan: Plan, span: Window, events: Sequence[Document]) -> tuple[Alert, ...]:
    return own_alerts(Embedded().run([(plan, span)], batches(events)))


def _invert(predicate: Predicate, number: int) -> Predicate:
    """The predicate with its leaf number ``number`` answering false where it is true, and else as it does."""
    count = -1

    def change(leaf: Leaf) -> Predicate:
        nonlocal count
        count += 1
        return And((leaf, Not(leaf))) if count == number else leaf

    return rewrite(predicate, change)
