"""Which mutants of a rule its cases notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.case import Bases, mutate
from detections.compile.exceptions import ExceptionLists
from detections.compile.planner import plan as make_plan
from made_cases import bases_of, case, cases_of, event
from made_rules import QUERY, new_terms, rule_of

NEAR = 'set = { "event.outcome" = "failure" }'


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    return bases_of(tmp_path / "events", event("stop", source={"ip": "10.0.0.1"}))


def noticed(body: str, text: str, bases: Bases) -> dict[str, tuple[str, ...]]:
    rule = rule_of(f'from = "now-60m"\n{body}')
    return {mutant.change: mutant.noticed for mutant in mutate(rule, make_plan(rule), cases_of(text, "stop"), bases)}


def test_a_case_notices_what_turns_its_verdict(bases: Bases) -> None:
    body = QUERY.replace("event.action: a", "event.action: stop and not event.outcome: failure")
    text = case("an alert", "alert") + case("it failed", "quiet", NEAR)
    assert noticed(body, text, bases) == {
        "`event.action: stop and not event.outcome: failure`: or instead of and": ("it failed",),
        "`event.action: stop`: always true": (),
        "`event.action: stop`: always false": ("an alert",),
        "`event.action: stop`: only that it exists": (),
        "`event.action: stop`: stopx instead of stop": ("an alert",),
        "`not event.outcome: failure`: not removed": ("an alert", "it failed"),
        "`event.outcome: failure`: always true": ("an alert",),
        "`event.outcome: failure`: always false": ("it failed",),
        "`event.outcome: failure`: only that it exists": ("an alert",),
        "`event.outcome: failure`: failurex instead of failure": ("it failed",),
    }


def test_the_filters_of_a_rule_are_mutated_too(bases: Bases) -> None:
    body = QUERY.replace("event.action: a", "event.action: stop")
    body += '\nfilters = [{ query = { term = { "user.name" = "alice" } } }]'
    found = noticed(body, case("an alert", "alert"), bases)
    assert found["`filter`: always false"] == ("an alert",)
    assert found["`filter`: always true"] == ()


def test_the_terms_themselves_are_an_outcome(bases: Bases) -> None:
    body = new_terms("event.action: stop", '"user.name", "source.ip"', "now-7d")
    text = (
        case("the first time", "alert")
        + case("two days ago", "quiet", 'history = [{ at = "-2d" }]')
        + case("two weeks ago", "alert", 'history = [{ at = "-14d" }]')
        + case("from elsewhere", "alert", 'history = [{ at = "-2d", set = { "source.ip" = "10.0.0.2" } }]')
    )
    found = noticed(body, text, bases)
    assert found["new terms without source.ip"] == ("the first time", "two weeks ago", "from elsewhere")
    assert found["new terms without user.name"] == ("the first time", "two weeks ago", "from elsewhere")
    assert found["history of an hour"] == ("two days ago",)
    assert found["history without end"] == ("two weeks ago",)


def test_exceptions_are_mutated_and_left_out_one_by_one(bases: Bases) -> None:
    body = QUERY.replace("event.action: a", "event.action: stop")
    body += """
[[rule.exceptions_list]]
id = "l"
list_id = "l"
type = "detection"
namespace_type = "single"
"""
    rule = rule_of(f'from = "now-60m"\n{body}')
    items = [
        {"name": name, "entries": [{"type": "match", "operator": "included", "field": "user.name", "value": name}]}
        for name in ("alice", "bob")
    ]
    made = make_plan(rule, exceptions=ExceptionLists({("single", "l"): items}))
    cases = cases_of(
        case("alice", "quiet") + case("bob", "quiet", 'set = { "user.name" = "bob" }')
        + case("carol", "alert", 'set = { "user.name" = "carol" }'),
        "stop",
    )  # fmt: skip
    noticed = {mutant.change: mutant.noticed for mutant in mutate(rule, made, cases, bases)}
    assert noticed["without the exception alice"] == ("alice",)
    assert noticed["without the exception bob"] == ("bob",)
    assert noticed['`filter`: "alicex" instead of "alice"'] == ("alice",)
    assert noticed["`filter`: always true"] == ("carol",)


def test_cases_without_events_notice_nothing(bases: Bases) -> None:
    text = case("no base", "alert", 'base = "none.json"') + case("outside", "quiet", 'at = "-2h"')
    body = QUERY.replace("event.action: a", "event.action: stop")
    assert set(noticed(body, text, bases).values()) == {()}
