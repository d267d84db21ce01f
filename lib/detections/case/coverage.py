"""Clause coverage: does some case turn on each leaf of the query alone?

A leaf is covered by a case when answering false where it holds, and nothing else, turns the verdict: the half of MC/DC
that a rule is written for. (An event for which neither side of `a or b` holds says nothing about which of them would
find anything.) What rows are compared with, a count of failures say, is a bound, and wants a case on either side of it:
it is covered, too, by a case that turns when the bound is always reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from detections.case.event import Bases
from detections.case.model import CaseFile, Clause
from detections.case.outcomes import outcomes
from detections.errors import Finding
from detections.plan import Plan, Role
from detections.plan.expression import Call, Constant
from detections.plan.predicate import And, Compute, Leaf, Not, Or, Predicate, leaves, rewrite
from detections.query.span import Span, excerpt
from detections.rule import Rule

CODE = "coverage"
_BOUNDS = ("<", "<=", ">", ">=", "==", "!=")


def coverage(rule: Rule, plan: Plan, file: CaseFile, bases: Bases) -> list[Clause]:
    """Every leaf of the rule's query, in the order of the text, with the cases that turn on it.

    Always on the embedded engine: it asks how the *query* decides, not who answers it. Cases whose events cannot be
    made cover nothing.

    Raises:
        NotEvaluated: the embedded engine cannot run the plan.
    """
    tries = list(_changed(plan))
    usual, *others = outcomes(rule, [plan, *(changed for _, changed in tries)], file.cases, bases)
    turned: dict[_Side, dict[str, None]] = {side: {} for side, _ in tries}
    for (side, _), other in zip(tries, others, strict=True):
        for case, was, now in zip(file.cases, usual, other, strict=True):
            if bool(was) != bool(now):
                turned[side][case.name] = None
    query = rule.query or ""
    excuses = {squeezed(entry.leaf): entry.why for entry in file.uncovered}
    clauses = []
    for side, names in sorted(turned.items()):
        text = f"{'not ' * side.beyond}{excerpt(query, side.span)}"
        clauses.append(Clause(text, side.span, tuple(names), "" if names else excuses.get(text, "")))
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
        if squeezed(entry.leaf) not in open_leaves:
            message = f"`{entry.leaf}` is excused, but a case covers it or the query has no such leaf"
            findings.append(file.document.finding(CODE, message, ("uncovered", entry.index, "leaf")))
    return findings


def squeezed(text: str) -> str:
    return excerpt(text, (0, len(text)))


class _Side(NamedTuple):
    """A leaf, and the side of it that a case is wanted for: where it holds or, of a bound, ``beyond`` it."""

    span: Span
    beyond: bool = False


def _changed(plan: Plan) -> Iterator[tuple[_Side, Plan]]:
    """Each leaf of the query, and the plan in which it never holds; of a bound that rows must reach also the plan in
    which it always does. The leaves of filters and indicators are none of the query."""
    for condition in plan.conditions():
        if condition.role in (Role.FILTER, Role.INDICATOR):
            continue
        for number, leaf in enumerate(leaves(condition.predicate)):
            yield _Side(leaf.span), condition.put(without(condition.predicate, number))
            if condition.role is Role.ROW and _is_bound(leaf):
                yield _Side(leaf.span, beyond=True), condition.put(without(condition.predicate, number, beyond=True))


def _is_bound(leaf: Leaf) -> bool:
    """Whether it compares what was computed with a number."""
    match leaf:
        case Compute(Call(function, (one, other))) if function in _BOUNDS:
            constants = [side for side in (one, other) if isinstance(side, Constant)]
            return len(constants) == 1 and isinstance(constants[0].value, int | float)
    return False


def without(predicate: Predicate, number: int, *, beyond: bool = False) -> Predicate:
    """The predicate with its leaf number ``number`` answering false where it is true (``beyond``: true where it is
    false), and else as it does."""
    count = -1

    def change(leaf: Leaf) -> Predicate:
        nonlocal count
        count += 1
        if count != number:
            return leaf
        return Or((leaf, Not(leaf))) if beyond else And((leaf, Not(leaf)))

    return rewrite(predicate, change)
