"""What a caller is told: warnings where nobody listens, and errors about arguments."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import Finding
from made_rules import rule_text

ROOT = Path(__file__).parents[3]
SAMPLED = 'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* METADATA _id, _version, _index | SAMPLE 0.1"'


def test_a_rule_that_is_not_evaluated_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "sampled.toml").write_text(rule_text(SAMPLED))
    rules = detections.load_rules(tmp_path)
    with pytest.warns(detections.DetectionsWarning, match="SAMPLE") as told:
        assert list(detections.replay(rules, [])) == []
    assert told[0].filename == __file__
    (tmp_path / "cases").mkdir()
    with pytest.warns(detections.DetectionsWarning, match="is not proved: .*SAMPLE"):
        detections.prove(rules, tmp_path / "cases", root=tmp_path)


def test_a_file_that_is_not_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\x00\xff")
    with pytest.warns(detections.DetectionsWarning, match=r"a\.json"):
        assert list(detections.read_events(tmp_path)) == []


@pytest.mark.parametrize(
    ("query", "language"),
    [("evnet.action: x", "kuery"), ('any where evnet.action == "x"', "eql")],
)
def test_a_field_that_nobody_declares_is_a_warning(query: str, language: str) -> None:
    said = "query: unknown-field no field evnet.action is declared: did you mean event.action"
    with pytest.warns(detections.DetectionsWarning, match=said):
        detections.search([], query, language)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detections.search([], "evnet.action: x", fields={"evnet.action": "keyword"})


def test_report_is_told_instead() -> None:
    told: list[Finding] = []
    detections.search([], "evnet.action: x", report=told.append)
    assert [(one.code, one.hint) for one in told] == [("unknown-field", "did you mean event.action?")]


RULES: Any = detections.load_rules(ROOT / "rules/aws/defense_evasion_ec2_network_acl_created.toml")
WRONG: list[tuple[Any, str]] = [
    (lambda: detections.replay("rules", []), r"replay\(\) takes rules, as load_rules\(\) gives them, not str"),
    (lambda: detections.replay(RULES[0], []), r"takes rules, as load_rules\(\) gives them, not .*QueryRule|NewTerms"),
    (lambda: detections.replay([1], []), "not int among them"),
    (lambda: detections.check(None), r"check\(\) takes rules"),
    (lambda: detections.prove({"a": 1}), "not str among them"),
    (lambda: detections.replay(RULES, "events"), r"replay\(\) takes documents, as read_events\(\) gives them, not str"),
    (lambda: detections.search(Path("x"), "a: b"), "not pathlib.*: a path"),
    (lambda: detections.search({"a": 1}, "a: b"), "takes documents, not one: put it in a list"),
    (lambda: detections.search(7, "a: b"), "not int"),
    (lambda: detections.search([{}, "x"], "a: b"), "event 1 is str"),
    (lambda: detections.search([], None), "query must be a text, not NoneType"),
    (lambda: detections.to_dsl(b"a: b"), "query must be a text, not bytes"),
    (lambda: detections.search([], "a: b", report=7), "report must be a function"),
    (lambda: detections.replay(RULES, [], start=1.5), "not float"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_arguments_that_cannot_be_meant_are_type_errors(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()
