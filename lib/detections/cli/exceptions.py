"""What the project's files hold of exceptions, value lists and connectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from detections.bundle import Attachments, load_attachments
from detections.bundle.exceptions import exception_lists
from detections.cli.config import Config
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import NO_LISTS, mapping_of
from detections.errors import Finding
from detections.rule import Rule


def attachments_of(config: Config) -> Attachments:
    """All that rules of the project may refer to."""
    return load_attachments(*(config.path(name) for name in ("exceptions", "value_lists", "connectors")))


def exceptions_of(rules: Iterable[Rule], config: Config, report: Callable[[Finding], None]) -> ExceptionLists:
    """The lists that rules may refer to; nothing is read where none does. ``report`` is told of what is wrong with the
    files, and of items that cannot be evaluated."""
    referring = [rule for rule in rules if rule.exceptions_list]
    if not referring:
        return NO_LISTS
    attachments = attachments_of(config)
    lists = exception_lists(attachments)
    for finding in (*attachments.findings, *problems_of(referring, lists)):
        report(finding)
    return lists


def problems_of(rules: Iterable[Rule], lists: ExceptionLists) -> Iterator[Finding]:
    """What of the rules' exceptions cannot be evaluated."""
    return (problem for rule in rules for problem in lists.problems(rule, mapping_of(rule)))
