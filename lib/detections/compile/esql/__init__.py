"""ES|QL syntax tree to row pipeline."""

from detections.compile.esql.commands import compile_esql

__all__ = ["compile_esql"]
