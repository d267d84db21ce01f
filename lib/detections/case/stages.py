"""The conditions of an EQL program, each where it stands: coverage inverts their leaves, mutation changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from detections.plan import EqlPlan
from detections.plan.predicate import Predicate
from detections.plan.program import Body, Events, Sequence

Put: TypeAlias = Callable[[Predicate], EqlPlan]
"""The plan with another condition in one place."""


def conditions(plan: EqlPlan) -> Iterator[tuple[Predicate, Put]]:
    """Each condition of the query, with what puts another one in its place. A stage that runs several times has one."""
    body = plan.program.body
    if isinstance(body, Events):
        events = body
        yield events.predicate, lambda new: with_body(plan, replace(events, predicate=new))
        return
    joined = body
    for number, stage in enumerate(joined.stages):
        if number and joined.stages[number - 1].span == stage.span and joined.stages[number - 1] == stage:
            continue

        def put(new: Predicate, number: int = number) -> EqlPlan:
            old = joined.stages[number]
            stages = [
                replace(stage, predicate=new) if stage.span == old.span and stage == old else stage
                for stage in joined.stages
            ]
            return with_body(plan, replace(joined, stages=tuple(stages)))

        yield stage.predicate, put
    if isinstance(joined, Sequence) and joined.until is not None:
        sequence, until = joined, joined.until
        yield until.predicate, lambda new: with_body(plan, replace(sequence, until=replace(until, predicate=new)))


def with_body(plan: EqlPlan, body: Body) -> EqlPlan:
    """The plan with another program for the same events."""
    return replace(plan, program=replace(plan.program, body=body), sent=None)
