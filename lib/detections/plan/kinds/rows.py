"""Rule type esql without aggregation: each row that the pipeline leaves is an alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from detections.plan.outline import Outline
from detections.plan.plan import Condition, Plan, Role
from detections.plan.predicate import Predicate
from detections.plan.rows import Aggregate, Distinct, Fork, Limit, Pipeline, Where

_OVER_ALL_ROWS = (Aggregate, Distinct, Fork, Limit)
"""Commands whose results hang on the rows of the whole window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPlan(Plan):
    """Each row that the pipeline leaves is an alert on the document it came from."""

    pipeline: Pipeline

    @property
    def lookback(self) -> int | None:
        return None if any(isinstance(command, _OVER_ALL_ROWS) for command in self.pipeline.commands) else 0

    def conditions(self) -> Iterator[Condition]:
        number, role = 0, Role.EVENT
        for place, command in enumerate(self.pipeline.commands):
            if not isinstance(command, Where):
                role = Role.ROW
                continue
            number += 1

            def put(new: Predicate, place: int = place) -> RowsPlan:
                commands = self.pipeline.commands
                changed = (*commands[:place], Where(new), *commands[place + 1 :])
                return replace(self, pipeline=replace(self.pipeline, commands=changed), sent=None)

            yield Condition(command.predicate, f"WHERE {number}", put, role)

    def asks(self) -> Iterator[Outline]:
        return self.pipeline.outline()
