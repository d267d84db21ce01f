"""Checks: what is wrong with rules that load. One check a file; its docstring is its page in docs/checks.

What is found is a value; no check stops at its first problem, and none keeps another from running.
"""

from detections.check.cache import Cache
from detections.check.files import Files, run_on
from detections.check.rules import run

__all__ = ["Cache", "Files", "run", "run_on"]
