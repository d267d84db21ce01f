"""The events that a plan's query selects, as a plan of its own."""

from __future__ import annotations

from detections.plan import Plan, QueryPlan, Role
from detections.plan.predicate import And, Or


def selection(plan: Plan) -> QueryPlan:
    """A plan that alerts on each event which the query selects: of a sequence or sample, each that may be one of its
    events; of ES|QL, what the leading WHEREs leave."""
    asked = [(condition.role, condition.predicate) for condition in plan.conditions()]
    every = [predicate for role, predicate in asked if role in (Role.EVENT, Role.FILTER)]
    some = [predicate for role, predicate in asked if role is Role.JOINED]
    selects = And((*every, Or(tuple(some)))) if some else And(tuple(every))
    return QueryPlan(
        rule_id=plan.rule_id, rule_name=plan.rule_name, time=plan.time, indices=plan.indices, mapping=plan.mapping,
        predicate=selects,
    )  # fmt: skip
