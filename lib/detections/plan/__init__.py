"""Plans: what a rule asks of an engine, and what a plan is made of."""

from detections.plan.kinds import (
    Alerted,
    Cardinality,
    EqlPlan,
    GroupsPlan,
    MachineLearningPlan,
    NewTermsPlan,
    QueryPlan,
    RowsPlan,
    SelectionPlan,
    ThreatMatchPlan,
    ThresholdPlan,
)
from detections.plan.outline import Outline
from detections.plan.plan import Condition, Plan, Role, Sent, Variant
from detections.plan.suppression import Suppression
from detections.plan.window import TimeField, Window

__all__ = [
    "Alerted", "Cardinality", "Condition", "EqlPlan", "GroupsPlan", "MachineLearningPlan", "NewTermsPlan", "Outline",
    "Plan", "QueryPlan", "Role", "RowsPlan", "SelectionPlan", "Sent", "Suppression", "ThreatMatchPlan", "ThresholdPlan",
    "TimeField", "Variant", "Window",
]  # fmt: skip
