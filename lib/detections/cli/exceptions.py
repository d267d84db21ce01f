"""The exceptions that the project's files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from detections.bundle import load_attachments
from detections.bundle.exceptions import exception_lists
from detections.cli.config import Config
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, mapping_of
from detections.errors import Finding
from detections.rule import Rule


def exceptions_of(rules: Iterable[Rule], config: Config, report: Callable[[Finding], None]) -> ExceptionLists:
    """The lists that rules may refer to; nothing is read where none does. ``report`` is told of what is wrong with the
    files, and of items that cannot be evaluated."""
    referring = [rule for rule in rules if rule.exceptions_list]
    if not referring:
        return NO_LISTS
    attachments = load_attachments(*(config.path(name) for name in ("exceptions", "value_lists", "connectors")))
    lists = exception_lists(attachments)
    for finding in attachments.findings:
        report(finding)
    for rule in referring:
        for finding in lists.problems(rule, mapping_of(rule)):
            report(finding)
    return lists
