"""Rules made from what a person says of them, and the first rule of each log source."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from detections import checks
from detections.errors import RuleError, UsageError
from detections.rule import Rules
from detections.scaffold import SOURCES, Wanted, made, scaffold
from detections.scaffold.rule import example

TODAY = datetime.date(2026, 11, 24)
STOP = Wanted("Trail Stopped", "query", "aws", 'event.action: "StopLogging"', techniques=("T1562.008",))


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_first_rule_of_each_source_is_checked_and_covered(source) -> None:
    rule = made(example(source), TODAY)
    assert checks.run(Rules((rule,), (rule.document.path,)), ()) == []
    cases = scaffold(rule, "x")
    assert cases is not None
    assert (cases.open, cases.unlike) == ((), ())
    assert cases.alerts and cases.quiet


def test_what_follows_is_filled_in() -> None:
    rule = made(STOP, TODAY)
    assert rule.document.path == "aws/defense_evasion_trail_stopped.toml"
    assert (rule.metadata.creation_date, rule.metadata.integration) == ("2026/11/24", ("aws",))
    assert (rule.severity, rule.risk_score, rule.index) == ("medium", 47, ("filebeat-*", "logs-aws.cloudtrail-*"))
    assert "Tactic: Defense Evasion" in rule.tags and "Data Source: AWS" in rule.tags
    (threat,) = rule.threat
    assert threat["tactic"]["name"] == "Defense Evasion"
    assert threat["technique"][0]["name"] == "Impair Defenses"
    assert threat["technique"][0]["subtechnique"][0]["id"] == "T1562.008"
    assert rule.required_fields == ({"name": "event.action", "type": "keyword"},)
    assert len(rule.rule_id) == 36 and rule.rule_id != made(STOP, TODAY).rule_id


def test_a_tactic_may_be_named_where_a_technique_has_several() -> None:
    several = replace(STOP, techniques=("T1078",), tactic="persistence")
    assert [threat["tactic"]["id"] for threat in made(several, TODAY).threat] == ["TA0003"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"source": "okte"}, "unknown source okte: did you mean okta"),
        ({"source": "mainframe"}, "unknown source mainframe: available: aws, okta"),
        ({"type": "sequence"}, "unknown type sequence"),
        ({"techniques": ("T9999",)}, "has no technique T9999"),
        ({"tactic": "Mischief"}, "has no tactic Mischief; it has Reconnaissance"),
        ({"name": "  "}, "text on one line"),
        ({"name": "a\nb"}, "text on one line"),
        ({"type": "threshold"}, "--threshold"),
        ({"type": "new_terms"}, "--by"),
    ],
)
def test_what_cannot_be_made_is_told(changed, said) -> None:
    with pytest.raises(UsageError, match=said):
        made(replace(STOP, **changed), TODAY)


def test_what_makes_no_rule_has_findings() -> None:
    with pytest.raises(RuleError, match="date math"):
        made(replace(STOP, type="new_terms", fields=("user.name",), history="often"), TODAY)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd", "defense_evasion_etc_passwd"),
        ('He said "x" & \\y\'', "defense_evasion_he_said_x_y"),
        ("ü" * 300, "defense_evasion"),
        ("a" * 300, f"defense_evasion_{'a' * 64}"),
    ],
)
def test_any_name_makes_a_plain_file_name_and_stays_as_it_is(name: str, stem: str) -> None:
    rule = made(replace(STOP, name=name), TODAY)
    assert rule.document.path == f"aws/{stem}.toml"
    assert rule.name == name
