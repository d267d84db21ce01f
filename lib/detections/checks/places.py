"""What several checks look up in a rule's file: values by their keys, and the fields named outside the query."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from detections.rule import Rule, ThresholdRule
from detections.source import Keys
from detections.values import datemath


def listed(rule: Rule, *keys: str | int) -> Iterator[tuple[Keys, str]]:
    """The strings of a value that is a string or a list of them, each with its keys; nothing for what is not there, or
    is something else in a rule that the schema refuses."""
    value: Any = rule.document.data
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list):
        yield from (((*keys, index), item) for index, item in enumerate(value) if isinstance(item, str))


def grouping_fields(rule: Rule) -> Iterator[tuple[Keys, str]]:
    """The fields whose values the rule groups alerts by: new terms, thresholds, suppression."""
    yield from listed(rule, "rule", "new_terms", "value")
    yield from listed(rule, "rule", "threshold", "field")
    if isinstance(rule, ThresholdRule):
        for index, _ in enumerate(rule.threshold.get("cardinality", ())):
            yield from listed(rule, "rule", "threshold", "cardinality", index, "field")
    yield from listed(rule, "rule", "alert_suppression", "group_by")


def instant(expression: str) -> int | None:
    """The instant that date math names if the rule ran now, in ms; None where it names none (the 45th of a month)."""
    try:
        return datemath.resolve(expression, int(time.time()) * 1000)
    except ValueError:
        return None
