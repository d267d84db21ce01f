import json as stdjson
from xml.etree import ElementTree

import click
import pytest

from detections.case.model import Case, Clause, EventSpec, Mutant, Proof, Verdict
from detections.engine.alert import Alert, Threshold
from detections.errors import Finding, Level, Location
from detections.report import FORMATS, github, json, junit, sarif, text
from detections.rule import Rule, load
from detections.source import parse

ERROR = Finding(
    "query-syntax",
    "Expected value, 100% \x00 <sure>",
    Location("rules/a b.toml", 3, 5),
    excerpt="    x: ,",
    hint="quote it",
)
WARNING = Finding("unknown-field", "no such field", Location("rules/b.toml"), Level.WARNING)
FILES = ("rules/a b.toml", "rules/b.toml", "rules/c.toml")


def rule(name: str) -> Rule:
    made, findings = load(
        parse(
            f"""
[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
[rule]
name = "{name}"
description = "d"
type = "query"
rule_id = "5a3f3a0e-9d9b-4a0c-8f2b-3c8f5b1c2d3e"
risk_score = 21
severity = "low"
query = "a: b"
index = ["logs-*"]
""",
            "rules/c.toml",
        )
    )
    assert made is not None, findings
    return made


@pytest.fixture
def proofs() -> list[Proof]:
    event = EventSpec("a.json", {}, (), {}, (), "all", 0)
    good, bad = (Case(name, "alert", event, (), None, number) for number, name in enumerate(("good", "bad")))
    failure = Finding("case", "bad: the rule stays quiet", Location("tests/rules/c.toml", 9, 1))
    hole = Finding("coverage", "no case turns on `a: b` alone", Location("rules/c.toml", 12, 10))
    alert = Alert("id", "c", 0, ("e",))
    proof = Proof(
        rule("c"),
        (Verdict(good, (alert,), "", None), Verdict(bad, (), "the rule stays quiet", failure)),
        (Clause("a: b", (0, 4), ("good",)), Clause("c: d", (5, 9), ()), Clause("e: f", (9, 13), (), "because")),
        (
            Mutant("always true", (0, 4), ("bad",)),
            Mutant("always false", (3, 4), ()),
            Mutant("half the maxspan", (0, 0), ()),
        ),
        (failure, hole),
    )
    return [proof, Proof(rule("d"), not_run="no cases")]


def test_every_format_has_the_two_functions() -> None:
    assert FORMATS == ("text", "json", "junit", "sarif", "github")


def test_text_shows_caret_hint_and_counts() -> None:
    shown = click.unstyle(text.check([ERROR, WARNING], FILES)).split("\n")
    assert shown[0].startswith("rules/a b.toml:3:5: query-syntax Expected value")
    assert shown[1:4] == ["        x: ,", "        ^", "    quote it"]
    assert shown[-1] == "3 rules checked, 1 error, 1 warning"
    assert click.unstyle(text.check([], FILES[:1])) == "1 rule checked, no findings"


def test_text_of_a_test_run(proofs: list[Proof]) -> None:
    shown = click.unstyle(text.test(proofs, []))
    assert "tests/rules/c.toml:9:1: case bad: the rule stays quiet" in shown
    assert "not run d: no cases" in shown
    assert "2 mutants that no case noticed\n    13:13 always false\n    half the maxspan\n" in shown
    assert shown.endswith(
        "2 rules, 1 of 2 cases as expected, 1 of 3 clauses covered (1 excused), 1 of 3 mutants noticed, 1 rule not run"
    )


def test_json_is_one_object(proofs: list[Proof]) -> None:
    checked = stdjson.loads(json.check([ERROR, WARNING], FILES))
    assert (checked["rules"], checked["errors"], checked["warnings"]) == (3, 1, 1)
    assert checked["findings"][0]["line"] == 3 and "line" not in checked["findings"][1]
    tested = stdjson.loads(json.test(proofs, [WARNING]))
    assert tested["summary"]["passed"] == 1 and len(tested["findings"]) == 3
    assert [one["not_run"] for one in tested["rules"]] == [None, "no cases"]
    assert tested["rules"][0]["clauses"][2]["excuse"] == "because"
    assert tested["rules"][0]["mutants"][1] == {"change": "always false", "start": 3, "end": 4, "noticed": []}


def test_an_alert_has_new_terms_only_where_there_are_any() -> None:
    assert json.alert(Alert("id", "name", 0, ("e",))) == {
        "rule_id": "id", "rule_name": "name", "event_ids": ["e"], "timestamp": "1970-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert json.alert(Alert("id", "name", None, (), ("x", "y")))["new_terms"] == ["x", "y"]


def test_an_alert_of_a_group_has_its_threshold_result() -> None:
    group = Threshold((("user.name", "u"),), 12, 0, ("host.name", 3))
    assert json.alert(Alert("id", "name", 5, ("e",), threshold=group))["threshold_result"] == {
        "count": 12, "from": "1970-01-01T00:00:00.000Z", "terms": [{"field": "user.name", "value": "u"}],
        "cardinality": [{"field": "host.name", "value": 3}],
    }  # fmt: skip
    whole = json.alert(Alert("id", "name", None, (), threshold=Threshold((), 2)))["threshold_result"]
    assert whole == {"count": 2, "from": None, "terms": [], "cardinality": []}


def test_junit_counts_and_can_be_parsed(proofs: list[Proof]) -> None:
    checked = ElementTree.fromstring(junit.check([ERROR, WARNING], FILES))
    assert (checked.get("tests"), checked.get("failures")) == ("3", "1")
    tested = ElementTree.fromstring(junit.test(proofs, []))
    names = [(suite.get("name"), [case.get("name") for case in suite]) for suite in tested]
    assert names == [("c", ["good", "bad", "clause coverage"]), ("d", ["not run"])]
    assert (tested.get("failures"), tested.get("skipped")) == ("2", "1")


def test_sarif_has_places_and_levels(proofs: list[Proof]) -> None:
    (run,) = stdjson.loads(sarif.check([ERROR, WARNING], FILES))["runs"]
    first, second = run["results"]
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "rules/a%20b.toml"},
        "region": {"startLine": 3, "startColumn": 5, "endColumn": 6},
    }
    assert second["level"] == "warning" and "region" not in second["locations"][0]["physicalLocation"]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "query-syntax"
    assert len(stdjson.loads(sarif.test(proofs, [WARNING]))["runs"][0]["results"]) == 3


def test_github_annotations_are_escaped(proofs: list[Proof]) -> None:
    first, second, last = github.check([ERROR, WARNING], FILES).split("\n")
    assert first.startswith(
        "::error file=rules/a b.toml,line=3,col=5,endColumn=5,title=query-syntax::Expected value, 100%25"
    )
    assert first.endswith("<sure>%0Aquote it")
    assert second == "::warning file=rules/b.toml,title=unknown-field::no such field"
    assert last == "3 rules checked, 1 error, 1 warning"
    assert "::error file=tests/rules/c.toml,line=9" in github.test(proofs, [])


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_says_what_did_not_run_and_why(style: str, proofs: list[Proof]) -> None:
    lines = {"text": text, "json": json, "junit": junit, "sarif": sarif, "github": github}[style].test(proofs, [])
    assert "no cases" in lines
    if style == "github":
        assert "::notice file=rules/c.toml,title=not run::d: no cases\n" in lines


def test_junit_counts_a_server_that_is_gone_as_a_failure() -> None:
    gone = Finding("server", "the cases of d were not run: nothing answers there", Location("rules/c.toml", 6, 1))
    tested = ElementTree.fromstring(junit.test([Proof(rule("d"), findings=(gone,), not_run="nothing answers")], []))
    assert (tested.get("failures"), tested.get("skipped")) == ("1", "0")


NOTE = Finding("esql-opaque", "SAMPLE is not evaluated here", Location("rules/c.toml", 3, 1), Level.NOTE)


def test_a_note_is_told_and_fails_nothing() -> None:
    assert text.check([NOTE], FILES).endswith("3 rules checked, 1 note")
    assert stdjson.loads(json.check([NOTE], FILES))["notes"] == 1
    assert github.check([NOTE], FILES).startswith("::notice file=rules/c.toml,line=3")
    assert stdjson.loads(sarif.check([NOTE], FILES))["runs"][0]["results"][0]["level"] == "note"
    assert "<failure" not in junit.check([NOTE], FILES)
    assert [one.fails(strict) for one in Level for strict in (False, True)] == [True, True, False, True, False, False]
