"""SARIF 2.1.0, as code scanning services read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from detections import __version__
from detections.case.model import Proof
from detections.checks.pages import pages
from detections.errors import Finding
from detections.report.count import everything
from detections.report.sinks import Output
from detections.report.sinks.json import encode, uri

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LINK = re.compile(r"\[([^\]]*)\]\(([\w-]+)\.md\)")
_OTHERS = {
    "case": "A case does not get its verdict, or its file cannot be read.",
    "coverage": "No case turns on a clause of the query alone, so nothing shows that the clause is right.",
    "exceptions": "An exception list that a rule refers to is missing, or has an item that cannot be evaluated.",
    "scaffolded": "Cases were generated from the query, and nobody has reviewed them.",
    "server": "The cases could not be run on the server.",
    "table": "A table that ES|QL looks up cannot be read.",
}
"""What codes mean that are no checks, and so have no page."""


def check(findings: Sequence[Finding], files: Sequence[str]) -> Iterator[Output]:
    yield _log(findings)


def test(proofs: Sequence[Proof], findings: Sequence[Finding]) -> Iterator[Output]:
    not_run = [f"{one.rule.name} is not run: {one.not_run}" for one in proofs if one.not_run]
    yield _log(everything(proofs, findings), not_run)


def _log(findings: Sequence[Finding], remarks: Sequence[str] = ()) -> Output:
    codes = sorted({one.code for one in findings})
    driver = {"name": "detections", "semanticVersion": __version__, "rules": [_rule(code) for code in codes]}
    results = [_result(one, codes.index(one.code)) for one in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    if remarks:
        told = [{"level": "note", "message": {"text": one}} for one in remarks]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": told}]
    return encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str) -> dict[str, Any]:
    """A code with what it finds, and its page, which a service shows beside each result."""
    page = _pages().get(code)
    if page is None:
        return {"id": code, "shortDescription": {"text": _OTHERS[code]}} if code in _OTHERS else {"id": code}
    summary, text = page
    return {
        "id": code,
        "shortDescription": {"text": summary},
        "help": {"text": f"{summary} `detections explain-check {code}` says more.", "markdown": text},
    }


@cache
def _pages() -> dict[str, tuple[str, str]]:
    """The first paragraph of each check's page, and the page; what links to another page names it."""
    found = {}
    for name, text in pages():
        first = text.split("\n\n")[1]
        linked = _LINK.sub(lambda link: f"{link[1]} (`detections explain-check {link[2]}`)", text)
        found[name.removesuffix(".md")] = (" ".join(first.split()), linked)
    return found


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
