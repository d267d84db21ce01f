"""EQL: text to syntax tree and back."""

from detections.query.eql.parser import UNITS, parse
from detections.query.eql.printer import to_eql

__all__ = ["UNITS", "parse", "to_eql"]
