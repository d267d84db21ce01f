"""ES|QL: parser, syntax tree (``ast``) and printer."""

from detections.query.esql.parser import parse
from detections.query.esql.printer import to_esql

__all__ = ["parse", "to_esql"]
