"""ES|QL: parser, syntax tree (``ast``) and printer."""

from detections.query.esql.parser import parse
from detections.query.esql.printer import to_esql, to_esql_with_comments

__all__ = ["parse", "to_esql", "to_esql_with_comments"]
