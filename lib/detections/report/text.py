"""For a person: findings with their line and a caret, counts last. Colours are ANSI codes; the caller strips them
where the output is no terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from detections.case.model import Mutant, Proof
from detections.errors import Finding, Level
from detections.report.count import Tally, found, plural, tally
from detections.rule import Rule

_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}


def check(findings: Sequence[Finding], files: Sequence[str]) -> str:
    lines = [finding(one) for one in findings]
    return "\n".join([*lines, f"{plural(len(files), 'rule')} checked, {found(findings)}"])


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> str:
    lines = [finding(one) for one in findings]
    lines += [finding(one) for proof in proofs for one in proof.findings]
    for proof in proofs:
        if proof.not_run:
            lines.append(f"{click.style('not run', fg='yellow')} {proof.rule.name}: {proof.not_run}")
        unnoticed = [mutant for mutant in proof.mutants if not mutant.noticed]
        if unnoticed:
            lines.append(f"{proof.rule.document.path}: {plural(len(unnoticed), 'mutant')} that no case noticed")
            lines += [f"    {_place(proof.rule, mutant)}{mutant.change}" for mutant in unnoticed]
    return "\n".join([*lines, summary(tally(proofs))])


def _place(rule: Rule, mutant: Mutant) -> str:
    """Line and column of what was changed, as stages of a sequence are often alike; nothing for a setting."""
    if not any(mutant.span):
        return ""
    place = rule.document.location(("rule", "query"), mutant.span[0])
    return f"{place.line}:{place.column} "


def finding(one: Finding) -> str:
    """The finding in colour, with its line, caret and hint."""
    head, *rest = one.render().split("\n")
    place, code = f"{one.location}:", click.style(one.code, fg=_COLOURS[one.level], bold=True)
    head = f"{click.style(place, bold=True)} {code} {head.removeprefix(f'{place} {one.code} ')}"
    return "\n".join([head, *(click.style(line, dim=True) for line in rest)])


def summary(counts: Tally) -> str:
    """The numbers of a test run in one line."""
    parts = [
        f"{plural(counts.rules, 'rule')}, {counts.passed:,} of {plural(counts.cases, 'case')} as expected",
        clauses(counts),
    ]
    if counts.mutants:
        parts.append(f"{counts.mutants - counts.unnoticed:,} of {plural(counts.mutants, 'mutant')} noticed")
    if counts.not_run:
        parts.append(f"{plural(counts.not_run, 'rule')} not run")
    return ", ".join(parts)


def clauses(counts: Tally) -> str:
    excused = f" ({counts.excused:,} excused)" if counts.excused else ""
    return f"{counts.covered:,} of {plural(counts.clauses, 'clause')} covered{excused}"
