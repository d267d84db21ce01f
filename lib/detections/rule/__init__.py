"""Rules: Document -> Rule, from the marshmallow schemas that describe each rule type."""

from detections.rule.load import load, load_rules, rules_of, table_findings
from detections.rule.model import (
    EqlRule,
    EsqlRule,
    MachineLearningRule,
    Metadata,
    NewTermsRule,
    QueryRule,
    Rule,
    Rules,
    SavedQueryRule,
    ThreatMatchRule,
    ThresholdRule,
)

__all__ = [
    "EqlRule",
    "EsqlRule",
    "MachineLearningRule",
    "Metadata",
    "NewTermsRule",
    "QueryRule",
    "Rule",
    "Rules",
    "SavedQueryRule",
    "ThreatMatchRule",
    "ThresholdRule",
    "load",
    "load_rules",
    "rules_of",
    "table_findings",
]
