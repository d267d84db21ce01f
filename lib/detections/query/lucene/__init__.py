"""Lucene's query syntax, as ``query_string`` of Elasticsearch reads it."""

from detections.query.lucene.ast import (
    Boolean,
    Clause,
    Condition,
    Node,
    Occur,
    Pattern,
    Range,
    Regex,
    Value,
    Words,
    conditions,
)
from detections.query.lucene.parser import parse

__all__ = [
    "Boolean", "Clause", "Condition", "Node", "Occur", "Pattern", "Range", "Regex", "Value", "Words", "conditions",
    "parse",
]  # fmt: skip
