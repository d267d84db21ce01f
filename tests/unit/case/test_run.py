"""The verdict of a case: what the rule does with its event, and what is said where that is not what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from detections.case import Bases, run
from detections.case.coverage import coverage
from detections.case.mutate import mutate
from detections.case.run import own_alerts, window
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.protocol import Task
from detections.errors import NotAllowed, NotEvaluated, ServerError, ServerUnavailable
from detections.events import Batch
from detections.plan import Plan, Window
from made_cases import bases_of, case, cases_of, event
from made_rules import QUERY, new_terms, rule_of

NOW = 1_768_392_000_000
HOUR = 3_600_000
STOP = QUERY.replace("event.action: a", "event.action: stop")


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    return bases_of(tmp_path / "events", event("stop"))


class Failing:
    """An engine whose every run ends with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def why_not(self, plan: Plan) -> str | None:
        return None

    def run(self, tasks: Sequence[Task], batches: Iterable[Batch]) -> Iterator[Alert]:
        raise self._error


def problems(body: str, text: str, bases: Bases) -> dict[str, str]:
    rule = rule_of(f'from = "now-60m"\n{body}')
    verdicts = run(rule, make_plan(rule), cases_of(text, "stop"), bases, Embedded())
    for verdict in verdicts:
        assert verdict.passed is (verdict.finding is None) is (not verdict.problem)
    return {verdict.case.name: verdict.problem for verdict in verdicts}


def test_a_verdict_is_about_the_case_s_own_event(bases: Bases) -> None:
    text = (
        case("it alerts", "alert")
        + case("it should not", "quiet")
        + case("it should", "alert", 'set = { "event.action" = "read" }')
        + case("only its history does", "quiet", 'set = { "event.action" = "read" }',
               'history = [{ at = "-5m", set = { "event.action" = "stop" } }]')
        + case("too long ago", "quiet", 'at = "-61m"')
        + case("just not too long ago", "alert", 'at = "-60m"')
    )  # fmt: skip
    assert problems(STOP, text, bases) == {
        "it alerts": "",
        "it should not": "the rule alerts, the case expects quiet",
        "it should": "the rule stays quiet, the case expects an alert",
        "only its history does": "",
        "too long ago": "",
        "just not too long ago": "",
    }


def test_a_case_may_name_the_new_terms(bases: Bases) -> None:
    body = new_terms("event.action: stop", '"user.name"', "now-7d")
    text = (
        case("these", "alert", 'new_terms = [["alice"]]')
        + case("others", "alert", 'new_terms = [["bob"], ["carol"]]')
        + case("in any order", "alert", 'set = { "user.name" = ["b", "a"] }', 'new_terms = [["b"], ["a"]]')
    )
    assert problems(body, text, bases) == {
        "these": "",
        "others": "the new terms are [['alice']], not [['bob'], ['carol']]",
        "in any order": "",
    }
    rule = rule_of(body)
    *_, verdict, _ = run(rule, make_plan(rule), cases_of(text, "stop"), bases, Embedded())
    assert verdict.finding is not None
    assert verdict.finding.excerpt == 'new_terms = [["bob"], ["carol"]]'


def test_events_that_cannot_be_made_are_a_problem_of_the_case(bases: Bases) -> None:
    text = case("no base", "alert", 'base = "none.json"') + case("it alerts", "alert")
    found = problems(STOP, text, bases)
    assert "base 'none.json'" in found["no base"] and found["it alerts"] == ""
    rule = rule_of(STOP)
    broken = run(rule, make_plan(rule), cases_of(case("c", "alert"), "stop"), bases, Failing(ServerError("no")))
    assert [verdict.problem for verdict in broken] == ["no"]
    assert broken[0].finding is not None and broken[0].finding.excerpt == 'name = "c"'


@pytest.mark.parametrize("error", [NotEvaluated("x"), ServerUnavailable("x"), NotAllowed("x")])
def test_an_engine_that_cannot_run_ends_it(bases: Bases, error: Exception) -> None:
    rule = rule_of(STOP)
    with pytest.raises(type(error)):
        run(rule, make_plan(rule), cases_of(case("c", "alert"), "stop"), bases, Failing(error))


SUPPRESSED = f'{STOP}\n[rule.alert_suppression]\ngroup_by = ["user.name"]\n'
EARLIER = 'history = [{ at = "-5m" }]'


def test_a_case_may_expect_that_its_alert_is_suppressed(bases: Bases) -> None:
    text = (
        case("the first one", "alert")
        + case("another one before", "suppressed", EARLIER)
        + case("somebody else's before", "alert", 'history = [{ at = "-5m", set = { "user.name" = "somebody" } }]')
        + case("it alerts", "suppressed")
        + case("it is suppressed", "alert", EARLIER)
    )
    assert problems(SUPPRESSED, text, bases) == {
        "the first one": "", "another one before": "", "somebody else's before": "",
        "it alerts": "the rule alerts, the case expects it suppressed",
        "it is suppressed": "the rule suppresses the alert, the case expects an alert",
    }  # fmt: skip


def test_an_execution_raises_max_signals_alerts(bases: Bases) -> None:
    cases = case("too many", "quiet", EARLIER) + case("alone", "alert")
    assert problems(f"max_signals = 1\n{STOP}", cases, bases) == {"too many": "", "alone": ""}
    assert set(problems(f"max_signals = 2\n{STOP}", cases, bases).values()) == {
        "", "the rule alerts, the case expects quiet",
    }  # fmt: skip


def test_a_case_notices_another_suppression(bases: Bases) -> None:
    rule = rule_of(f'from = "now-60m"\n{SUPPRESSED}'.replace('"user.name"]', '"user.name", "host.name"]'))
    cases = cases_of(
        case("suppressed", "suppressed", f'set = {{ "host.name" = "h" }}\n{EARLIER}')
        + case("not here", "suppressed", EARLIER)
        + case("another host", "alert", 'history = [{ at = "-5m", set = { "host.name" = "h" } }]'),
        "stop",
    )
    noticed = {mutant.change: mutant.noticed for mutant in mutate(rule, make_plan(rule), cases, bases)}
    assert noticed["without alert suppression"] == ("suppressed", "not here")
    assert noticed["suppression without host.name"] == ("another host",)
    assert noticed["events not suppressed that lack a suppression field"] == ("not here",)
    clauses = coverage(rule, make_plan(rule), cases, bases)
    assert [clause.cases for clause in clauses] == [("suppressed", "not here", "another host")]


def test_the_window_is_that_of_an_execution_that_starts_now() -> None:
    rule = rule_of(f'from = "now-60m"\nto = "now-1m"\n{STOP}')
    assert window(rule, make_plan(rule), NOW) == Window(NOW - HOUR, NOW - 60_000, now=NOW)
    rounded = rule_of(f'from = "now/d"\nto = "now/d"\n{STOP}')
    assert window(rounded, make_plan(rounded), NOW) == Window(NOW - 12 * HOUR, NOW + 12 * HOUR - 1, now=NOW)
    terms = rule_of(new_terms("event.action: stop", '"user.name"', "now-7d"))
    assert window(terms, make_plan(terms), NOW).history == NOW - 7 * 24 * HOUR


def test_own_alerts_stand_on_an_event_of_that_name() -> None:
    alerts = [Alert("r", "r", 0, ids) for ids in (("own:1",), ("history-1:1",), ("history-1:1", "own:x"), ())]
    assert own_alerts(alerts) == (alerts[0], alerts[2])
