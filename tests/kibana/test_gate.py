"""Nothing unproved reaches Kibana: what plan and apply refuse, what gets around it, and what is remembered of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CASES = """
base = "stop.json"

[[case]]
name = "somebody stops it"
verdict = "{verdict}"

[[case]]
name = "it was denied"
verdict = "quiet"
set = {{ "event.outcome" = "failure" }}

[[case]]
name = "it was started"
verdict = "quiet"
set = {{ "event.action" = "start" }}
"""
EVENT = {"@timestamp": "2026-01-15T09:00:00.000Z", "event": {"action": "stop", "outcome": "success"}}
QUERY = 'event.action: "stop" and event.outcome: "success"'


class Team:
    """A project whose rules have cases. ``run`` proves them, unlike that of the other tests here."""

    def __init__(self, project, run) -> None:
        self.project, self._run = project, run
        self.folder = project.folder
        for name in "abc":
            project.remove(name)
        (self.folder / "tests/events").mkdir(parents=True)
        (self.folder / "tests/rules").mkdir(parents=True)
        (self.folder / "tests/events/stop.json").write_text(json.dumps(EVENT))

    def run(self, *arguments):
        return self._run(*arguments, proved=True)

    def write(self, rule_id: str, *, verdict: str = "alert", **fields: object) -> Path:
        said = {"query": QUERY, "from": "now-9m", "interval": "5m"} | fields
        path = self.project.write(rule_id, **said)
        (self.folder / f"tests/rules/{rule_id}.toml").write_text(CASES.format(verdict=verdict))
        return path

    @property
    def state(self):
        return json.loads(self.project.state.read_text())["rules"]


@pytest.fixture
def team(project, run) -> Team:
    return Team(project, run)


def test_what_is_proved_is_created_with_its_fields(team, stand_in) -> None:
    team.write("a", note="Ask Bob.")
    planned = team.run("plan")
    assert planned.code == 0, planned
    assert "+ create    Rule a  a  proved by 3 cases, 2 of 2 clauses covered" in planned.out
    assert f"+ query: {json.dumps(QUERY)}" in planned.out and '+ note: "Ask Bob."' in planned.out
    comment = team.run("plan", "--format", "markdown").out
    assert '+ note: "Ask Bob."' in comment and "proved by 3 cases" in comment
    assert team.run("apply", "--yes").code == 0
    assert stand_in.rule("a")["note"] == "Ask Bob."
    assert team.state["a"]["meaning"] and "unproved" not in team.state["a"]


def test_a_rule_whose_case_fails_is_refused_and_the_others_go(team, stand_in) -> None:
    team.write("a", verdict="quiet")
    team.write("b")
    planned = team.run("plan")
    assert planned.code == 1
    assert "x refused   Rule a  a  would be created" in planned.out
    assert "tests/rules/a.toml:6:12: case somebody stops it: the rule alerts, the case expects quiet" in planned.out
    assert "1 refused, 1 to create" in planned.out
    assert team.run("plan", "--detailed-exitcode").code == 1
    comment = team.run("plan", "--format", "markdown").out
    assert "somebody stops it" in comment and "**refused** Rule a" in comment
    (refused, _) = json.loads(team.run("plan", "--format", "json").out)["changes"]
    assert (refused["kind"], refused["action"], refused["refusals"][0]["code"]) == ("refused", None, "case")
    applied = team.run("apply", "--yes")
    assert applied.code == 1 and "created   Rule b" in applied.out
    assert stand_in.space().rule("a") is None and stand_in.rule("b")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"query": 'event.action: ("stop"'}, "query-syntax"),
        ({"query": f"{QUERY} and source.ip: x*"}, "field-type"),
        ({"query": f'{QUERY} and not user.name: "root"'}, 'no case turns on `user.name: "root"` alone'),
    ],
)
def test_what_a_check_or_coverage_finds_is_refused(team, stand_in, fields, said) -> None:
    team.write("a", **fields)
    applied = team.run("apply", "--yes")
    assert applied.code == 1 and said in applied.out
    assert not stand_in.space().rules


def test_a_rule_without_cases_is_refused_unless_nothing_here_runs_it(team, stand_in) -> None:
    team.project.write("a")
    sample = {"type": "esql", "language": "esql", "query": "FROM logs-* METADATA _id, _version, _index | SAMPLE 0.1"}
    team.project.write("b", **sample, index=None)
    applied = team.run("apply", "--yes")
    assert applied.code == 1
    assert "no cases: tests/rules/a.toml is not there" in applied.out
    assert "created   Rule b" in applied.out and stand_in.space().rule("a") is None


def test_a_rule_that_is_like_another_is_refused_although_it_is_proved(team) -> None:
    team.write("a")
    assert team.run("build").code == 0
    team.write("b", name="Rule a")
    refused = team.run("plan")
    assert refused.code == 1 and "the name 'Rule a' is already that of rules/a.toml" in refused.out


def test_the_way_around_is_shown_and_kept_until_the_rule_is_proved(team, stand_in) -> None:
    team.write("a", verdict="quiet")
    said = ("--skip-proof", "ransomware in the house")
    planned = team.run("plan", *said)
    assert planned.code == 0
    assert "NOT PROVED: ransomware in the house" in planned.out
    assert "next: detections apply --skip-proof 'ransomware in the house'" in planned.out
    assert team.run("apply", "--yes", *said).code == 0
    assert stand_in.rule("a")
    assert team.state["a"]["unproved"] == "ransomware in the house"
    assert team.run("apply", "--yes").code == 0
    assert team.state["a"]["unproved"] == "ransomware in the house"
    (team.folder / "tests/rules/a.toml").write_text(CASES.format(verdict="alert"))
    assert team.run("apply", "--yes", "--all").code == 0
    assert "unproved" not in team.state["a"]


def test_all_looks_at_rules_that_are_in_kibana_already(team) -> None:
    team.write("a")
    team.run("apply", "--yes")
    team.write("a", verdict="quiet")
    assert team.run("apply", "--yes").code == 0
    everything = team.run("apply", "--yes", "--all")
    assert everything.code == 1
    assert "x refused   Rule a  a  unchanged in Kibana" in everything.out


def test_a_changed_rule_needs_a_new_version(team, stand_in) -> None:
    team.write("a")
    assert team.run("apply", "--yes", "--bump").code == 0
    lock = json.loads((team.folder / "etc/rules.lock.json").read_text())
    assert lock["a"]["version"] == 1 == stand_in.rule("a")["version"]
    team.write("a", note="New.")
    refused = team.run("apply", "--yes")
    assert refused.code == 1
    assert "the rule has changed, but its version is still 1" in refused.out
    assert "run `detections lock`, or apply with --bump" in refused.out
    assert "~ version: 1 -> 2" in team.run("plan", "--bump").out
    assert json.loads((team.folder / "etc/rules.lock.json").read_text()) == lock
    assert team.run("apply", "--yes", "--bump").code == 0
    assert (stand_in.rule("a")["version"], stand_in.rule("a")["note"]) == (2, "New.")
    assert json.loads((team.folder / "etc/rules.lock.json").read_text())["a"]["version"] == 2
    team.write("a", note="Newer.")
    assert team.run("lock").code == 0
    assert team.run("apply", "--yes").code == 0
    assert stand_in.rule("a")["version"] == 3


def test_without_a_lock_the_state_knows_that_a_rule_has_changed(team, stand_in) -> None:
    team.write("a")
    assert team.run("apply", "--yes").code == 0
    team.write("a", note="New.")
    refused = team.run("apply", "--yes")
    assert refused.code == 1 and "version 1 was applied to this environment before it did" in refused.out
    assert team.run("lock").code == 0
    still = team.run("apply", "--yes")
    assert still.code == 1 and "apply with --bump" in still.out
    assert team.run("apply", "--yes", "--bump").code == 0
    assert stand_in.rule("a")["version"] == 2


def test_a_version_does_not_go_down_unseen(team, stand_in) -> None:
    team.write("a")
    team.run("apply", "--yes", "--bump")
    stand_in.edit("a", version=7, severity="high")
    planned = team.run("plan", "--overwrite-drift")
    assert "its version goes down from 7 to 1" in planned.out
    assert team.run("apply", "--yes", "--overwrite-drift", "--bump").code == 0
    assert (stand_in.rule("a")["version"], stand_in.rule("a")["severity"]) == (8, "medium")
    assert team.run("plan", "--detailed-exitcode").code == 0


def test_what_is_refused_keeps_its_version(team) -> None:
    team.write("a")
    team.run("apply", "--yes", "--bump")
    team.write("a", verdict="quiet", note="New.")
    assert team.run("apply", "--yes", "--bump").code == 1
    assert json.loads((team.folder / "etc/rules.lock.json").read_text())["a"]["version"] == 1


def test_a_build_that_saw_the_same_bytes_is_believed(team, monkeypatch) -> None:
    team.write("a")
    assert team.run("build").code == 0
    with monkeypatch.context() as patch:
        patch.setattr("detections.proof.standing.prove", None)  # nobody is asked again
        believed = team.run("plan")
    assert believed.code == 0 and "proved by 3 cases, 2 of 2 clauses covered" in believed.out
    (team.folder / "tests/events/stop.json").write_text(json.dumps(EVENT | {"event": {"action": "other"}}))
    assert team.run("plan").code == 1


def test_a_record_that_cannot_be_read_is_no_proof(team) -> None:
    team.write("a", verdict="quiet")
    (team.folder / ".detections").mkdir()
    (team.folder / ".detections/proofs.json").write_text("<<<<<<< HEAD\n")
    assert team.run("plan").code == 1


def test_a_saved_plan_says_what_was_proved_and_is_stale_once_it_is_refused(team, stand_in) -> None:
    team.write("a")
    assert team.run("plan", "--out", "plan.json").code == 0
    saved = json.loads((team.folder / "plan.json").read_text())
    assert saved["steps"]["a"]["proof"] == "proved by 3 cases, 2 of 2 clauses covered"
    (team.folder / "tests/rules/a.toml").write_text(CASES.format(verdict="quiet"))
    stale = team.run("apply", "plan.json")
    assert stale.code == 1 and "Rule a (a): create is refused now" in stale.err
    assert not stand_in.space().rules
    (team.folder / "tests/rules/a.toml").write_text(CASES.format(verdict="alert"))
    assert team.run("apply", "plan.json").code == 0
    assert stand_in.rule("a")


def test_a_saved_plan_keeps_its_way_around(team, stand_in) -> None:
    team.write("a", verdict="quiet")
    assert team.run("plan", "--out", "plan.json", "--skip-proof", "now", "--bump").code == 0
    assert team.run("apply", "plan.json").code == 0
    assert team.state["a"]["unproved"] == "now" and stand_in.rule("a")
    assert (team.folder / "etc/rules.lock.json").exists()


def test_that_there_is_no_kibana_is_told_before_any_proof(team, monkeypatch) -> None:
    (team.folder / "pyproject.toml").write_text("[tool.detections]\n")
    team.write("a", query="and and")
    monkeypatch.delenv("KIBANA_URL", raising=False)
    found = team.run("apply", "--yes")
    assert found.code == 2
    assert "KIBANA_URL is not set" in found.err and "query-syntax" not in found.out + found.err


def test_an_environment_that_gets_a_name_keeps_its_record(team, stand_in, monkeypatch) -> None:
    configured = (team.folder / "pyproject.toml").read_text()
    (team.folder / "pyproject.toml").write_text("[tool.detections]\n")
    monkeypatch.setenv("KIBANA_URL", stand_in.url)
    team.write("a")
    assert team.run("apply", "--yes").code == 0
    nameless = team.folder / ".detections/state/default.json"
    before = nameless.read_text()
    stand_in.edit("a", severity="high")
    (team.folder / "pyproject.toml").write_text(configured)
    planned = team.run("plan")
    assert "1 drifted" in planned.out and "no record of the last apply" not in planned.out
    assert "taken over from .detections/state/default.json" in planned.err
    assert nameless.read_text() == before
    team.write("b")
    assert team.run("apply", "--yes").code == 0
    assert not nameless.exists() and set(team.state) == {"a", "b"}


def test_the_record_of_another_kibana_is_not_taken_over(team, stand_in) -> None:
    folder = team.folder / ".detections/state"
    folder.mkdir(parents=True)
    (folder / "default.json").write_text('{"kibana": "http://elsewhere/s/default", "rules": {}}')
    team.write("a")
    assert team.run("apply", "--yes").code == 0
    assert (folder / "default.json").exists() and set(team.state) == {"a"}


def test_what_an_environment_says_of_a_rule_is_checked_and_proved_too(team, stand_in) -> None:
    configured = (team.folder / "pyproject.toml").read_text()
    path = team.folder / "pyproject.toml"
    team.write("a")
    assert team.run("build").code == 0
    path.write_text(f'{configured}[tool.detections.environments.test.overrides]\nseverity = "high"\nrisk_score = 73\n')
    assert team.run("apply", "--yes").code == 0
    assert (stand_in.rule("a")["severity"], stand_in.rule("a")["risk_score"]) == ("high", 73)
    path.write_text(f"{configured}[tool.detections.environments.test.overrides]\nquery = 'event.action: \"start\"'\n")
    refused = team.run("apply", "--yes")
    assert refused.code == 1 and "somebody stops it: the rule stays quiet, the case expects an alert" in refused.out
    path.write_text(f"{configured}[tool.detections.environments.test.overrides]\nlanguage = 'sql'\n")
    wrong = team.run("apply", "--yes")
    assert wrong.code == 1 and 'Rule a: rule.language must be "kuery" or "lucene"' in wrong.err
    assert stand_in.rule("a")["severity"] == "high"


def test_the_projects_own_fields_are_part_of_a_proof(team) -> None:
    configured = (team.folder / "pyproject.toml").read_text()
    (team.folder / "pyproject.toml").write_text(f'[tool.detections]\nfields = ["fields/*.toml"]\n{configured}'
        "[tool.detections.environments.test.overrides]\nmax_signals = 50\n")  # fmt: skip
    (team.folder / "fields").mkdir()
    declared = team.folder / "fields/own.toml"
    declared.write_text('[fields]\n"acme.level" = "long"\n')
    team.write("a", query=f"{QUERY} and not acme.level > 9")
    (team.folder / "tests/events/stop.json").write_text(json.dumps(EVENT | {"acme": {"level": "10"}}))
    assert "somebody stops it" in team.run("plan").out
    (team.folder / "tests/events/stop.json").write_text(json.dumps(EVENT | {"acme": {"level": "8"}}))
    cases = team.folder / "tests/rules/a.toml"
    cases.write_text(cases.read_text() + '\n[[case]]\nname = "low"\nverdict = "quiet"\nset = { "acme.level" = "10" }\n')
    assert team.run("plan").code == 0
    declared.write_text('[fields]\n"acme.level" = "keyword"\n')  # "10" is not above "9" any more
    assert team.run("plan").code == 1


def test_a_pull_keeps_what_is_known_of_a_rule(team, stand_in) -> None:
    team.write("a", verdict="quiet")
    assert team.run("apply", "--yes", "--skip-proof", "an outage").code == 0
    before = team.state["a"]["meaning"]
    stand_in.edit("a", by="alice", severity="high", risk_score=73)
    assert team.run("pull").code == 0
    assert team.state["a"]["unproved"] == "an outage"
    assert team.state["a"]["meaning"] not in ("", before)
    assert "1 unchanged" in team.run("plan").out
    # The file as it was pulled is what was applied: another change of it needs a version of its own.
    path = team.folder / "rules/a.toml"
    path.write_text(path.read_text().replace('description = "', 'description = "More. '))
    assert "has changed, but version 1 was applied" in team.run("plan", "--skip-proof", "an outage").out


def test_a_pull_beside_a_change_that_was_not_applied_leaves_it_one(team, stand_in) -> None:
    path = team.write("a")
    assert team.run("apply", "--yes").code == 0
    before = team.state["a"]["meaning"]
    stand_in.edit("a", by="alice", severity="high", risk_score=73)
    path.write_text(path.read_text().replace('description = "', 'description = "More. '))
    assert team.run("pull").code == 0
    assert team.state["a"]["meaning"] == before
    assert "has changed, but version 1 was applied" in team.run("plan").out
