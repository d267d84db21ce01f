"""SARIF 2.1.0, as code scanning services read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from detections.case.model import Proof
from detections.errors import Finding
from detections.report.count import everything
from detections.report.sinks import Output
from detections.report.sinks.json import encode, uri

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    yield _log(findings)


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    not_run = [f"{one.rule.name} is not run: {one.not_run}" for one in proofs if one.not_run]
    yield _log(everything(proofs, findings), not_run)


def _log(findings: Sequence[Finding], remarks: Sequence[str] = ()) -> Output:
    codes = sorted({one.code for one in findings})
    driver = {"name": "detections", "rules": [{"id": code} for code in codes]}
    results = [_result(one, codes.index(one.code)) for one in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if remarks:
        told = [{"level": "note", "message": {"text": one}} for one in remarks]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": told}]
    return encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(one: Finding, index: int) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(one.location.path)}}
    if one.location.line:
        place = {"startLine": one.location.line, "startColumn": one.location.column}
        physical["region"] = place | {"endColumn": one.location.column + one.length}
    text = f"{one.message}\n{one.hint}" if one.hint else one.message
    return {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": str(one.level),
        "message": {"text": text},
        "locations": [{"physicalLocation": physical}],
    }
