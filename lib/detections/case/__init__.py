"""Cases: the proof that a rule alerts on the event it is for, and stays quiet on the near-miss."""

from detections.case.coverage import coverage, uncovered_findings
from detections.case.event import Bases
from detections.case.library import CaseLibrary, load
from detections.case.model import Bounds, Case, CaseFile, Clause, Expectation, Mutant, Proof, Uncovered, Verdict
from detections.case.mutate import mutate
from detections.case.prove import prove
from detections.case.run import run

__all__ = [
    "Bases", "Bounds", "Case", "CaseFile", "CaseLibrary", "Clause", "Expectation", "Mutant", "Proof", "Uncovered",
    "Verdict", "coverage", "load", "mutate", "prove", "run", "uncovered_findings",
]  # fmt: skip
