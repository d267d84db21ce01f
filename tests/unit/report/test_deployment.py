"""A plan, an apply and executions, as a person reads them."""

from __future__ import annotations

import click

from detections.deploy.model import Action, Change, Kind, Plan, Thing
from detections.deploy.outcome import Outcome
from detections.deploy.status import Execution
from detections.kibana.answers import Rule
from detections.payload import Difference
from detections.report import deployment

LIVE = Rule.of({"id": "1", "rule_id": "r", "updated_by": "alice", "updated_at": "2026-01-15T09:00:07.000Z"})
NOTE = Difference("note", "theirs", "ours")
EDIT = Difference("risk_score", 21, 73)
CHANGES = (
    Change(Kind.CREATE, "l", "L", Action.CREATE, thing=Thing.LIST),
    Change(Kind.CREATE, "n", "New", Action.CREATE, payload={}),
    Change(Kind.UPDATE, "u", "Updated", Action.UPDATE, (NOTE,), live=LIVE),
    Change(Kind.DRIFTED, "d", "Drifted", None, (NOTE,), (EDIT,), live=LIVE),
    Change(Kind.DRIFTED, "w", "Without a record", None, (NOTE,), live=LIVE, note="no record of the last apply"),
    Change(Kind.CONFLICT, "c", "Conflict\x1b[2J", Action.UPDATE, (NOTE,), (EDIT,), live=LIVE),
    Change(Kind.GONE, "g", "Gone", Action.DELETE, live=LIVE),
    Change(Kind.UNCHANGED, "s", "Same"),
)
PLAN = Plan("prod", "https://k/s/soc", CHANGES, others=3)


def shown(text: str) -> str:
    return click.unstyle(text)


def test_a_plan() -> None:
    assert (
        shown(deployment.plan(PLAN))
        == """\
prod: https://k/s/soc

+ create    exception list L  l
+ create    New               n
~ update    Updated           u
    ~ note: "theirs" -> "ours"
! drifted   Drifted           d  last written by alice at 2026-01-15T09:00:07.000Z
    edited in Kibana:
    ~ risk_score: 21 -> 73
! drifted   Without a record  w  last written by alice at 2026-01-15T09:00:07.000Z; no record of the last apply
    from Kibana to the repo:
    ~ note: "theirs" -> "ours"
! conflict  Conflict�[2J      c  last written by alice at 2026-01-15T09:00:07.000Z; will be written over
    edited in Kibana:
    ~ risk_score: 21 -> 73
    from Kibana to the repo:
    ~ note: "theirs" -> "ours"
- gone      Gone              g  will be deleted

1 to create, 1 to update, 2 drifted, 1 in conflict, 1 gone from the repo, 1 unchanged; 1 exception list to write; \
3 rules of others"""
    )


def test_a_plan_that_is_carried_out_right_away_leaves_out_what_is_new() -> None:
    brief = shown(deployment.plan(PLAN, briefly=True))
    assert "New" not in brief and "Updated" in brief


def test_an_empty_plan() -> None:
    assert shown(deployment.plan(Plan("prod", "k", ()))) == "prod: k\n\nno rules"


def test_outcomes() -> None:
    done = shown(deployment.outcome(Outcome(CHANGES[1], True), PLAN))
    assert done == "created   New               n"
    failed = shown(deployment.outcome(Outcome(CHANGES[2], False, "no\nreason"), PLAN))
    assert failed == "not done  Updated           u: no\ufffdreason"
    outcomes = [Outcome(CHANGES[1], True), Outcome(CHANGES[2], False)]
    assert deployment.done(outcomes, CHANGES[5:7]) == "1 created, 1 not done, 2 not reached"
    assert deployment.done([], []) == "nothing to do"


def test_executions() -> None:
    runs = [
        Execution("f", "Fails", True, "failed", "2026-01-15T09:00:00.000Z", "no such index"),
        Execution("w", "Warns", True, "partial failure", "x\x1b[2J", "slow"),
        Execution("n", "Never", False, "never run"),
        Execution("o", "Fine", True, "succeeded", "2026-01-15T09:00:00.000Z", "all is well"),
    ]
    assert (
        shown(deployment.status(runs))
        == """\
failed           2026-01-15T09:00:00.000Z  Fails
    no such index
partial failure  x\ufffd[2J                     Warns
    slow
never run        -                         Never  disabled
succeeded        2026-01-15T09:00:00.000Z  Fine
4 rules, 1 failing, 1 disabled"""
    )
    assert deployment.status([]) == "no rule with our tag in Kibana"
