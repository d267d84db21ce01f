"""Cases made from a rule's query: events that satisfy it, and near-misses, each asked of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detections.case import Bases, CaseFile, Clause, coverage, run
from detections.case.read import read_cases
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.rule import Rule
from detections.scaffold.context import context
from detections.scaffold.draft import drafts
from detections.scaffold.write import bases_of, case_file, event_file
from detections.source import parse


@dataclass(frozen=True, slots=True)
class Scaffold:
    """Cases made for a rule. ``text`` is the case file, ``events`` the base events by the names it has for them.

    ``clauses`` say which leaves of the query the cases turn on; ``unlike`` are the drafts, by name, about which the
    engine and the query's own logic do not agree: they are in none of the files.
    """

    text: str
    events: Mapping[str, str]
    alerts: int
    quiet: int
    clauses: tuple[Clause, ...]
    unlike: tuple[str, ...]

    @property
    def open(self) -> tuple[str, ...]:
        """The leaves that no case turns on."""
        return tuple(clause.text for clause in self.clauses if not clause.covered)


def scaffold(rule: Rule, stem: str) -> Scaffold | None:
    """Cases for a rule; None where no event was found that it alerts on. ``stem`` is how the base events' names begin:
    ``okta/x`` makes ``okta/x.json``.

    Raises:
        QueryError: the query cannot be used.
        NotEvaluated: nothing here runs the rule, or makes cases for rules like it.
    """
    plan = make_plan(rule)
    made = drafts(plan, rule.query or "").drafts
    if not made:
        return None
    asked = {path for draft in made for event in draft.events for path in event.values}
    around = context(plan, asked)
    files = bases_of(made[0], stem, around)
    events = {name: event_file(values, around) for name, values in files}
    bases = Bases(Path(), {name: text.encode() for name, text in events.items()})
    first = _read(case_file(made, files, around))
    judged = run(rule, plan, first, bases, Embedded())
    passed = {verdict.case.name for verdict in judged if verdict.passed}
    kept = [draft for draft in made if draft.name in passed]
    if made[0] not in kept:
        return None
    text = case_file(kept, files, around)
    clauses = coverage(rule, plan, _read(text), bases)
    alerts = sum(draft.verdict == "alert" for draft in kept)
    unlike = tuple(draft.name for draft in made if draft.name not in passed)
    return Scaffold(text, events, alerts, len(kept) - alerts, tuple(clauses), unlike)


def _read(text: str) -> CaseFile:
    return read_cases(parse(text, "cases"))
