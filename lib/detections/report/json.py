"""For programs: one JSON object; of alerts and search results one a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from detections.api import SearchResult
from detections.backtest import Backtest, record
from detections.case.model import Proof
from detections.deploy.model import Change, Plan, Thing
from detections.deploy.status import Execution
from detections.engine.alert import Alert, Suppressed, Threshold
from detections.errors import Finding
from detections.payload import Difference
from detections.report.count import everything, levels, tally
from detections.report.sinks import Output
from detections.report.sinks.json import encode
from detections.tune import Tuning
from detections.values.dates import format_date


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    errors, warnings, notes = levels(findings)
    counts = {"rules": len(files), "errors": errors, "warnings": warnings, "notes": notes}
    yield encode({**counts, "findings": [finding(one) for one in findings]})


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    yield encode(
        {
            "summary": asdict(tally(proofs)),
            "findings": [finding(one) for one in everything(proofs, findings)],
            "rules": [_proof(proof) for proof in proofs],
        }
    )


def plan(found: Plan) -> Iterator[Output]:
    """A value that is absent on one side of a difference is null there."""
    yield encode(
        {
            "environment": found.environment,
            "kibana": found.kibana,
            "summary": {str(kind): count for kind, count in sorted(found.counts.items())},
            "others": found.others,
            "changes": [_change(change) for change in found.changes],
        }
    )


def status(found: Sequence[Execution]) -> Iterator[Output]:
    yield encode({"rules": [asdict(one) for one in found], "failing": sum(one.failing for one in found)})


def alerts(found: Iterable[Alert]) -> Iterator[Output]:
    """``new_terms`` only where there are any."""
    return (encode(alert(one)) for one in found)


def search(found: SearchResult) -> Iterator[Output]:
    """Each event whole, each row by the names of its columns, each sequence with its join keys."""
    yield from map(encode, found.events)
    yield from (encode(asdict(sequence)) for sequence in found.sequences)
    names = [column["name"] for column in found.columns]
    yield from (encode(dict(zip(names, row, strict=True))) for row in found.rows)


def fields(found: Sequence[Mapping[str, Any]]) -> Iterator[Output]:
    yield encode(found)


def config(file: str | None, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[Output]:
    yield encode({"file": file, "settings": settings})


def explain(parts: Mapping[str, Any]) -> Iterator[Output]:
    yield encode(parts)


def backtest(found: Backtest) -> Iterator[Output]:
    """A backtest in the form that ``detections site --backtest`` reads."""
    yield encode(record(found))


def tune(found: Tuning) -> Iterator[Output]:
    """``entries`` as Kibana's API has them; ``query`` is null where ``no_query`` says why."""
    items = [{"entries": item.kibana(), "text": str(item), "silences": item.silences} for item in found.items]
    refused = [{"entries": one.item.kibana(), "text": str(one.item), "why": one.why} for one in found.refused]
    said = {"rule_id": found.rule_id, "name": found.name, "path": found.path, "alerts": found.alerts}
    said |= {"false_positives": found.false_positives, "silenced": found.silenced, "exceptions": items}
    said |= {"query": found.query or None, "no_query": found.no_query or None, "refused": refused}
    yield encode(said | {name: list(getattr(found, name)) for name in ("left", "missing", "remarks")})


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
    if one.building_block:
        said["building_block_type"] = "default"
    if one.suppression is not None:
        said["suppression"] = _suppression(one.suppression)
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


def _suppression(one: Suppressed) -> dict[str, Any]:
    """As ``kibana.alert.suppression`` has it."""
    start, end = (None if at is None else format_date(at) for at in (one.start, one.end))
    terms = [
        {"field": name, "value": list(values) if len(values) > 1 else next(iter(values), None)}
        for name, values in one.terms
    ]
    return {"terms": terms, "start": start, "end": end, "docs_count": one.count}


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


def _proof(proof: Proof) -> dict[str, Any]:
    return {
        "rule_id": proof.rule.rule_id,
        "name": proof.rule.name,
        "path": proof.rule.document.path,
        "not_run": proof.not_run or None,
        "cases": [
            {
                "name": verdict.case.name,
                "verdict": verdict.case.verdict,
                "passed": verdict.passed,
                "problem": verdict.problem or None,
            }
            for verdict in proof.verdicts
        ],
        "clauses": [
            {
                "text": clause.text,
                "start": clause.span[0],
                "end": clause.span[1],
                "cases": list(clause.cases),
                "excuse": clause.excuse or None,
            }
            for clause in proof.clauses
        ],
        "mutants": [
            {"change": mutant.change, "start": mutant.span[0], "end": mutant.span[1], "noticed": list(mutant.noticed)}
            for mutant in proof.mutants
        ],
    }
