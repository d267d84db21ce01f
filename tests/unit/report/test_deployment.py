from collections.abc import Iterable

import click
import pytest

from detections.deploy.model import Action, Change, Kind, Plan, Thing
from detections.deploy.outcome import Outcome
from detections.deploy.status import Execution
from detections.kibana.answers import Rule
from detections.payload import Difference
from detections.report import deployment

LIVE = Rule.of({"id": "1", "rule_id": "r", "updated_by": "alice\x1b[2J", "updated_at": "2026-01-15"})
SEVERITY = Difference("severity", "low", "high")
LONG = "a line so long that the two notes cannot stand side by side"
NOTE = Difference("note", f"{LONG}\ntwo", f"{LONG}\nthree")
CREATE = Change(Kind.CREATE, "id-1", "New", Action.CREATE)
UPDATE = Change(Kind.UPDATE, "id-2", "Changed rule", Action.UPDATE, (NOTE,))
DRIFTED = Change(Kind.DRIFTED, "id-3", "Edited", None, (Difference("severity", "high", "low"),), (SEVERITY,), live=LIVE)
CONFLICT = Change(Kind.CONFLICT, "id-4", "Both", Action.UPDATE, (SEVERITY,), (NOTE,), live=LIVE)
LOST = Change(Kind.DRIFTED, "id-9", "Unknown", None, (SEVERITY,), live=LIVE, note="no record of the last apply")
FOREIGN = Change(Kind.FOREIGN, "id-5", "Theirs", None, (SEVERITY,), note="no tag")
GONE = Change(Kind.GONE, "id-6", "Old", Action.DISABLE)
SAME = Change(Kind.UNCHANGED, "id-7", "Same")
VALUES = Change(Kind.CREATE, "ips", "IPs", Action.CREATE, thing=Thing.VALUES)


def plain(outputs: Iterable[str]) -> list[str]:
    return [click.unstyle(output) for output in outputs]


def planned(*changes: Change, others: int = 0) -> Plan:
    return Plan("prod", "https://k/s/default", changes, others=others)


def test_a_plan_shows_each_change_with_what_differs_then_the_numbers() -> None:
    shown = plain(deployment.plan(planned(CREATE, UPDATE, DRIFTED, CONFLICT, FOREIGN, GONE, SAME, VALUES, others=2)))
    assert shown == [
        "prod: https://k/s/default",
        "",
        "+ create    New             id-1",
        "~ update    Changed rule    id-2",
        "    ~ note:",
        "        @@ -1,2 +1,2 @@",
        f"         {LONG}",
        "        -two",
        "        +three",
        r"! drifted   Edited          id-3  last written by alice\x1b[2J at 2026-01-15",
        "    edited in Kibana:",
        '    ~ severity: "low" -> "high"',
        r"! conflict  Both            id-4  last written by alice\x1b[2J at 2026-01-15; will be written over",
        "    edited in Kibana:",
        "    ~ note:",
        "        @@ -1,2 +1,2 @@",
        f"         {LONG}",
        "        -two",
        "        +three",
        "    from Kibana to the repo:",
        '    ~ severity: "low" -> "high"',
        "? foreign   Theirs          id-5  no tag",
        "    from Kibana to the repo:",
        '    ~ severity: "low" -> "high"',
        "- gone      Old             id-6  will be disabled",
        "+ create    value list IPs  ips",
        "",
        "1 to create, 1 to update, 1 drifted, 1 in conflict, 1 gone from the repo, 1 foreign, 1 unchanged; "
        "1 value list to write; 2 rules of others",
    ]


def test_a_drift_without_a_record_shows_what_would_become_of_it() -> None:
    assert plain(deployment.plan(planned(LOST)))[2:-2] == [
        r"! drifted   Unknown  id-9  last written by alice\x1b[2J at 2026-01-15; no record of the last apply",
        "    from Kibana to the repo:",
        '    ~ severity: "low" -> "high"',
    ]


def test_briefly_leaves_out_what_is_created() -> None:
    assert plain(deployment.plan(planned(CREATE, UPDATE), briefly=True))[2].startswith("~ update")
    assert plain(deployment.plan(planned(CREATE), briefly=True)) == ["prod: https://k/s/default", "", "1 to create"]


def test_a_plan_of_nothing() -> None:
    assert deployment.summary(planned()) == "no rules"
    assert plain(deployment.plan(planned(SAME)))[-1] == "1 unchanged"


def test_the_lines_of_a_difference_have_the_colours_of_their_signs() -> None:
    lines = "\n".join(deployment.plan(planned(UPDATE)))
    for code, text in (("32", "    +three"), ("31", "    -two"), ("36", "    @@ -1,2 +1,2 @@"), ("33", "~ note:")):
        assert f"\x1b[{code}m{text}\x1b[0m" in lines
    assert f"\n         {LONG}\n" in lines


def test_a_long_title_sticks_out_of_its_column() -> None:
    long = Change(Kind.CREATE, "id-8", "x" * 71, Action.CREATE)
    first, second = plain(deployment.plan(planned(long, CREATE)))[2:4]
    assert first == f"+ create    {'x' * 71}  id-8"
    assert second == "+ create    New  id-1"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome(CREATE, True), "created   New           id-1"),
        (Outcome(UPDATE, False, "409\nconflict"), r"not done  Changed rule  id-2: 409\nconflict"),
        (Outcome(GONE, True, "was off"), "disabled  Old           id-6: was off"),
    ],
)
def test_an_outcome_is_a_line(outcome: Outcome, told: str) -> None:
    assert click.unstyle(deployment.outcome(outcome, planned(CREATE, UPDATE, GONE, SAME))) == told


def test_done_counts_what_was_done_what_was_not_and_what_was_not_reached() -> None:
    outcomes = [Outcome(CREATE, True), Outcome(VALUES, True), Outcome(UPDATE, False), Outcome(GONE, True)]
    assert deployment.done(outcomes, [CONFLICT]) == "2 created, 1 disabled, 1 not done, 1 not reached"
    assert deployment.done([], []) == "nothing to do"


def test_status_lines_up_and_says_what_went_wrong() -> None:
    found = [
        Execution("1", "Bad", True, "failed", "2026-01-15T09:00:07.000Z", "no such index\n"),
        Execution("2", "Off", False, "succeeded\x1b[1m", "2026-01-15T09:00:07.000Z", "fine"),
        Execution("3", "Good", True, "succeeded", "2026-01-15T09:00:07.000Z", "fine"),
        Execution("4", "New", True, "never run"),
    ]
    assert plain(deployment.status(found)) == [
        "failed            2026-01-15T09:00:07.000Z  Bad",
        r"    no such index\n",
        r"succeeded\x1b[1m  2026-01-15T09:00:07.000Z  Off  disabled",
        "    fine",
        "succeeded         2026-01-15T09:00:07.000Z  Good",
        "never run         -                         New",
        "4 rules, 1 failing, 1 disabled",
    ]
    assert plain(deployment.status([])) == ["no rule with our tag in Kibana"]
