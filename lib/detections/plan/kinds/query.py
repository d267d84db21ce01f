"""Rule types query and saved_query: each selected document in the window is an alert."""

from __future__ import annotations

from dataclasses import dataclass

from detections.plan.kinds.selection import SelectionPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan(SelectionPlan):
    """Each selected document in the window is an alert."""

    @property
    def lookback(self) -> int:
        return 0
