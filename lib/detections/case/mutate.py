"""Mutation: change a rule in one place, and see whether its cases notice.

A mutant that no case notices is a hole in the cases (or a change that means nothing). Mutants are made of the plan, not
of the text: one place of a condition, or one setting of the rule's type, at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from detections.case.event import Bases
from detections.case.model import CaseFile, Mutant
from detections.case.mutators import mutants
from detections.case.outcomes import outcomes
from detections.plan import Plan, Role, Variant
from detections.plan.exceptions import Exceptions
from detections.query import NOWHERE
from detections.rule import Rule, ThreatMatchRule


def mutate(rule: Rule, plan: Plan, file: CaseFile, bases: Bases) -> list[Mutant]:
    """Every mutant of a rule, in the order of its conditions, with the cases that noticed it.

    A case notices a mutant when its outcome (alert or quiet, and the new terms) is another than the rule's own. Always
    on the embedded engine: how well the cases tell rules apart is no matter of who answers.

    Raises:
        NotEvaluated: the embedded engine cannot run the plan.
    """
    variants = [*_changed(rule, plan), *plan.variants(), *_without_items(plan), *_suppressing(plan)]
    usual, *others = outcomes(rule, [plan, *(variant.plan for variant in variants)], file.cases, bases)
    return [
        Mutant(
            variant.change, variant.span,
            tuple(case.name for case, was, now in zip(file.cases, usual, other, strict=True) if was != now),
        )
        for variant, other in zip(variants, others, strict=True)
    ]  # fmt: skip


def _without_items(plan: Plan) -> Iterator[Variant]:
    """The plan without one of the items of its exceptions."""
    items = plan.exceptions.items
    for number, item in enumerate(items):
        left = Exceptions(items[:number] + items[number + 1 :])
        yield Variant(f"without the exception {item.name}", replace(plan, exceptions=left, sent=None))


def _suppressing(plan: Plan) -> Iterator[Variant]:
    """The plan with its alert suppression changed."""
    asked = plan.suppression
    if asked is None:
        return
    yield Variant("without alert suppression", replace(plan, suppression=None))
    for number, field in enumerate(asked.fields):
        left = asked.fields[:number] + asked.fields[number + 1 :]
        if left:
            changed = replace(asked, fields=left)
            yield Variant(f"suppression without {field.name}", replace(plan, suppression=changed))
    if asked.fields:
        how = "not suppressed" if asked.missing else "suppressed"
        changed = replace(asked, missing=not asked.missing)
        yield Variant(f"events {how} that lack a suppression field", replace(plan, suppression=changed))


def _changed(rule: Rule, plan: Plan) -> Iterator[Variant]:
    """The plan with each of its conditions changed in one place."""
    for condition in (*plan.conditions(), *plan.excepting()):
        query = rule.query or ""
        if condition.role is Role.INDICATOR and isinstance(rule, ThreatMatchRule):
            query = rule.threat_query
        for description, span, predicate in mutants(condition.predicate, query):
            yield Variant(description, condition.put(predicate), span if query == rule.query else NOWHERE)
