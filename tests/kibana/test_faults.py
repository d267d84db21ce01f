"""What goes wrong on the way: no rule is lost or doubled, the exit code tells, the message says what was done and what
was not, and running it again ends where it should."""

import socket
from datetime import timedelta

import pytest

from detections.kibana.client import Kibana
from detections.payload import to_api
from detections.rule import load
from detections.source import read

FIND = r"GET .*/rules/_find"
IMPORT = r"POST .*/rules/_import"


def create(stand_in, rule):
    """Another client creates a rule."""
    stand_in._create(rule, stand_in.space())


def settled(run, stand_in, project, count):
    """Everything is in Kibana, once; nothing is left to do, and no file tells a secret."""
    assert run("plan", "--detailed-exitcode").code == 0
    rules = list(stand_in.space().rules.values())
    assert len({rule["rule_id"] for rule in rules}) == len(rules) == count
    written = "".join(path.read_text() for path in project.folder.rglob("*") if path.is_file())
    assert not any(secret in written for secret in stand_in.secrets)


@pytest.fixture
def changing(run, project, stand_in):
    """A project whose apply creates, updates, prunes, and leaves alone: rules a to e are the repo's in the end, f is
    gone from it, and a person has written one of their own."""
    for name in ("d", "e", "f"):
        project.write(name)
    assert run("apply", "--yes").code == 0
    for name in ("a", "b"):
        stand_in.rule(name)["enabled"] = True
        project.write(name, note="New.\nVery new.")
    project.remove("f")
    stand_in.space().rules.pop(stand_in.rule("c")["id"])
    project.write("g")
    stand_in.edit("e", by="alice", note="Mine.")
    project.write("e")
    return project


def test_nobody_is_there(run, project):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (project.folder / "pyproject.toml").write_text(
        f'[tool.detections.environments.test]\nurl = "http://127.0.0.1:{port}"\n'
    )
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "cannot connect" in outcome.err
    assert not project.state.exists()


@pytest.mark.parametrize("on", [FIND, IMPORT])
@pytest.mark.parametrize(
    "fault",
    [
        lambda stand_in, on: stand_in.drop(on),
        lambda stand_in, on: stand_in.drop(on, worked=True),
        lambda stand_in, on: stand_in.cut(on),
        lambda stand_in, on: stand_in.cut_json(on),
        lambda stand_in, on: stand_in.fail(on, 500, body="<html><title>Oops</title></html>"),
        lambda stand_in, on: stand_in.fail(on, 500, body="<html><title>Oops</title></html>", worked=True),
        lambda stand_in, on: stand_in.fail(on, 502, worked=True),
        lambda stand_in, on: stand_in.fail(on, 503),
        lambda stand_in, on: stand_in.fail(on, 504, worked=True),
        lambda stand_in, on: stand_in.fail(on, 429, headers={"Retry-After": "7"}),
        lambda stand_in, on: stand_in.fail(on, 413),
        lambda stand_in, on: stand_in.slow(on, 0.2),
    ],
)
def test_one_request_fails(run, project, stand_in, on, fault):
    fault(stand_in, on)
    outcome = run("apply", "--yes")
    assert outcome.code in (0, 1)
    assert len(stand_in.space().rules) in (0, 3)
    if outcome.code:
        assert "not done" in outcome.out or outcome.err.startswith("error: ")
    else:
        assert "3 created" in outcome.out
    stand_in.revive()
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def test_retry_after_is_obeyed(run, project, stand_in, slept):
    stand_in.fail(IMPORT, 429, headers={"Retry-After": "7"})
    assert run("apply", "--yes").code == 0
    assert slept == [7.0]


def test_a_server_that_is_slow_for_good(run, project, stand_in):
    text = (project.folder / "pyproject.toml").read_text()
    (project.folder / "pyproject.toml").write_text(f"{text}timeout = 1\n")
    stand_in.slow(FIND, 1.3)
    outcome = run("apply", "--yes")
    assert outcome.code == 0  # reading is repeated
    settled(run, stand_in, project, 3)


@pytest.mark.parametrize(("on", "privilege"), [(FIND, "securitySolution-read"), (IMPORT, "securitySolution-all")])
def test_a_privilege_is_missing(run, project, stand_in, on, privilege):
    stand_in.denied.append((on, privilege))
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert privilege in outcome.err
    if on == IMPORT:
        assert "3 not reached" in outcome.out
    stand_in.denied.clear()
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def test_the_credentials_are_wrong(run, project, stand_in, monkeypatch):
    monkeypatch.setenv("KIBANA_API_KEY", "not:this-one")
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "authentication failed" in outcome.err
    assert "this-one" not in outcome.err + outcome.out


def test_a_proxy_takes_small_requests_only(run, project, stand_in):
    stand_in.fail(IMPORT, 413, times=2, body="<html><title>413 Request Entity Too Large</title></html>")
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def test_one_rule_among_a_hundred_is_refused(run, project, stand_in):
    for number in range(97):
        project.write(f"rule-{number:03}")
    stand_in.refused["rule-042"] = (400, "this rule is not for this license")
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "99 created, 1 not done" in outcome.out
    assert "not for this license" in outcome.out
    stand_in.refused.clear()
    again = run("apply", "--yes")
    assert (again.code, "1 created" in again.out) == (0, True)
    settled(run, stand_in, project, 100)


def test_a_rule_is_refused_when_it_changes(run, changing, stand_in):
    stand_in.refused["a"] = (400, "no")
    outcome = run("apply", "--yes", "--prune", "delete")
    assert outcome.code == 1
    assert "2 created, 1 updated, 1 deleted, 1 not done" in outcome.out
    assert "note" not in stand_in.rule("a")
    stand_in.refused.clear()
    assert run("apply", "--yes").code == 0


def test_a_rule_that_another_makes_meanwhile(run, project, stand_in):
    """Between our reading and our writing somebody creates a rule of the same rule_id."""
    theirs = {"name": "Theirs", "description": "d", "risk_score": 1, "severity": "low", "type": "query"}
    before = len(stand_in.requests)

    def meanwhile(number):
        if number == before + 3:  # status, all rules, the three rules
            create(stand_in, {"rule_id": "b", **theirs})

    stand_in.after_request = meanwhile
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "2 created, 1 not done" in outcome.out
    assert "already exists" in outcome.out
    assert stand_in.rule("b")["name"] == "Theirs"
    stand_in.revive()
    assert run("apply", "--yes").code == 0
    assert "1 foreign" in run("plan").out
    assert stand_in.rule("b")["name"] == "Theirs"


@pytest.mark.parametrize("number", [2, 3])
def test_a_rule_that_another_edits_meanwhile(run, changing, stand_in, number):
    """After the plan was made: it is seen, unless it is in the moment between the read and the write."""
    before = len(stand_in.requests)
    stand_in.after_request = lambda n: n == before + number and stand_in.edit("a", by="bob", severity="critical")
    outcome = run("apply", "--yes")
    stand_in.revive()
    if number == 2:
        assert outcome.code == 1
        assert "written by bob at 2026" in outcome.out
        assert stand_in.rule("a")["severity"] == "critical"
        assert run("apply", "--yes").code == 1
        assert "1 in conflict" in run("plan").out
    assert run("apply", "--yes", "--overwrite-drift").code == 0


def test_a_rule_that_another_deletes_meanwhile(run, changing, stand_in):
    before = len(stand_in.requests)
    stand_in.after_request = lambda n: n == before + 2 and stand_in.space().rules.pop(stand_in.rule("a")["id"])
    outcome = run("apply", "--yes")
    stand_in.revive()
    assert (outcome.code, stand_in.rule("a")) == (1, None)
    assert "deleted in Kibana since the plan was made: plan again" in outcome.out
    assert run("apply", "--yes").code == 0
    assert stand_in.rule("a")["note"] == "New.\nVery new."


@pytest.mark.parametrize("number", [2, 3])
def test_two_people_apply_at_once(run, project, stand_in, number):
    """The other one is through after our plan, or between our reading and our first write."""
    for name in ("a", "b", "c"):
        project.write(name, note="n")
    before = len(stand_in.requests)

    def meanwhile(count):
        if count == before + number:
            for name in ("a", "b", "c"):
                rule, _ = load(read(project.folder / f"rules/{name}.toml"))
                create(stand_in, {**to_api(rule), "tags": ["Managed by: detections"]})

    stand_in.after_request = meanwhile
    outcome = run("apply", "--yes")
    assert outcome.code == 0
    assert outcome.out.count("already done by someone else") == 3
    stand_in.revive()
    project.write("a", note="m")  # before anything else has told the state
    assert "1 to update, 2 unchanged" in run("plan").out
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def test_the_state_is_written_by_two(run, project, stand_in):
    run("apply", "--yes")
    project.write("a", note="n")
    before = len(stand_in.requests)

    def meanwhile(number):
        if number == before + 3:
            project.state.write_text(project.state.read_text() + "\n")

    stand_in.after_request = meanwhile
    outcome = run("apply", "--yes")
    assert outcome.code == 1
    assert "is another apply running?" in outcome.err
    assert "1 not reached" in outcome.out
    stand_in.revive()
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def requests_of_an_apply(run, stand_in):
    before = len(stand_in.requests)
    outcome = run("apply", "--yes", "--prune", "delete")
    return len(stand_in.requests) - before, outcome


@pytest.mark.parametrize("worked", [True, False])
@pytest.mark.parametrize("number", range(12))
def test_killed_between_any_two_requests(run, changing, stand_in, number, worked):
    """The last request has been done and nobody was told, or it never arrived; then an edit in the repo, so that the
    state alone knows what was ours; and again."""
    if worked:
        stand_in.kill_after(number + 1)
    else:
        stand_in.drop("", times=10**9, skip=number)
    outcome = run("apply", "--yes", "--prune", "delete")
    stand_in.revive()
    rules = [rule["rule_id"] for rule in stand_in.space().rules.values()]
    assert len(set(rules)) == len(rules)
    assert {"a", "b", "d", "e"} <= set(rules)
    for name in ("a", "b", "c", "g"):
        changing.write(name, note="Newer still.")
    again = run("apply", "--yes", "--prune", "delete")
    assert again.code == 0, (outcome, again)
    assert {rule["rule_id"] for rule in stand_in.space().rules.values()} == {"a", "b", "c", "d", "e", "g"}
    for name in ("a", "b", "c", "g"):
        assert stand_in.rule(name)["note"] == "Newer still."
    assert stand_in.rule("a")["enabled"] is True
    assert stand_in.rule("e")["note"] == "Mine."
    assert run("plan").out.count("drifted") >= 1


def test_how_many_requests_there_are(run, changing, stand_in):
    """The loop above reaches all of them."""
    count, outcome = requests_of_an_apply(run, stand_in)
    assert outcome.code == 0
    assert count == 11


def test_interrupted_by_ctrl_c(run, changing, stand_in, monkeypatch):
    asked = []

    def sleepy(kibana, *args, **kwargs):
        asked.append(True)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return original(kibana, *args, **kwargs)

    original = Kibana.import_rules
    monkeypatch.setattr(Kibana, "import_rules", sleepy)
    outcome = run("apply", "--yes")
    assert outcome.code == 130
    assert "2 created, 2 not reached" in outcome.out
    assert "interrupted" in outcome.err
    monkeypatch.setattr(Kibana, "import_rules", original)
    assert run("apply", "--yes").code == 0
    assert stand_in.rule("a")["note"] == "New.\nVery new."


def test_the_clock_is_an_hour_off(run, project, stand_in):
    for hours in (1, -1):
        stand_in.world.skew = timedelta(hours=hours)
        project.write("a", note=f"{hours}")
        assert run("apply", "--yes").code == 0
        settled(run, stand_in, project, 3)
        stand_in.edit("b", severity="low" if hours == 1 else "high")
        assert "1 drifted" in run("plan").out
        assert run("apply", "--yes", "--overwrite-drift").code == 0


MARKERS = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> branch\n"


def test_conflict_markers_in_the_state(run, project, stand_in):
    run("apply", "--yes")
    project.state.write_text(MARKERS)
    outcome = run("apply", "--yes")
    assert outcome.code == 2
    assert "test.json:1: unresolved merge conflict" in outcome.err
    assert "--rebuild-state" in outcome.err
    project.write("a", note="n")
    rebuilt = run("plan", "--rebuild-state")
    assert "1 to update, 2 unchanged" in rebuilt.out
    assert run("apply", "--yes").code == 0
    settled(run, stand_in, project, 3)


def test_the_state_is_lost(run, project, stand_in):
    run("apply", "--yes")
    project.state.unlink()
    assert run("plan", "--detailed-exitcode").code == 0
    project.write("a", note="n")
    lost = run("plan")
    assert "no record of the last apply" in lost.out
    assert run("apply", "--yes", "--rebuild-state").code == 0
    settled(run, stand_in, project, 3)


def test_conflict_markers_in_the_lock(run, project, stand_in):
    path = project.folder / "etc/rules.lock.json"
    path.parent.mkdir()
    path.write_text(MARKERS)
    for command in (("plan",), ("apply", "--yes"), ("lock",), ("lock", "--check")):
        outcome = run(*command)
        assert outcome.code == 2
        assert "rules.lock.json:1: unresolved merge conflict" in outcome.err
    assert not stand_in.requests
