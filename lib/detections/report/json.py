"""For programs: one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from detections.backtest import Backtest, encoded
from detections.case.model import Proof
from detections.deploy.model import Change, Plan, Thing
from detections.deploy.status import Execution
from detections.engine.alert import Alert, Threshold
from detections.errors import Finding
from detections.payload import Difference
from detections.report.count import everything, levels, tally
from detections.values.dates import format_date


def check(findings: Sequence[Finding], files: Sequence[str]) -> str:
    errors, warnings, notes = levels(findings)
    counts = {"rules": len(files), "errors": errors, "warnings": warnings, "notes": notes}
    return encode({**counts, "findings": [finding(one) for one in findings]})


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> str:
    return encode(
        {
            "summary": asdict(tally(proofs)),
            "findings": [finding(one) for one in everything(proofs, findings)],
            "rules": [_proof(proof) for proof in proofs],
        }
    )


def backtest(found: Backtest) -> str:
    """A backtest in the form that ``detections site --backtest`` reads."""
    return encoded(found)


def finding(one: Finding) -> dict[str, Any]:
    """A finding as an object; line and column are absent where they are unknown."""
    place: dict[str, Any] = {"path": one.location.path}
    if one.location.line:
        place |= {"line": one.location.line, "column": one.location.column, "length": one.length}
    said = {"code": one.code, "level": str(one.level), "message": one.message, **place}
    return said | {"hint": one.hint} if one.hint else said


def alert(one: Alert) -> dict[str, Any]:
    """An alert as ``detections replay`` prints it; ``new_terms`` and the like only where there are any."""
    when = None if one.timestamp is None else format_date(one.timestamp)
    said: dict[str, Any] = {"rule_id": one.rule_id, "rule_name": one.rule_name}
    said |= {"event_ids": list(one.event_ids), "timestamp": when}
    if one.new_terms:
        said["new_terms"] = list(one.new_terms)
    if one.raised is not None:
        said["raised"] = format_date(one.raised)
    if one.threshold is not None:
        said["threshold_result"] = _threshold(one.threshold)
    if one.row:
        said["row"] = dict(one.row)
    if one.indicators:
        said["indicators"] = [asdict(indicator) for indicator in one.indicators]
    return said


def _threshold(one: Threshold) -> dict[str, Any]:
    """As ``kibana.alert.threshold_result`` has it."""
    pairs = [one.cardinality] if one.cardinality else []
    return {
        "count": one.count,
        "from": None if one.start is None else format_date(one.start),
        "terms": [{"field": name, "value": value} for name, value in one.terms],
        "cardinality": [{"field": name, "value": value} for name, value in pairs],
    }


def plan(found: Plan) -> str:
    """A plan; a value that is absent on one side of a difference is null there."""
    return encode(
        {
            "environment": found.environment,
            "kibana": found.kibana,
            "summary": {str(kind): count for kind, count in sorted(found.counts.items())},
            "others": found.others,
            "changes": [_change(one) for one in found.changes],
        }
    )


def status(found: Sequence[Execution]) -> str:
    return encode({"rules": [asdict(one) for one in found], "failing": sum(one.failing for one in found)})


def _change(one: Change) -> dict[str, Any]:
    said: dict[str, Any] = {"kind": one.kind, "action": one.action, "rule_id": one.rule_id, "name": one.name}
    said |= {name: list(map(_difference, found)) for name, found in
             (("differences", one.differences), ("edits", one.edits)) if found}  # fmt: skip
    if one.thing is not Thing.RULE:
        said = {"thing": one.thing, "id": said.pop("rule_id")} | said
    if one.edits and one.live is not None:
        said |= {"edited_by": one.live.updated_by or None, "edited_at": one.live.updated_at or None}
    said |= {name: text for name, text in (("note", one.note), ("proof", one.proof)) if text}
    return said | {"refusals": [finding(problem) for problem in one.refusals]} if one.refusals else said


def _difference(one: Difference) -> dict[str, Any]:
    return {"field": one.field, "old": one.old, "new": one.new}


def encode(value: Any) -> str:
    """Compact JSON on one line."""
    return msgspec.json.encode(value).decode()


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "rule_id": proof.rule.rule_id,
        "name": proof.rule.name,
        "path": proof.rule.document.path,
        "not_run": proof.not_run or None,
        "cases": [
            {"name": one.case.name, "verdict": one.case.verdict, "passed": one.passed, "problem": one.problem or None}
            for one in proof.verdicts
        ],
        "clauses": [
            {
                "text": one.text,
                "start": one.span[0],
                "end": one.span[1],
                "cases": list(one.cases),
                "excuse": one.excuse or None,
            }
            for one in proof.clauses
        ],
        "mutants": [
            {"change": one.change, "start": one.span[0], "end": one.span[1], "noticed": list(one.noticed)}
            for one in proof.mutants
        ],
    }
