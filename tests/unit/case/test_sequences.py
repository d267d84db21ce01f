"""Cases of EQL rules: sequences made of history and own event, leaves of stages covered, joins mutated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detections.case import Bases, coverage, mutate, run
from detections.case.model import CaseFile
from detections.case.read import read_cases
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.plan import EqlPlan
from detections.rule import Rule
from detections.source import parse
from made_rules import rule_of

QUERY = """sequence by user.name with maxspan=10m
  [any where event.action == "stop" and event.outcome == "success"] with runs=2
  ![any where event.action == "check"]
  [any where event.action == "start"]
until [any where event.action == "end"]"""
CASES = """
base = "start.json"

[[case]]
name = "stopped twice and started"
verdict = "alert"
history = [{ at = "-10m", base = "stop.json" }, { at = "-3m", base = "stop.json" }]

[[case]]
name = "the own event comes first"
verdict = "alert"
base = "stop.json"
at = "-9m"
history = [{ at = "-5m", base = "stop.json" }, { at = "-1s", base = "start.json" }]

[[case]]
name = "stopped once"
verdict = "quiet"
history = [{ at = "-3m", base = "stop.json" }]

[[case]]
name = "one stop failed"
verdict = "quiet"
history = [
  { at = "-7m", base = "stop.json" },
  { at = "-3m", base = "stop.json", set = { "event.outcome" = "failure" } },
]

[[case]]
name = "checked between"
verdict = "quiet"
history = [
  { at = "-7m", base = "stop.json" },
  { at = "-3m", base = "stop.json" },
  { at = "-2m", base = "stop.json", set = { "event.action" = "check" } },
]

[[case]]
name = "somebody else"
verdict = "quiet"
set = { "user.name" = "bob" }
history = [{ at = "-7m", base = "stop.json" }, { at = "-3m", base = "stop.json" }]
"""


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    for action in ("stop", "start"):
        event = {"action": action, "outcome": "success", "id": action}
        document = {"@timestamp": "2026-01-14T10:00:00Z", "event": event, "user": {"name": "alice"}}
        (tmp_path / f"{action}.json").write_text(json.dumps(document))
    return Bases(tmp_path)


def made(query: str = QUERY) -> tuple[Rule, EqlPlan]:
    rule = rule_of(f"from = \"now-60m\"\ntype = \"eql\"\nlanguage = \"eql\"\nquery = '''{query}'''\n")
    plan = make_plan(rule)
    assert isinstance(plan, EqlPlan)
    return rule, plan


def cases(text: str = CASES) -> CaseFile:
    file = read_cases(parse(text, "x.toml"))
    assert not file.findings
    return file


def test_a_case_tells_a_sequence_with_its_history(bases: Bases) -> None:
    verdicts = run(*made(), cases(), bases, Embedded())
    assert [verdict.problem for verdict in verdicts] == [""] * 6
    assert [len(verdict.alerts[0].event_ids) for verdict in verdicts if verdict.alerts] == [3, 3]


def test_an_event_of_the_history_with_a_base_of_its_own_is_that_base(bases: Bases) -> None:
    *_, other = cases().cases
    assert other.event.set == {"user.name": "bob"}
    assert [spec.set for spec in other.history] == [{}, {}]


def test_a_leaf_is_covered_where_its_stage_decides(bases: Bases) -> None:
    clauses = {(clause.text, clause.span[0]): clause.cases for clause in coverage(*made(), cases(), bases)}
    covered = {text: names for (text, _), names in clauses.items()}
    both = ("stopped twice and started", "the own event comes first")
    assert covered['event.action == "stop"'] == both
    assert covered['event.outcome == "success"'] == both
    assert covered['event.action == "check"'] == ("checked between",)
    assert covered['event.action == "start"'] == both
    assert covered['event.action == "end"'] == ()


def test_mutants_of_a_program(bases: Bases) -> None:
    mutants = {mutant.change: mutant.noticed for mutant in mutate(*made(), cases(), bases)}
    both = ("stopped twice and started", "the own event comes first")
    # A stage that runs twice is changed in both its places at once.
    assert [change for change in mutants if '"stop"' in change and "always" in change] == [
        '`event.action == "stop"`: always true', '`event.action == "stop"`: always false',
    ]  # fmt: skip
    assert mutants['`event.outcome == "success"`: always true'] == ("one stop failed",)
    assert mutants['`event.action == "check"`: always false'] == ("checked between",)
    assert mutants["without join key user.name"] == ("somebody else",)
    assert mutants["half the maxspan"] == both
    assert mutants["twice the maxspan"] == mutants["without until"] == ()
    assert mutants["stage 3 before stage 2"] == mutants["stage 4 before stage 3"] == ("checked between",)
