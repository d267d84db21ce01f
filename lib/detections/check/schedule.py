"""The time window of the rule leaves events out, or is no time.

`from` and `to` are Elasticsearch date math against the time of the run (`now-6m`), `interval` is how often it runs.
A window shorter than the interval never looks at the events between two runs; a window that ends before it starts, or
starts in the future, never sees any.

Bad: `from = "now-5m"` with `interval = "10m"`: every second five minutes go unseen.

Good: `from = "now-6m"` with `interval = "5m"`: a minute of overlap for events that arrive late.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from detections.errors import Finding, Level
from detections.rule import Rule
from detections.values import datemath

CODE = "schedule"
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVAL = re.compile(r"([1-9]\d*)([smhd])")
# Any instant will do: only differences are looked at. It is no boundary of day, month or year.
_NOW = 1_700_000_000_000


def check(rule: Rule) -> Iterator[Finding]:
    start, end = _resolve(rule.from_), _resolve(rule.to)
    interval = _INTERVAL.fullmatch(rule.interval)
    for key, text, good in (
        ("from", rule.from_, start is not None),
        ("to", rule.to, end is not None),
        ("interval", rule.interval, interval is not None),
    ):
        if not good:
            example = "a number and s, m, h or d: 5m" if key == "interval" else "date math: now-6m"
            yield _finding(rule, key, f"{key} {text!r} is not {example}")
    if start is None or end is None:
        return
    if start >= end:
        yield _finding(rule, "from", f"the window from {rule.from_} to {rule.to} is empty")
    elif interval and end - start < int(interval[1]) * _UNITS[interval[2]]:
        message = f"the window from {rule.from_} to {rule.to} is shorter than the interval of {rule.interval}"
        yield _finding(rule, "from", message, Level.WARNING)


def _resolve(text: str) -> int | None:
    try:
        return datemath.resolve(text, _NOW)
    except ValueError:
        return None


def _finding(rule: Rule, key: str, message: str, level: Level = Level.ERROR) -> Finding:
    return rule.document.finding(CODE, message, ("rule", key), length=None, level=level)
