"""Workflow commands of GitHub Actions: each finding becomes an annotation on its line of the pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from detections.case.model import Proof
from detections.errors import Finding, Level
from detections.report.count import checked, everything, tally, tested
from detections.report.sinks import Output, terminal
from detections.report.sinks.github import command


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    yield from map(_annotation, findings)
    yield terminal.line(checked(files, findings))


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    yield from map(_annotation, everything(proofs, findings))
    yield from (_notice(proof) for proof in proofs if proof.not_run)
    yield terminal.line(tested(tally(proofs)))


def _annotation(one: Finding) -> Output:
    place: dict[str, str | int] = {"file": one.location.path}
    if one.location.line:
        end = one.location.column + one.length - 1
        place |= {"line": one.location.line, "col": one.location.column, "endColumn": end}
    lines = [one.message, one.hint] if one.hint else [one.message]
    name = "notice" if one.level is Level.NOTE else str(one.level)
    return command(name, place | {"title": one.code}, lines)


def _notice(proof: Proof) -> Output:
    place = {"file": proof.rule.document.path, "title": "not run"}
    return command("notice", place, [f"{proof.rule.name}: {proof.not_run}"])
