"""Plans: what a rule asks of an engine."""

from detections.plan.plan import EqlPlan, NewTermsPlan, Plan, QueryPlan, RowsPlan, Sent, TimeField, Window

__all__ = ["EqlPlan", "NewTermsPlan", "Plan", "QueryPlan", "RowsPlan", "Sent", "TimeField", "Window"]
