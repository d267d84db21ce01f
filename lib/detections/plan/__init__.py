"""Plans: what a rule asks of an engine."""

from detections.plan.plan import EqlPlan, NewTermsPlan, Plan, QueryPlan, RowsPlan, Sent, Span, TimeField

__all__ = ["EqlPlan", "NewTermsPlan", "Plan", "QueryPlan", "RowsPlan", "Sent", "Span", "TimeField"]
