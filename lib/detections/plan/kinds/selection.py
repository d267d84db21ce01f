"""What plans share that select documents by a query and filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.plan.outline import Outline, outline
from detections.plan.plan import Condition, Plan, Role
from detections.plan.predicate import Predicate, conjunction


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionPlan(Plan):
    """``predicate`` is the query's, ``filter`` that of the rule's filters."""

    predicate: Predicate
    filter: Predicate | None = None

    @property
    def selects(self) -> Predicate:
        """What holds for each document that it selects."""
        return conjunction(self.predicate, self.filter, self.exceptions.condition)

    def conditions(self) -> Iterator[Condition]:
        yield Condition(self.predicate, "query", lambda new: replace(self, predicate=new, sent=None))
        if self.filter is not None:
            yield Condition(self.filter, "filters", lambda new: replace(self, filter=new, sent=None), Role.FILTER)

    def asks(self) -> Iterator[Outline]:
        yield outline(self.selects)
