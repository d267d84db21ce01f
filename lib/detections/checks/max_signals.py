"""`max_signals` is more than Kibana allows.

A run creates at most `max_signals` alerts (100 where nothing is said). Kibana caps that at
`xpack.alerting.rules.run.alerts.max`, 1000 unless an administrator changed it, and warns at every run of a rule that
asks for more; what is above the cap is lost.

Bad: `max_signals = 10000`

Good: `max_signals = 1000`, or a rule that alerts less: a narrower query, suppression, a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.errors import Finding
from detections.rule import Rule

CODE = "max-signals"
LIMIT = 1000


def check(rule: Rule) -> Iterator[Finding]:
    if rule.max_signals > LIMIT:
        message = f"max_signals {rule.max_signals} is above Kibana's limit of {LIMIT} alerts a run"
        yield rule.document.finding(CODE, message, ("rule", "max_signals"), length=None)
