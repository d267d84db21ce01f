"""Rules: Document -> Rule, from the marshmallow schemas that describe each rule type."""

from detections.rule.load import joined, load, load_files, load_rules, reload, rule_files, rules_of, table_findings
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
    "joined",
    "load",
    "load_files",
    "load_rules",
    "reload",
    "rule_files",
    "rules_of",
    "table_findings",
]
