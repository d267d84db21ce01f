"""The kinds of plans, one a module."""

from detections.plan.kinds.eql import EqlPlan
from detections.plan.kinds.machine_learning import MachineLearningPlan
from detections.plan.kinds.new_terms import NewTermsPlan
from detections.plan.kinds.query import QueryPlan
from detections.plan.kinds.rows import GroupsPlan, RowsPlan
from detections.plan.kinds.selection import SelectionPlan
from detections.plan.kinds.threat_match import ThreatMatchPlan
from detections.plan.kinds.threshold import Alerted, Cardinality, ThresholdPlan

__all__ = [
    "Alerted", "Cardinality", "EqlPlan", "GroupsPlan", "MachineLearningPlan", "NewTermsPlan", "QueryPlan", "RowsPlan",
    "SelectionPlan", "ThreatMatchPlan", "ThresholdPlan",
]  # fmt: skip
