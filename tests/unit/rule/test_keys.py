"""Unknown keys are warnings and carried through; keys that are nearly known are errors."""

from collections.abc import Callable

import pytest

from detections.errors import Finding, Level
from detections.rule import load
from detections.rule.keys import dotted, nearest
from detections.rule.schemas import SCHEMAS, CommonSchema, schema
from detections.source import parse

Text = Callable[..., str]


def findings_of(text: str) -> list[Finding]:
    rule, findings = load(parse(text, "x.toml"))
    assert rule is not None
    return findings


def test_an_unknown_key_is_a_warning_and_is_kept(rule_text: Text) -> None:
    text = rule_text(
        "query", "zebra = {a = [1]}\nrisk_score_mapping = [{field='a', operator='equals', value='', wing=2}]"
    )
    text = text.replace("[rule]", "owner = 'me'\n[rule]", 1)
    rule, findings = load(parse(text, "x.toml"))
    assert rule is not None
    assert [(one.code, one.level, one.message) for one in findings] == [
        ("unknown-key", Level.WARNING, "unknown key owner in [metadata]"),
        ("unknown-key", Level.WARNING, "unknown key zebra in [rule]"),
        ("unknown-key", Level.WARNING, "unknown key wing in [rule.risk_score_mapping[0]]"),
    ]
    assert rule.metadata.extra == {"owner": "me"}
    assert rule.extra == {"zebra": {"a": [1]}}
    assert rule.risk_score_mapping[0]["wing"] == 2


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("severty", None),
        ("treat", "threat"),
        ("fo", "to"),
        ("form", "from"),
        ("quary", "query"),
        ("Tags", "tags"),
        ("false-positives", "false_positives"),
        ("falsePositives", "false_positives"),
        ("note_", "note"),
        ("timestamp_overide", "timestamp_override"),
        ("refrences", "references"),
    ],
)
def test_a_key_that_is_nearly_known_is_an_error(rule_text: Text, key: str, meant: str | None) -> None:
    (finding,) = findings_of(rule_text("query", f'"{key}" = 1'))
    assert (finding.code, finding.level) == ("schema", Level.ERROR)
    assert finding.hint == f"did you mean {meant or 'severity'}?"
    assert finding.excerpt[finding.location.column - 1 :].strip('"').startswith(key)


@pytest.mark.parametrize("key", ["owner", "confidence", "x", "if", "data", "mode", "playbook", "author_email"])
def test_another_word_is_no_misspelling(rule_text: Text, key: str) -> None:
    (finding,) = findings_of(rule_text("query", f"{key} = 1"))
    assert (finding.code, finding.level) == ("unknown-key", Level.WARNING)


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("threat_query", "rules of type threat_match have it"),
        ("timestamp_field", "rules of type eql have it"),
        ("updated_at", "Kibana sets it itself and ignores it in an import"),
        ("created_by", "Kibana sets it itself and ignores it in an import"),
        ("id", "Kibana sets it itself and ignores it in an import"),
        ("new_terms_fields", "in TOML it stands in [rule.new_terms]"),
        ("maturity", "it belongs in [metadata]"),
        ("integration", "it belongs in [metadata]"),
    ],
)
def test_a_key_of_somewhere_else_is_no_misspelling(rule_text: Text, key: str, hint: str) -> None:
    (finding,) = findings_of(rule_text("query", f"{key} = 1"))
    assert (finding.level, finding.hint) == (Level.WARNING, hint)


def test_threat_mappings_is_not_threat_mapping(rule_text: Text) -> None:
    mappings = "threat_mappings = [{framework = 'MITRE ATT&CK', version = '19', threat = []}]"
    assert findings_of(rule_text("threat_match", mappings)) == []


def test_tables_and_their_keys(rule_text: Text) -> None:
    text = rule_text("new_terms").replace("[rule.new_terms]", "[rule.new_terms]\nfeild = 1", 1)
    text = "[metdata]\nx = 1\n" + text + "[actions]\nx = 1\n[tests]\nx = 1\n"
    assert [(one.location.line, one.location.column, one.message, one.hint) for one in findings_of(text)] == [
        (1, 2, "unknown key metdata", "did you mean metadata?"),
        (18, 1, "unknown key feild in [rule.new_terms]", "did you mean field?"),
        (24, 2, "unknown key actions", "it belongs in [rule]"),
        (26, 2, "unknown key tests", ""),
    ]


def test_no_known_key_is_nearest_to_another_in_silence() -> None:
    """Known keys may be near each other; a table that has both says nothing."""
    for known in SCHEMAS.values():
        names = {one.data_key or name for name, one in schema(known).fields.items()}
        assert all(nearest(name, names) == name for name in names)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("nmae", "name"),
        ("nam", "name"),
        ("names", "name"),
        ("nome", "name"),
        ("nm", None),
        ("descriptoin", "description"),
        ("descripiton_", "description"),
        ("describtiom", "description"),
        ("des", None),
    ],
)
def test_nearest(name: str, meant: str | None) -> None:
    assert nearest(name, schema(CommonSchema).fields) == meant


def test_nearest_of_nothing() -> None:
    assert nearest("a", ()) is None


def test_dotted() -> None:
    assert dotted(("rule", "threat", 0, "tactic")) == "rule.threat[0].tactic"
    assert dotted(()) == ""
