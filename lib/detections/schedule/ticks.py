"""When a rule is executed, and what each execution searches, as Kibana's alerting schedules it (Security 8.19 and 9.x).

A rule is executed when it is enabled, and then once an interval. An execution searches the window that the rule's date
math gives from the moment at which it starts. If more time than the window covers has passed since the one before, it
catches up: up to four windows, each an interval earlier than the next, are searched as well. What lies before them is a
gap, which nothing searches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detections.errors import NotEvaluated
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.values import datemath

CATCH_UP = 4
"""Windows before its own that an execution searches at most."""

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,9})([smhd])")


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which nothing is executed, its end exclusive: the first execution afterwards starts at the end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tick:
    """One execution of a rule. It starts at ``now`` and searches ``windows``, the oldest first. ``gap`` is how many
    milliseconds before the first of them nothing has searched."""

    now: int
    windows: tuple[Window, ...]
    gap: int = 0


def ticks(rule: Rule, plan: Plan, start: int, end: int, outages: Sequence[Outage] = ()) -> Iterator[Tick]:
    """The executions of a rule that is enabled at ``start``, up to the first at or after ``end``.

    Raises:
        NotEvaluated: its interval or its date math is none, or its windows are of no length.
    """
    interval, before, now = milliseconds(rule.interval), None, _awake(start, outages)
    while True:
        own = window(rule, plan, now)
        passed = 0 if before is None or own.start is None or own.end is None else now - before - (own.end - own.start)
        behind = min(-(-passed // interval), CATCH_UP) if passed > 0 else 0
        earlier = (window(rule, plan, now, number * interval) for number in range(behind, 0, -1))
        yield Tick(now, (*earlier, own), max(0, passed - behind * interval))
        if now >= end:
            return
        before, now = now, _awake(now + interval, outages)


def window(rule: Rule, plan: Plan, now: int, earlier: int = 0) -> Window:
    """What an execution searches that starts at ``now``, or the same so many milliseconds ``earlier``. What is ingested
    later than it starts is not there.

    Raises:
        NotEvaluated: ``from``, ``to`` or ``history_window_start`` is not date math.
    """
    try:
        start = datemath.resolve(rule.from_, now) - earlier
        end = datemath.resolve(rule.to, now, round_up=True) - earlier
        return Window(start, end, plan.history(end), now, ingested=now)
    except ValueError as error:
        raise NotEvaluated(str(error)) from None


def milliseconds(interval: str) -> int:
    """How long an interval is.

    Raises:
        NotEvaluated: it is none.
    """
    found = _DURATION.fullmatch(interval)
    if found is None or not int(found[1]):
        raise NotEvaluated(f"the interval '{interval}' is not a duration like 5m")
    return int(found[1]) * _UNITS[found[2]]


def _awake(now: int, outages: Sequence[Outage]) -> int:
    """The first moment from ``now`` on at which something is executed."""
    for outage in sorted(outages, key=lambda one: one.start):
        if outage.start <= now < outage.end:
            now = outage.end
    return now
