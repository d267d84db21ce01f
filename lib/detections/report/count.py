"""Counting, for the last line of every report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detections.case.model import Proof
from detections.errors import Finding, Level


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of a test run. ``cases`` and ``passed`` count cases, ``clauses`` the leaves of all queries."""

    rules: int
    not_run: int
    cases: int
    passed: int
    clauses: int
    covered: int
    excused: int
    mutants: int
    unnoticed: int


def tally(proofs: Sequence[Proof]) -> Tally:
    clauses = [clause for proof in proofs for clause in proof.clauses]
    mutants = [mutant for proof in proofs for mutant in proof.mutants]
    return Tally(
        rules=len(proofs),
        not_run=sum(bool(proof.not_run) for proof in proofs),
        cases=sum(len(proof.verdicts) for proof in proofs),
        passed=sum(proof.passed for proof in proofs),
        clauses=len(clauses),
        covered=sum(clause.covered for clause in clauses),
        excused=sum(bool(clause.excuse) for clause in clauses),
        mutants=len(mutants),
        unnoticed=sum(not mutant.noticed for mutant in mutants),
    )


def levels(findings: Iterable[Finding]) -> tuple[int, int, int]:
    """How many errors, warnings and notes."""
    found = [finding.level for finding in findings]
    return found.count(Level.ERROR), found.count(Level.WARNING), found.count(Level.NOTE)


def everything(proofs: Iterable[Proof], findings: Iterable[Finding]) -> list[Finding]:
    """The findings about files, and those of the proofs."""
    return [*findings, *(finding for proof in proofs for finding in proof.findings)]


def plural(count: int, one: str) -> str:
    """``1 rule``, ``24 rules``."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def found(findings: Sequence[Finding]) -> str:
    """``2 errors, 1 warning``, or ``no findings``."""
    counts = zip(levels(findings), ("error", "warning", "note"), strict=True)
    return ", ".join(plural(count, name) for count, name in counts if count) or "no findings"


def checked(files: Sequence[str], findings: Sequence[Finding]) -> str:
    """``24 rules checked, 2 errors``."""
    return f"{plural(len(files), 'rule')} checked, {found(findings)}"


def tested(counts: Tally) -> str:
    """The numbers of a test run in one line."""
    parts = [
        f"{plural(counts.rules, 'rule')}, {counts.passed:,} of {plural(counts.cases, 'case')} as expected",
        f"{counts.covered:,} of {plural(counts.clauses, 'clause')} covered{_excused(counts)}",
    ]
    if counts.mutants:
        parts.append(f"{counts.mutants - counts.unnoticed:,} of {plural(counts.mutants, 'mutant')} noticed")
    if counts.not_run:
        parts.append(f"{plural(counts.not_run, 'rule')} not run")
    return ", ".join(parts)


def _excused(counts: Tally) -> str:
    return f" ({counts.excused:,} excused)" if counts.excused else ""
