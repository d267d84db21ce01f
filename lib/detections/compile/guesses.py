"""Telling that the verdicts of a rule hang on guessed types."""

from __future__ import annotations

from collections.abc import Iterator

from detections.errors import Finding, Level
from detections.plan import Plan
from detections.plan.guess import guesses
from detections.rule import Rule

CODE = "guessed-type"


def guess_findings(rule: Rule, plan: Plan) -> Iterator[Finding]:
    """A note for each field whose type nobody declared and that decides what the plan finds."""
    for guess in guesses(condition.predicate for condition in plan.conditions()):
        start, end = guess.span
        said = f"{rule.name} by a guessed type: {guess.field} is assumed to be {guess.taken_for}"
        yield rule.document.finding(CODE, said, ("rule", "query"), start, end - start, Level.NOTE)
