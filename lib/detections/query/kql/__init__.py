"""KQL (``kuery``): Kibana's query language, parsed and printed as Kibana does."""

from detections.query.kql.ast import And, Is, Literal, Nested, Node, Not, Operand, Or, Range, Wildcard, leaves
from detections.query.kql.parser import MAX_DEPTH, kibana_text, parse
from detections.query.kql.printer import to_json, to_kql

__all__ = [
    "MAX_DEPTH",
    "And",
    "Is",
    "Literal",
    "Nested",
    "Node",
    "Not",
    "Operand",
    "Or",
    "Range",
    "Wildcard",
    "kibana_text",
    "leaves",
    "parse",
    "to_json",
    "to_kql",
]
