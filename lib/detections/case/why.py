"""Why a rule stays quiet about a case: what its query asks that the events of the case do not have."""

from __future__ import annotations

from collections.abc import Iterator

from detections.case.event import Bases, documents
from detections.case.model import Case
from detections.case.run import window
from detections.case.written import cut, written
from detections.engine import Evaluator
from detections.engine.indices import Searched, hidden, index_names
from detections.engine.runners import TRACES
from detections.errors import DetectionsError
from detections.events import batches
from detections.plan import Condition, Plan, Role
from detections.plan.predicate import And, Predicate
from detections.rule import Rule


def why_quiet(rule: Rule, plan: Plan, case: Case, bases: Bases) -> str:
    """A reason why the case's event raises no alert; empty where none is seen.

    Of events that are joined the first is named that no event of the case is, with what the nearest one lacks.
    """
    try:
        now, events = documents(case, bases)
        span = window(rule, plan, now)
    except (DetectionsError, ValueError):
        return ""
    if not span.holds(now + case.event.at):
        return f"its event is not in the rule's window, from {rule.from_} to {rule.to}"
    (batch,) = batches(events, batch_size=len(events))
    if elsewhere := hidden(plan.indices, index_names(batch)[-1:]):
        return f"its event is in {elsewhere[0]}, and the rule searches {', '.join(plan.indices)}"
    evaluator = Evaluator(batch, now=now)
    asked = _Asked(evaluator, rule.query or "", len(events))
    conditions = list(plan.conditions())
    own = [condition for condition in conditions if condition.role in (Role.EVENT, Role.FILTER)]
    joined = [condition for condition in conditions if condition.role is Role.JOINED]
    trace = TRACES.get(type(plan))
    traced = trace(plan, _among_seen(plan, evaluator, now), span, len(events) - 1) if trace else ""
    return asked.event(own) or asked.excepted(plan) or asked.joined(joined) or traced or plan.quiet()


def _among_seen(plan: Plan, evaluator: Evaluator, now: int) -> Evaluator:
    """The evaluator, among the events that the plan sees."""
    seen = Searched((plan.indices,)).seen(evaluator)
    return evaluator.among(seen.rows[plan.indices], now, relative=plan.relative)


class _Asked:
    """The events of a case, the own one last, and the text of the query that is asked of them."""

    def __init__(self, evaluator: Evaluator, query: str, count: int) -> None:
        self._evaluator = evaluator
        self._query = query
        self._count = count

    def event(self, conditions: list[Condition]) -> str:
        """What the case's own event lacks."""
        lacking = [text for condition in conditions for text in self._lacking(condition.predicate, self._count - 1)]
        return f"not satisfied by its event: {', '.join(lacking)}" if lacking else ""

    def excepted(self, plan: Plan) -> str:
        """Which exception passes over the case's own event."""
        for item in plan.exceptions.at(self._evaluator.now):
            if self._evaluator.answer(item.predicate).true >> (self._count - 1) & 1:
                return f"the exception '{item.name}' excludes its event"
        return ""

    def joined(self, conditions: list[Condition]) -> str:
        """What the nearest event lacks for the first condition that none fulfils."""
        for condition in conditions:
            nearest = min(([*self._lacking(condition.predicate, row)] for row in reversed(range(self._count))), key=len)
            if nearest:
                return f"no event of the case is the query's {condition.label}; the nearest lacks {', '.join(nearest)}"
        return ""

    def _lacking(self, node: Predicate, row: int) -> Iterator[str]:
        """The conditions, of those that must all hold, that do not hold for an event."""
        if self._evaluator.answer(node).true >> row & 1:
            return
        if isinstance(node, And):
            for item in node.items:
                yield from self._lacking(item, row)
            return
        text = written(self._query, node)
        yield f"`{cut(text)}`" if text else "a filter of the rule"
