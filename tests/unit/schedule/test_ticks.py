"""When rules are executed, and what each execution searches."""

from __future__ import annotations

import itertools

import pytest

from detections.compile.planner import plan as make_plan
from detections.errors import NotEvaluated
from detections.plan import Window
from detections.rule import Rule
from detections.schedule import Outage, Tick, ticks
from made_rules import QUERY, new_terms, rule_of

MINUTE = 60_000
HOUR = 60 * MINUTE
NOON = 1_768_392_000_000


def rule(interval: str = "5m", since: str = "now-6m", to: str = "now", body: str = QUERY) -> Rule:
    return rule_of(f'interval = "{interval}"\nfrom = "{since}"\nto = "{to}"\n{body}')


def run(rule: Rule, minutes: float, *outages: Outage) -> list[Tick]:
    return list(ticks(rule, make_plan(rule), NOON, NOON + round(minutes * MINUTE), outages))


def own(now: int, start: int, end: int | None = None) -> Window:
    """The window of an execution, in minutes after noon."""
    return Window(*(NOON + at * MINUTE for at in (start, now if end is None else end)), None, NOON + now * MINUTE,
                  NOON + now * MINUTE)  # fmt: skip


def test_a_rule_is_executed_when_it_is_enabled_and_then_once_an_interval() -> None:
    assert run(rule(), 10) == [Tick(NOON + at * MINUTE, (own(at, at - 6),)) for at in (0, 5, 10)]


def test_the_last_execution_is_the_first_at_the_end_or_later() -> None:
    assert [tick.now for tick in run(rule(), 10.1)][-1] == NOON + 15 * MINUTE
    assert [tick.now for tick in run(rule(), 0)] == [NOON]


def test_windows_follow_the_date_math_of_the_rule() -> None:
    (tick,) = run(rule(since="now-1d/d", to="now-1m"), 0)
    assert tick.windows == (Window(NOON - 36 * HOUR, NOON - MINUTE, None, NOON, NOON),)
    terms = rule(body=new_terms("event.action: a", '"user.name"', "now-7d"), to="now-1h", since="now-2h")
    (tick,) = run(terms, 0)
    assert tick.windows[0].history == NOON - HOUR - 7 * 24 * HOUR


def test_an_execution_catches_up_after_an_outage() -> None:
    first, second, third = run(rule(), 21, Outage(NOON + MINUTE, NOON + 16 * MINUTE))
    assert (first.now, second.now, third.now) == (NOON, NOON + 16 * MINUTE, NOON + 21 * MINUTE)
    # Ten minutes more than the window covers: two windows, an interval apart, the oldest first.
    assert second.windows == (own(16, 0, 6), own(16, 5, 11), own(16, 10))
    assert second.gap == 0
    assert third.windows == (own(21, 15),)


def test_four_windows_are_caught_up_and_the_rest_is_a_gap() -> None:
    _, second = run(rule(), 60, Outage(NOON + MINUTE, NOON + 60 * MINUTE))
    assert [window.start for window in second.windows] == [NOON + at * MINUTE for at in (34, 39, 44, 49, 54)]
    # 60 minutes since the last execution, 6 in the window, 20 caught up.
    assert second.gap == 34 * MINUTE


def test_a_window_shorter_than_the_interval_is_caught_up_each_time() -> None:
    first, second = run(rule(interval="10m", since="now-4m"), 10)
    assert first.windows == (own(0, -4),)
    assert second.windows == (own(10, -4, 0), own(10, 6))
    assert second.gap == 0


def test_outages_may_touch() -> None:
    found = run(rule(), 20, Outage(NOON + 9 * MINUTE, NOON + 12 * MINUTE), Outage(NOON + 4 * MINUTE, NOON + 9 * MINUTE))
    assert [(tick.now - NOON) // MINUTE for tick in found] == [0, 12, 17, 22]


def test_executions_never_end_by_themselves() -> None:
    made = rule()
    far = itertools.islice(ticks(made, make_plan(made), 0, 10**18), 3)
    assert [tick.now for tick in far] == [0, 5 * MINUTE, 10 * MINUTE]


def test_date_math_that_is_too_large_is_refused() -> None:
    with pytest.raises(NotEvaluated, match="too large"):
        run(rule(since="now-99999999999d"), 0)
