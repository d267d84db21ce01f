"""Proving rules: cases run, clause coverage taken, mutants tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from detections.case.coverage import coverage, uncovered_findings
from detections.case.event import Bases, documents
from detections.case.library import CaseLibrary
from detections.case.model import CaseFile, Proof, Verdict
from detections.case.mutate import mutate
from detections.case.run import run
from detections.case.tables import tables_of
from detections.case.why import why_quiet
from detections.compile.guesses import guess_findings
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded, select
from detections.engine.protocol import Engine
from detections.errors import (
    DetectionsError,
    EventsError,
    Finding,
    Level,
    NotAllowed,
    NotEvaluated,
    QueryError,
    ServerUnavailable,
    UsageError,
)
from detections.events import batches
from detections.plan import Plan
from detections.rule import Rule

CODE = "scaffolded"


def prove(
    rules: Iterable[Rule],
    library: CaseLibrary,
    bases: Bases,
    engine: Engine,
    *,
    with_mutants: bool = False,
) -> Iterator[Proof]:
    """The proof of each rule, in order, as it is made."""
    for rule in rules:
        file = library.files.get(rule.document.path)
        try:
            plan = make_plan(rule, tables={**library.tables, **tables_of(file, bases)}, exceptions=library.exceptions)
        except NotEvaluated as error:
            yield Proof(rule, not_run=str(error))
        except (EventsError, UsageError) as error:
            assert file is not None
            finding = file.document.finding("case", str(error), ("tables",))
            yield Proof(rule, findings=(finding,), not_run=str(error))
        except QueryError as error:
            yield Proof(rule, not_run=f"the query cannot be used: {error.message}")
        else:
            yield (
                _without(rule, plan, library) if file is None else _prove(rule, plan, file, bases, engine, with_mutants)
            )


def _without(rule: Rule, plan: Plan, library: CaseLibrary) -> Proof:
    """A rule without cases is not proved; one that nothing here runs needs none."""
    missing = library.missing(rule) if Embedded().why_not(plan) is None else None
    return Proof(rule, findings=() if missing is None else (missing,), not_run=Embedded().why_not(plan) or "no cases")


def _prove(rule: Rule, plan: Plan, file: CaseFile, bases: Bases, engine: Engine, with_mutants: bool) -> Proof:
    try:
        why = engine.why_not(plan)
        if why is not None:
            return Proof(rule, not_run=why)
        if not _is_presupposed(plan, file, bases):
            return Proof(rule, not_run="none of its cases has an anomaly, a document of .ml-anomalies-*")
        verdicts = run(rule, plan, file, bases, engine)
    except NotEvaluated as error:
        return Proof(rule, not_run=str(error))
    except (ServerUnavailable, NotAllowed) as error:
        finding = rule.document.finding("server", f"the cases of {rule.name} were not run: {error}", ("rule", "name"))
        return Proof(rule, findings=(finding,), not_run=str(error))
    # A base that is not there is one finding, whatever number of cases start from it.
    findings = [*dict.fromkeys(_explained(verdict, rule, plan, bases) for verdict in verdicts if verdict.finding)]
    if file.scaffolded:
        message = "these cases were generated from the query and have not been reviewed"
        hint = "replace the generated events with real ones, and remove this line"
        place = ("scaffolded",)
        findings.append(file.document.finding(CODE, message, place, level=Level.WARNING, hint=hint, at_key=True))
    if Embedded().why_not(plan) is not None:
        return Proof(rule, tuple(verdicts), findings=tuple(findings))  # what another engine alone runs has no coverage
    clauses = coverage(rule, plan, file, bases)
    if not file.findings and all(verdict.passed for verdict in verdicts):
        # What a case covers that is not read, or not as expected, is known when it is mended.
        findings += uncovered_findings(rule, file, clauses)
    findings += guess_findings(rule, plan)
    mutants = mutate(rule, plan, file, bases) if with_mutants else []
    return Proof(rule, tuple(verdicts), tuple(clauses), tuple(mutants), tuple(findings))


def _is_presupposed(plan: Plan, file: CaseFile, bases: Bases) -> bool:
    """Whether some case has a document without which the plan says nothing."""
    asked = plan.presupposes
    if asked is None:
        return True
    for case in file.cases:
        try:
            _, events = documents(case, bases)
        except DetectionsError:
            continue
        if any(select(asked, batch) for batch in batches(events)):
            return True
    return False


def _explained(verdict: Verdict, rule: Rule, plan: Plan, bases: Bases) -> Finding:
    assert verdict.finding is not None
    if verdict.alerts or verdict.case.verdict == "quiet" or verdict.finding.hint:
        return verdict.finding
    return replace(verdict.finding, hint=why_quiet(rule, plan, verdict.case, bases))
