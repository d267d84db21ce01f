"""What runs a plan in this process, by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from detections.engine.collector import Collector
from detections.engine.eql import eql_collector
from detections.engine.evaluator import Evaluator, Predicates
from detections.engine.machine_learning import MachineLearningCollector
from detections.engine.new_terms import NewTermsCollector
from detections.engine.query import QueryCollector
from detections.engine.rows import RowsCollector
from detections.engine.threat_match import ThreatMatchCollector
from detections.engine.threshold import ThresholdCollector
from detections.engine.trace import lost
from detections.errors import NotEvaluated
from detections.plan import (
    EqlPlan,
    GroupsPlan,
    MachineLearningPlan,
    NewTermsPlan,
    Plan,
    QueryPlan,
    RowsPlan,
    ThreatMatchPlan,
    ThresholdPlan,
    Window,
)

Runner: TypeAlias = Callable[[Any, Window, Predicates], Collector[Any]]
"""Makes a plan of one kind ready for a window; its predicates are shared with other plans."""

RUNNERS: dict[type[Plan], Runner] = {
    QueryPlan: QueryCollector,
    NewTermsPlan: NewTermsCollector,
    RowsPlan: RowsCollector,
    GroupsPlan: RowsCollector,
    EqlPlan: eql_collector,
    ThresholdPlan: ThresholdCollector,
    ThreatMatchPlan: ThreatMatchCollector,
    MachineLearningPlan: MachineLearningCollector,
}

Trace: TypeAlias = Callable[[Any, Evaluator, Window, int], str]
"""Says why a plan raises no alert on a row of a batch that its first conditions select; empty where it does."""

TRACES: dict[type[Plan], Trace] = {RowsPlan: lost, GroupsPlan: lost}
"""What says so, by the kind of the plan; for other kinds nothing does."""


def why_not(plan: Plan) -> str | None:
    """Why nothing in this process runs a plan, None where something does."""
    if type(plan) not in RUNNERS:
        return f"nothing in this process runs a {type(plan).__name__}"
    return "; ".join(plan.unevaluated()) or None


def collector(plan: Plan, window: Window, predicates: Predicates) -> Collector[object]:
    """A plan made ready.

    Raises:
        NotEvaluated: nothing in this process runs it.
    """
    why = why_not(plan)
    if why is not None:
        raise NotEvaluated(why)
    return RUNNERS[type(plan)](plan, window, predicates)
