"""``detections tune``: from alerts that somebody picked to a rule that is quiet about them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
NAME = "AWS EC2 Network Access Control List Creation"
RULE = Path("rules/aws/defense_evasion_ec2_network_acl_created.toml")
CASES = Path("tests/rules/aws/defense_evasion_ec2_network_acl_created.toml")
LIST = Path("exceptions/defense_evasion_ec2_network_acl_created.toml")
ARN = "arn:aws:sts::111111111111:assumed-role/r/user-1"


@pytest.fixture
def picked(run: Run, project: Path) -> Path:
    """Forty records of four users that raise alerts, and those alerts that are of one of them."""
    base = json.loads((project / "tests/events/cloudtrail/create_network_acl.json").read_text())
    records = []
    for number in range(40):
        user = f"user-{number % 4}"
        who = {**base["userIdentity"], "arn": ARN.replace("user-1", user), "principalId": f"AROA:{user}"}
        records.append({**base, "userIdentity": who, "eventID": f"e{number}"})
    (project / "trail.json").write_text(json.dumps({"Records": records}))
    lines = run("replay", "trail.json", "--format", "json").out.splitlines()
    path = project / "picked.json"
    path.write_text("\n".join(line for line in lines if int(json.loads(line)["event_ids"][0][1:]) % 4 == 1))
    return path


def tune(run: Run, *arguments: object) -> Any:
    return run("tune", RULE, "trail.json", "--false-positives", "picked.json", *arguments)


def test_it_proposes_and_writes_nothing(run: Run, project: Path, picked: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    done = tune(run)
    assert (done.code, done.err) == (0, "")
    assert f"exception 1, silences 10 false positives\n    aws.cloudtrail.user_identity.arn is {ARN}\n" in done.out
    assert f'    and not aws.cloudtrail.user_identity.arn: "{ARN}"' in done.out
    assert "user.name is network-deploy: it would silence the case" in done.out
    assert done.out.endswith("40 alerts, 10 false positives, 10 silenced by 1 exception\n")
    assert before == {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_both_formats_agree(run: Run, picked: Path) -> None:
    found = json.loads(tune(run, "--format", "json").out)
    assert (found["alerts"], found["false_positives"], found["silenced"]) == (40, 10, 10)
    (item,) = found["exceptions"]
    assert item["entries"] == [
        {"field": "aws.cloudtrail.user_identity.arn", "operator": "included", "type": "match", "value": ARN}
    ]
    assert (found["no_query"], found["left"], found["missing"]) == (None, [], [])
    assert len(found["refused"]) == 3


def test_an_exception_is_written_and_holds(run: Run, project: Path, picked: Path) -> None:
    done = tune(run, "--write", "exception", "--reason", "the network team\ndeploys")
    assert done.code == 0
    assert done.err.splitlines() == [f"wrote {path}" for path in (LIST, RULE, CASES)]
    assert 'comment = "the network team deploys"' in LIST.read_text()
    assert 'type = "rule_default"' in RULE.read_text()
    assert run("replay", "trail.json").err.endswith("30 alerts\n")
    assert "1 rule, 27 of 27 cases as expected" in run("test").out
    mutants = run("test", "--mutate").out
    assert "user-1" not in mutants, "the new case notices every change of the exception"
    assert run("check").code == 0
    again = tune(run)
    assert (again.code, "10 false positives not among the alerts" in again.err) == (1, True)


def test_the_next_exception_goes_into_the_same_list(run: Run, project: Path, picked: Path) -> None:
    assert tune(run, "--write", "exception").code == 0
    LIST.write_text(f"# ours\n{LIST.read_text()}")
    picked.write_text("e2\ne6\n")
    assert tune(run, "--write", "exception", "--field", "user.id", "--field", "message").code == 2
    done = tune(run, "--write", "exception", "--field", "user.id")
    assert (done.code, done.err) == (1, "not done: 2 false positives not silenced\n"), "nothing is to be written"
    picked.write_text("".join(f"e{number}\n" for number in range(2, 40, 4)))
    done = tune(run, "--write", "exception", "--field", "user.id")
    assert (done.code, done.err) == (0, f"wrote {LIST}\nwrote {CASES}\n"), "the rule refers to it already"
    text = LIST.read_text()
    assert text.startswith("# ours\n")
    assert text.count("[[items]]") == 2
    assert run("replay", "trail.json").err.endswith("20 alerts\n")


def test_a_clause_is_written_with_the_reason_above_it(run: Run, project: Path, picked: Path) -> None:
    before = RULE.read_text()
    done = tune(run, "--write", "query")
    assert done.code == 0
    after = RULE.read_text()
    assert "\n# silences 10 false positives of picked.json\nquery = '''\n" in after
    clause = f'    and not aws.cloudtrail.user_identity.arn: "{ARN}"\n'
    kept = after.replace("# silences 10 false positives of picked.json\n", "").replace(clause, "")
    assert kept == before, "nothing else is changed"
    assert run("replay", "trail.json").err.endswith("30 alerts\n")
    assert "27 of 27 cases as expected, 7 of 7 clauses covered" in run("test").out


def test_the_rule_is_named_by_its_id_or_name(run: Run, picked: Path) -> None:
    for name in (NAME, "7666efda-3063-43f1-b9e1-e1ef4d1cba19"):
        assert run("tune", name, "trail.json", "--false-positives", "picked.json").out == tune(run).out
    done = run("tune", "nobody", "trail.json", "--false-positives", "picked.json")
    assert (done.code, done.err) == (2, "error: RULE: no rule is 'nobody': give a file, a rule_id or a name\n")


def test_events_alone_are_all_false_positives(run: Run, project: Path, picked: Path) -> None:
    done = run("tune", RULE, "--false-positives", "trail.json")
    assert done.code == 0
    assert "note: there are no other alerts to hold exceptions against" in done.out
    assert "40 alerts, 40 false positives, 40 silenced" in done.out


def test_bad_input(run: Run, project: Path, picked: Path) -> None:
    done = run("tune", RULE, "--false-positives", "picked.json")
    assert (done.code, "give the events that the alerts were found in" in done.err) == (2, True)
    assert run("tune", RULE, "trail.json", "--false-positives", "none.json").code == 2
    assert run("tune", RULE, "none", "--false-positives", "picked.json").code == 2
    picked.write_text(f"{picked.read_text()}\nnothing\n")
    done = tune(run)
    assert done.code == 1
    assert "picked.json:11:1: false-positives is not an alert" in done.err
    assert "40 alerts, 10 false positives, 10 silenced" in done.out
    picked.write_text("e1\nunknown\n")
    done = tune(run)
    assert done.code == 1
    assert "no alert of this rule: unknown\n" in done.out
    (project / "empty.json").write_text("")
    assert run("tune", RULE, "empty.json", "--false-positives", "picked.json").code == 1
    RULE.write_text("[rule]\n")
    assert tune(run).code == 1


def test_a_list_of_the_rule_without_a_file_is_not_made_anew(run: Run, project: Path, picked: Path) -> None:
    assert tune(run, "--write", "exception").code == 0
    LIST.unlink()
    before = RULE.read_text()
    picked.write_text("".join(f"e{number}\n" for number in range(2, 40, 4)))
    done = tune(run, "--write", "exception")
    assert done.code == 2
    assert "has no file: `detections pull` writes it" in done.err
    assert RULE.read_text() == before
