"""Which rules are pulled, where new ones go, and that whole collections come over as they are."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from detections.deploy.environment import TAG, Environment
from detections.deploy.pull import Options, Pulled, Repo, Selection, pull_rules
from detections.deploy.state import State
from detections.kibana.answers import Rule as LiveRule
from detections.payload import Lock, diff, to_api
from detections.rule import Rules, load, load_rules
from detections.source import parse

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "data" / "rules-corpus"
TODAY = datetime.date(2026, 11, 24)
ENVIRONMENT = Environment("test")


def body(rule_id: str = "one", **fields: Any) -> dict[str, Any]:
    common = {"name": "A rule", "description": "d", "risk_score": 21, "severity": "low", "type": "query", "tags": [TAG]}
    return common | {"query": "a: b", "rule_id": rule_id, "immutable": False} | fields


def pull(*bodies: dict[str, Any], rules: Rules | None = None, folder: Path = Path("rules")) -> Pulled:
    repo = Repo(rules or Rules((), (), ()), folder, Lock())
    return pull_rules(repo, [LiveRule.of(one) for one in bodies], ENVIRONMENT, State("k", {}), TODAY, Options())


def test_ours_are_chosen_unless_others_are_asked_for() -> None:
    elastics = body("elastics", tags=[], immutable=True)
    customized = body("customized", tags=[TAG], rule_source={"type": "external", "is_customized": True})
    bodies = [body("ours"), body("theirs", tags=[]), body("known", tags=None), elastics, customized]
    rules = [LiveRule.of(one) for one in bodies]

    def chosen(selection: Selection) -> list[list[str]]:
        return [[rule.rule_id for rule in part] for part in selection.choose(rules, TAG, {"known"})]

    prebuilt = ["elastics", "customized"]
    assert chosen(Selection()) == [["ours", "known"], ["theirs"], prebuilt]
    assert chosen(Selection(every=True)) == [["ours", "theirs", "known"], [], prebuilt]
    assert chosen(Selection(prebuilt=True)) == [["ours", "known", *prebuilt], ["theirs"], []]
    assert chosen(Selection(rule_ids=frozenset({"theirs", "elastics"}))) == [["theirs", "elastics"], [], []]


def test_new_files_are_named_for_tactic_and_rule_and_never_collide(tmp_path: Path) -> None:
    tactic = {"id": "TA0005", "name": "Defense Evasion", "reference": "r"}
    threat = [{"framework": "MITRE ATT&CK", "tactic": tactic}]
    (tmp_path / "a_rule.toml").write_text("")
    pulled = pull(
        body("1", name="A rule!", threat=threat), body("2"), body("3", name="A RULE"), body("4", name="../../etc/x"),
        body("../5", name="\N{HIRAGANA LETTER A}"), body("6", name="x" * 5_000), folder=tmp_path,
    )  # fmt: skip
    assert [Path(one.path).name for one in pulled.changes] == [
        "defense_evasion_a_rule.toml", "a_rule_2.toml", "a_rule_3.toml", "etc_x.toml", "5.toml", f"{'x' * 80}.toml",
    ]  # fmt: skip
    assert {Path(one.path).parent for one in pulled.changes} == {tmp_path}


def test_a_new_file_tells_when_the_rule_came_to_be() -> None:
    related = [{"package": "aws", "version": "^6.0.0"}]
    pulled = pull(body(created_at="2026-01-02T23:59:59.000Z", updated_at="nonsense", related_integrations=related))
    rule, findings = load(parse(pulled.changes[0].after, "x"))
    assert rule is not None and findings == []
    assert (rule.metadata.creation_date, rule.metadata.updated_date) == ("2026/01/02", "2026/11/24")
    assert (rule.metadata.integration, rule.metadata.maturity) == (("aws",), "production")


def test_what_cannot_be_a_rule_here_is_told_and_the_others_come_over() -> None:
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    pulled = pull(body("1", severity="odd"), body("2", meta=deep), body("3"), body("3"))
    assert [one.about for one in pulled.changes] == ["A rule"]
    said = " / ".join(one.message for one in pulled.findings)
    for part in ("cannot be written as a rule file", "2 is nested too deeply", "3 appears twice"):
        assert part in said


def test_files_with_one_rule_id_are_left_alone() -> None:
    text = pull(body()).changes[0].after
    rules = tuple(rule for name in ("a.toml", "b.toml") if (rule := load(parse(text, name))[0]) is not None)
    pulled = pull(body(note="n"), rules=Rules(rules, ("a.toml", "b.toml"), ()))
    assert pulled.changes == []
    assert [str(one) for one in pulled.findings] == ["b.toml: pull a.toml has the same rule_id"]


def test_public_rules_come_over_whole() -> None:
    if not CORPUS.is_dir():
        pytest.skip("../shared is not there")
    rules = load_rules(CORPUS)
    bodies = [ENVIRONMENT.payload(rule) | {"immutable": False} for rule in rules]
    fresh = pull(*bodies)
    assert fresh.findings == [] and len(fresh.changes) == len(rules)
    by_id = {rule.rule_id: rule for rule in rules}
    for change in fresh.changes:
        rule, _ = load(parse(change.after, change.path))
        assert rule is not None
        assert diff(to_api(by_id[rule.rule_id]), to_api(rule)) == (), change.path
    again = pull(*bodies, rules=rules)
    assert (again.changes, again.findings, again.unchanged) == ([], [], len(rules))
    edited = pull(*(one | {"risk_score": 1} for one in bodies), rules=rules)
    for change in edited.changes:
        assert change.before is not None
        pairs = zip(change.before.splitlines(), change.after.splitlines(), strict=True)
        lines = [line for old, line in pairs if old != line]
        assert set(lines) <= {"risk_score = 1", 'updated_date = "2026/11/24"'}, change.path
