"""What makes the plans of rules, with the exceptions that the project's files hold."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from detections.bundle import load_attachments
from detections.bundle.exceptions import exception_lists
from detections.cli.config import Config
from detections.compile.planner import mapping_of, plan
from detections.errors import Finding
from detections.plan import Plan
from detections.rule import Rule


def planner_of(rules: Iterable[Rule], config: Config, report: Callable[[Finding], None]) -> Callable[..., Plan]:
    """Makes the plan of a rule. ``report`` is told of exceptions that cannot be evaluated."""
    referring = [rule for rule in rules if rule.exceptions_list]
    if not referring:
        return plan
    folders = [config.path(name) for name in ("exceptions", "value_lists", "connectors")]
    attachments = load_attachments(*folders)
    lists = exception_lists(attachments)
    for finding in attachments.findings:
        report(finding)
    for rule in referring:
        for finding in lists.problems(rule, mapping_of(rule)):
            report(finding)
    return functools.partial(plan, exceptions=lists)
