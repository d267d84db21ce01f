"""How the rules of an environment ran last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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


def executions(rules: Iterable[Mapping[str, Any]], tag: str) -> list[Execution]:
    """The last execution of each rule with our tag: enabled rules first, and of these the failures."""
    found = [_execution(rule) for rule in rules if tag in rule.get("tags", ())]
    return sorted(found, key=lambda one: (not one.enabled, _rank(one.status), one.name, one.rule_id))


def _execution(rule: Mapping[str, Any]) -> Execution:
    summary = rule.get("execution_summary")
    last = summary.get("last_execution") if isinstance(summary, Mapping) else None
    if not isinstance(last, Mapping):
        last = {"status": NEVER}
    return Execution(
        rule["rule_id"], str(rule.get("name", "")), bool(rule.get("enabled")), str(last.get("status", NEVER)),
        str(last.get("date", "")), " ".join(str(last.get("message", "")).split()),
    )  # fmt: skip


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else 0
