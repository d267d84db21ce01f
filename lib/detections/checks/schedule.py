"""The time window of the rule leaves events out, or is empty.

`from` and `to` are Elasticsearch date math against the time of the run (`now-6m`), `interval` is how often it runs.
A window shorter than the interval never looks at the events between two runs; a window that ends before it starts, or
starts in the future, never sees any. An EQL sequence is found only where one window holds all of its events: a window
shorter than `maxspan` and one interval misses those that take their time.

Bad: `from = "now-5m"` with `interval = "10m"`: every second five minutes go unseen.

Good: `from = "now-6m"` with `interval = "5m"`: a minute of overlap for events that arrive late.
"""

from __future__ import annotations

from collections.abc import Iterator

from detections.checks.places import instant
from detections.checks.queries import queries_of
from detections.errors import Finding, Level
from detections.query import EqlQuery
from detections.query.eql import UNITS
from detections.query.eql.ast import Sequence, TimeSpan
from detections.rule import Rule

CODE = "schedule"
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def check(rule: Rule) -> Iterator[Finding]:
    start, end = instant(rule.from_), instant(rule.to)
    for key, text, at in (("from", rule.from_, start), ("to", rule.to, end)):
        if at is None:
            yield _finding(rule, key, f"{text} is not a time")
    if start is None or end is None:
        return
    interval = int(rule.interval[:-1]) * _UNITS[rule.interval[-1]]
    if start >= end:
        yield _finding(rule, "from", f"the window from {rule.from_} to {rule.to} is empty")
    elif end - start < interval:
        message = f"the window from {rule.from_} to {rule.to} is shorter than the interval of {rule.interval}"
        yield _finding(rule, "from", message, Level.WARNING)
    elif (maxspan := _maxspan(rule)) is not None and end - start < maxspan.count * UNITS[maxspan.unit] + interval:
        needed = f"maxspan ({maxspan.count}{maxspan.unit}) and interval ({rule.interval})"
        message = f"the window from {rule.from_} to {rule.to} is shorter than {needed} together"
        yield _finding(rule, "from", message, Level.WARNING)


def _maxspan(rule: Rule) -> TimeSpan | None:
    for asked in queries_of(rule):
        if isinstance(asked.query, EqlQuery) and isinstance(asked.query.tree.body, Sequence):
            return asked.query.tree.body.maxspan
    return None


def _finding(rule: Rule, key: str, message: str, level: Level = Level.ERROR) -> Finding:
    return rule.document.finding(CODE, message, ("rule", key), length=None, level=level)
