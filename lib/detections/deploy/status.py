"""How the rules of an environment ran last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detections.kibana.answers import LastExecution, Rule

FAILED = "failed"
NEVER = "never run"
_ORDER = (FAILED, "partial failure", "warning", NEVER, "going to run", "running", "succeeded")


@dataclass(frozen=True, slots=True)
class Execution:
    """The last run of a rule, as Kibana tells it: ``status`` is Kibana's word (``partial failure`` is a warning), or
    ``never run``; ``date`` is ISO 8601, by the server's clock, empty if it never ran; ``message`` says what went wrong.
    """

    rule_id: str
    name: str
    enabled: bool
    status: str
    date: str = ""
    message: str = ""

    @property
    def failing(self) -> bool:
        """Whether the rule is on, and finds nothing because it fails."""
        return self.enabled and self.status == FAILED


def executions(rules: Iterable[Rule], tag: str) -> list[Execution]:
    """The last execution of each rule with our tag: enabled rules first, and of these the failures."""
    last = [_execution(rule) for rule in rules if tag in rule.tags]
    return sorted(last, key=lambda run: (not run.enabled, _rank(run.status), run.name, run.rule_id))


def _execution(rule: Rule) -> Execution:
    last = rule.execution_summary.last_execution or LastExecution(NEVER)
    status, message = last.status or NEVER, " ".join(last.message.split())
    return Execution(rule.rule_id, rule.name, rule.enabled, status, last.date, message)


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else 0
