"""EQL: syntax tree to program."""

from detections.compile.eql.queries import compile_eql, refusals

__all__ = ["compile_eql", "refusals"]
