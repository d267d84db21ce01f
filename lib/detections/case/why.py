"""Why a rule stays quiet about a case: what its query asks that the events of the case do not have."""

from __future__ import annotations

from collections.abc import Iterator

from detections.case.coverage import squeeze
from detections.case.event import Bases, documents
from detections.case.model import Case
from detections.case.mutate import extent
from detections.case.run import window
from detections.engine import Evaluator
from detections.errors import DetectionsError
from detections.events import batches
from detections.plan import EqlPlan, NewTermsPlan, Plan, RowsPlan
from detections.plan.predicate import And, Not, Or, Predicate
from detections.plan.program import Events, Stage
from detections.rule import Rule

_LONGEST = 100


def why_quiet(rule: Rule, plan: Plan, case: Case, bases: Bases) -> str:
    """A reason why the case's event raises no alert; empty where none is seen.

    Of a sequence or sample the stage is named that no event of the case fits, with what the nearest one lacks.
    """
    try:
        now, events = documents(case, bases)
        span = window(rule, plan, now)
    except (DetectionsError, ValueError):
        return ""
    if not span.holds(now + case.event.at):
        return f"its event is not in the rule's window, from {rule.from_} to {rule.to}"
    if isinstance(plan, RowsPlan):
        return ""
    (batch,) = batches(events, batch_size=len(events))
    asked = _Asked(Evaluator(batch), rule.query or "", len(events))
    if isinstance(plan, EqlPlan):
        body = plan.program.body
        return asked.event(body.predicate) if isinstance(body, Events) else asked.stages(body.stages)
    lacking = asked.event(plan.predicate)
    if not lacking and isinstance(plan, NewTermsPlan):
        names = ", ".join(field.name for field in plan.fields)
        return f"the query finds its event: {names} are not new, or one of them has no value"
    return lacking


class _Asked:
    """The events of a case, the own one last, and the text of the query that is asked of them."""

    def __init__(self, evaluator: Evaluator, query: str, count: int) -> None:
        self._evaluator = evaluator
        self._query = query
        self._count = count

    def event(self, predicate: Predicate) -> str:
        lacking = list(self._lacking(predicate, self._count - 1))
        return f"not so for its event: {', '.join(lacking)}" if lacking else ""

    def stages(self, stages: tuple[Stage, ...]) -> str:
        for number, stage in enumerate(stages, 1):
            if stage.missing:
                continue
            nearest = min(([*self._lacking(stage.predicate, row)] for row in reversed(range(self._count))), key=len)
            if nearest:
                return f"no event of the case is the query's event {number}; the nearest lacks {', '.join(nearest)}"
        return "each event of the query is there: see their order, join keys and times, and what must not be between"

    def _lacking(self, node: Predicate, row: int) -> Iterator[str]:
        """The conditions, of those that must all hold, that do not hold for an event."""
        if self._evaluator.answer(node).true >> row & 1:
            return
        if isinstance(node, And):
            for item in node.items:
                yield from self._lacking(item, row)
            return
        text = self._text(node)
        yield f"`{text[:_LONGEST]}{'...' if len(text) > _LONGEST else ''}`" if text else "a filter of the rule"

    def _text(self, node: Predicate) -> str:
        """What stands in the query for a node; empty for what comes of the rule's filters."""
        if isinstance(node, Not):
            inner = self._text(node.item)
            if not inner:
                return ""
            return f"not ({inner})" if isinstance(node.item, And | Or) else f"not {inner}"
        start, end = extent(node)
        return squeeze(self._query[start:end])
