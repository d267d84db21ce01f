"""Which cases turn on which leaf of the query, and what is said of a leaf that none turns on."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.case import Bases, coverage, uncovered_findings
from detections.case.coverage import without
from detections.compile.kql import compile_kql
from detections.compile.planner import plan as make_plan
from detections.engine import select
from detections.events import batches
from detections.mapping import catalog_mapping
from detections.query import parse
from made_cases import bases_of, case, cases_of, event
from made_rules import new_terms, rule_of

NEAR = 'set = { "event.outcome" = "failure" }'
OTHER = 'set = { "event.action" = "read" }'
CASES = case("an alert", "alert") + case("it failed", "quiet", NEAR) + case("something else", "quiet", OTHER)


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    return bases_of(tmp_path / "events", event("stop"), event("start"))


def covered(body: str, text: str, bases: Bases) -> dict[str, tuple[str, ...]]:
    rule = rule_of(f'from = "now-60m"\n{body}', index="" if "esql" in body else 'index = ["logs-*"]\n')
    return {clause.text: clause.cases for clause in coverage(rule, make_plan(rule), cases_of(text, "stop"), bases)}


def kql(query: str) -> str:
    return f"type = \"query\"\nlanguage = \"kuery\"\nquery = '''{query}'''"


def test_a_leaf_is_covered_by_the_cases_that_turn_when_it_never_holds(bases: Bases) -> None:
    query = 'event.action: "stop" and\n  not event.outcome: "failure"'
    assert covered(kql(query), CASES, bases) == {
        'event.action: "stop"': ("an alert",), 'event.outcome: "failure"': ("it failed",),
    }  # fmt: skip


def test_where_either_side_would_do_neither_is_covered(bases: Bases) -> None:
    both = 'event.action: "stop" or user.name: "alice"'
    assert covered(kql(both), CASES, bases) == {
        'event.action: "stop"': (), 'user.name: "alice"': ("something else",),
    }  # fmt: skip


def test_a_case_outside_the_window_or_without_events_covers_nothing(bases: Bases) -> None:
    query = kql('event.action: "stop"')
    assert covered(query, case("two hours ago", "quiet", 'at = "-2h"'), bases) == {'event.action: "stop"': ()}
    assert covered(query, case("an hour ago", "alert", 'at = "-1h"'), bases) == {
        'event.action: "stop"': ("an hour ago",)
    }
    assert covered(query, case("no base", "alert", 'base = "none.json"'), bases) == {'event.action: "stop"': ()}


def test_the_filters_of_a_rule_are_no_clauses_of_its_query(bases: Bases) -> None:
    body = kql('event.action: "stop"') + '\nfilters = [{ query = { term = { "user.name" = "alice" } } }]'
    assert covered(body, CASES, bases) == {'event.action: "stop"': ("an alert", "it failed")}


def test_new_terms_are_judged_with_their_history(bases: Bases) -> None:
    body = new_terms("event.action: stop and not event.outcome: failure", '"user.name"', "now-7d")
    text = (
        case("for the first time", "alert")
        + case("it failed", "quiet", NEAR)
        + case("done before", "quiet", 'history = [{ at = "-2d" }]')
        + case("failed before", "alert", f'history = [{{ at = "-2d", {NEAR} }}]')
        + case("the first of two alerts", "quiet", 'history = [{ at = "-5m" }]')
        + case("failed now, done before", "quiet", NEAR, 'history = [{ at = "-2d", base = "stop.json" }]')
    )
    assert covered(body, text, bases) == {
        "event.action: stop": ("for the first time", "failed before"),
        "event.outcome: failure": ("it failed", "failed before"),
    }


def test_each_where_of_a_pipeline_is_covered_by_the_cases_it_decides(bases: Bases) -> None:
    query = 'FROM logs METADATA _id | WHERE event.action == "stop" | EVAL who = user.name | WHERE who != "bob"'
    body = f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''{query}'''"
    text = CASES + case("bob", "quiet", 'set = { "user.name" = "bob" }')
    assert covered(body, text, bases) == {
        'event.action == "stop"': ("an alert", "it failed"), 'who != "bob"': ("an alert", "it failed"),
    }  # fmt: skip


def test_a_pipeline_with_a_limit_is_run_case_by_case(bases: Bases) -> None:
    query = 'FROM logs METADATA _id | WHERE event.action == "stop" | LIMIT 1'
    body = f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''{query}'''"
    assert covered(body, CASES, bases) == {'event.action == "stop"': ("an alert", "it failed")}


THREE = kql('event.action: "stop" and event.outcome:\n  "success" and user.name: *')


def excuse(leaf: str) -> str:
    return f"[[uncovered]]\nleaf = '{leaf}'\nwhy = \"every event has one\"\n"


def test_a_leaf_that_none_turns_on_is_an_error_at_the_leaf(bases: Bases) -> None:
    rule = rule_of(THREE)
    file = cases_of(case("something else", "quiet", OTHER) + excuse("user.name:   *"), "stop")
    clauses = coverage(rule, make_plan(rule), file, bases)
    assert [(clause.text, clause.covered, clause.excuse) for clause in clauses] == [
        ('event.action: "stop"', False, ""), ('event.outcome: "success"', False, ""),
        ("user.name: *", False, "every event has one"),
    ]  # fmt: skip
    findings = uncovered_findings(rule, file, clauses)
    assert [finding.message for finding in findings] == [
        'no case turns on `event.action: "stop"` alone', 'no case turns on `event.outcome: "success"` alone',
    ]  # fmt: skip
    assert findings[1].excerpt[findings[1].location.column - 1 :].startswith("event.outcome:")
    assert findings[1].length == len('event.outcome:\n  "success"')
    assert findings[1].hint == "add a case to cases.toml that differs from an alert in this clause only"


def test_an_excuse_that_nothing_needs_is_an_error(bases: Bases) -> None:
    rule = rule_of(THREE)
    file = cases_of(CASES + excuse("user.name: *") + excuse("event.action: 1"), "stop")
    clauses = coverage(rule, make_plan(rule), file, bases)
    assert [(clause.covered, clause.excuse) for clause in clauses] == 3 * [(True, "")]
    assert [finding.message for finding in uncovered_findings(rule, file, clauses)] == [
        "`user.name: *` is excused, but a case covers it or the query has no such leaf",
        "`event.action: 1` is excused, but a case covers it or the query has no such leaf",
    ]


def test_the_leaf_that_never_holds_answers_else_as_it_does() -> None:
    predicate = compile_kql(parse("a: 1 and (b: 2 or not c: 3)", "kuery"), catalog_mapping())
    events = [{"a": "1", "b": "2", "c": "3"}, {"a": "1", "c": "3"}, {"a": "1", "b": "2"}, {"b": "2"}]
    (batch,) = batches(events)
    assert [select(without(predicate, number), batch) for number in range(3)] == [[], [2], [0, 1, 2]]
    assert select(predicate, batch) == [0, 2]
