"""The risk score does not fit the severity.

Both say how bad an alert is, and people sort by either. Elastic's bands, which dashboards and entity risk assume, are
low 0-21, medium 22-47, high 48-73, critical 74-100.

Bad: `severity = "high"` with `risk_score = 21`.

Good: `severity = "high"` with `risk_score = 73`.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.errors import Finding, Level
from detections.rule import Rule

CODE = "severity"
BANDS = {"low": range(22), "medium": range(22, 48), "high": range(48, 74), "critical": range(74, 101)}


def check(rule: Rule) -> Iterator[Finding]:
    band = BANDS.get(rule.severity)
    if band is None or int(rule.risk_score) in band:
        return
    meant = next((name for name, scores in BANDS.items() if int(rule.risk_score) in scores), None)
    message = f"risk_score {rule.risk_score} is not in the band of severity {rule.severity}, {band[0]}-{band[-1]}"
    yield rule.document.finding(
        CODE,
        message,
        ("rule", "risk_score"),
        length=None,
        level=Level.WARNING,
        hint=f"it is a score for {meant}" if meant else "",
    )
