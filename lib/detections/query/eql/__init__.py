"""EQL: text to syntax tree and back."""

from detections.query.eql.parser import UNITS, parse

__all__ = ["UNITS", "parse"]
