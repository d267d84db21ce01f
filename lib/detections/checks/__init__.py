"""Checks: what is wrong with rules that load. One check a file; its docstring is its page in docs/checks.

What is found is a value; no check stops at its first problem, and none keeps another from running.
"""

from detections.checks.cache import Cache
from detections.checks.files import Files, run_on
from detections.checks.rules import run

__all__ = ["Cache", "Files", "run", "run_on"]
