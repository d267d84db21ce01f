"""Workflow commands of GitHub Actions: each finding becomes an annotation on its line of the pull request."""

from __future__ import annotations

from collections.abc import Sequence

from detections.case.model import Proof
from detections.errors import Finding, Level
from detections.report.count import everything, found, plural, tally
from detections.report.text import summary


def check(findings: Sequence[Finding], files: Sequence[str]) -> str:
    lines = [_annotation(one) for one in findings]
    return "\n".join([*lines, f"{plural(len(files), 'rule')} checked, {found(findings)}"])


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> str:
    not_run = [_notice(proof) for proof in proofs if proof.not_run]
    return "\n".join([*map(_annotation, everything(proofs, findings)), *not_run, summary(tally(proofs))])


def _annotation(one: Finding) -> str:
    place = [f"file={_property(one.location.path)}"]
    if one.location.line:
        end = one.location.column + one.length - 1
        place += [f"line={one.location.line}", f"col={one.location.column}", f"endColumn={end}"]
    text = f"{one.message}\n{one.hint}" if one.hint else one.message
    kind = "notice" if one.level is Level.NOTE else one.level
    return f"::{kind} {','.join([*place, f'title={_property(one.code)}'])}::{_data(text)}"


def _notice(proof: Proof) -> str:
    place = f"file={_property(proof.rule.document.path)},title=not run"
    return f"::notice {place}::{_data(f'{proof.rule.name}: {proof.not_run}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
