"""Cases of rules whose events are joined with others: thresholds and indicators, to the end of a proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detections.case import Bases, CaseLibrary, prove
from detections.case.model import Proof
from detections.engine import Embedded
from detections.rule import load_rules
from made_rules import LOGS, rule_text

THRESHOLD = """type = "threshold"
language = "kuery"
query = 'event.action: "fail" and not user.name: "test"'
[rule.threshold]
field = ["user.name"]
value = 5
[[rule.threshold.cardinality]]
field = "source.ip"
value = 3
"""
THRESHOLD_CASES = """base = "fail.json"
[[case]]
name = "five from three addresses"
verdict = "alert"
threshold = { count = 5, terms = { "user.name" = "ann" } }
history = [
    { at = "-2m", times = 2, every = "10s", set = { "source.ip" = "10.0.0.2" } },
    { at = "-1m", times = 2, set = { "source.ip" = "10.0.0.3" } },
]
[[case]]
name = "four"
verdict = "quiet"
history = [
    { at = "-2m", set = { "source.ip" = "10.0.0.2" } }, { at = "-1m", times = 2, set = { "source.ip" = "10.0.0.3" } },
]
[[case]]
name = "five from two addresses"
verdict = "quiet"
history = [{ at = "-2m", times = 4, set = { "source.ip" = "10.0.0.2" } }]
[[case]]
name = "somebody else's"
verdict = "quiet"
history = [
    { at = "-2m", times = 2, set = { "source.ip" = "10.0.0.2", "user.name" = "bob" } },
    { at = "-1m", times = 2, set = { "source.ip" = "10.0.0.3" } },
]
[[case]]
name = "other actions"
verdict = "quiet"
set = { "event.action" = "open" }
history = [
    { at = "-2m", times = 2, set = { "source.ip" = "10.0.0.2" } },
    { at = "-1m", times = 2, set = { "source.ip" = "10.0.0.3" } },
]
[[case]]
name = "a test"
verdict = "quiet"
set = { "user.name" = "test" }
history = [
    { at = "-2m", times = 2, set = { "source.ip" = "10.0.0.2" } },
    { at = "-1m", times = 2, set = { "source.ip" = "10.0.0.3" } },
]
"""
MATCH = """type = "threat_match"
language = "kuery"
query = 'event.action: "fail" and source.ip: *'
threat_query = 'threat.feed.name: "bad"'
threat_index = ["logs-ti_*"]
[[rule.threat_mapping]]
entries = [{ field = "source.ip", type = "mapping", value = "threat.indicator.ip" }]
"""
MATCH_CASES = """base = "fail.json"
[[case]]
name = "a known address"
verdict = "alert"
indicators = [{ "threat.feed.name" = "bad", "threat.indicator.ip" = "10.0.0.1" }]
[[case]]
name = "another one"
verdict = "quiet"
indicators = [{ "threat.feed.name" = "bad", "threat.indicator.ip" = "10.0.0.2" }]
[[case]]
name = "another feed"
verdict = "quiet"
indicators = [{ "threat.feed.name" = "good", "threat.indicator.ip" = "10.0.0.1" }]
[[case]]
name = "another action"
verdict = "quiet"
set = { "event.action" = "open" }
indicators = [{ "threat.feed.name" = "bad", "threat.indicator.ip" = "10.0.0.1" }]
"""
LEARNED = """type = "machine_learning"
anomaly_threshold = 75
machine_learning_job_id = ["rare", "v3_rare"]
"""
LEARNED_CASES = """base = "record.json"
[[case]]
name = "an anomaly"
verdict = "alert"
[[case]]
name = "a small one"
verdict = "quiet"
set = { record_score = 74.9 }
[[case]]
name = "of another job"
verdict = "quiet"
set = { job_id = "other" }
[[case]]
name = "not final yet"
verdict = "quiet"
set = { is_interim = true }
[[case]]
name = "of a bucket"
verdict = "quiet"
set = { result_type = "bucket" }
"""
CASES = {
    "threshold": (THRESHOLD, THRESHOLD_CASES),
    "threat_match": (MATCH, MATCH_CASES),
    "machine_learning": (LEARNED, LEARNED_CASES),
}
"""Of each type a rule and its cases."""


def proof(folder: Path, body: str, cases: str) -> Proof:
    """The proof of a rule by cases that start from one event."""
    for name, text in (
        ("rules/r.toml", rule_text(body, index="" if "machine_learning" in body else LOGS)),
        ("cases/r.toml", cases),
    ):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "events").mkdir()
    event = {"@timestamp": "2026-01-14T12:00:00Z", "event": {"action": "fail", "id": "f"}, "user": {"name": "ann"}}
    (folder / "events/fail.json").write_text(json.dumps({**event, "source": {"ip": "10.0.0.1"}}))
    record = {"job_id": "rare", "result_type": "record", "record_score": 75, "is_interim": False}
    record |= {"timestamp": 1_768_392_000_000, "@timestamp": "2026-01-14T12:00:00Z"}
    (folder / "events/record.json").write_text(json.dumps(record))
    rules = load_rules(folder / "rules")
    assert not rules.findings
    library = CaseLibrary(folder / "cases", folder / "rules", rules)
    assert not library.findings
    (made,) = prove(rules, library, Bases(folder / "events"), Embedded(), with_mutants=True)
    return made


@pytest.mark.parametrize("name", CASES)
def test_cases_run_and_cover_the_query(tmp_path: Path, name: str) -> None:
    made = proof(tmp_path, *CASES[name])
    assert [verdict.problem for verdict in made.verdicts if verdict.problem] == []
    assert [finding.message for finding in made.findings] == []
    assert made.not_run == ""


def test_a_group_that_is_another_than_the_case_tells(tmp_path: Path) -> None:
    body, cases = CASES["threshold"]
    turned = cases.replace("count = 5,", "count = 5, cardinality = 4,")
    (problem,) = [one.problem for one in proof(tmp_path, body, turned).verdicts if one.problem]
    had = "{'count': 5, 'cardinality': 3, 'terms': {'user.name': 'ann'}}"
    assert problem == f"the group has {had}, not {had.replace('3', '4')}"


def test_the_settings_of_a_threshold_are_noticed(tmp_path: Path) -> None:
    noticed = {mutant.change: mutant.noticed for mutant in proof(tmp_path, *CASES["threshold"]).mutants}
    assert noticed["threshold of 4 instead of 5"] == ("four",)
    assert noticed["threshold of 6 instead of 5"] == ("five from three addresses",)
    assert "somebody else's" in noticed["threshold without user.name"]
    assert noticed["without 3 values of source.ip"] == ("five from two addresses",)


def test_what_indicators_are_is_changed_too(tmp_path: Path) -> None:
    noticed = {mutant.change: mutant.noticed for mutant in proof(tmp_path, *CASES["threat_match"]).mutants}
    assert noticed['`threat.feed.name: "bad"`: always true'] == ("another feed",)


@pytest.mark.parametrize(
    ("name", "case", "hint"),
    [
        (
            "threshold",
            "four",
            "there are not 5 events with the same user.name, with 3 values of source.ip in the window",
        ),
        ("threat_match", "another one", "no indicator of the case goes with it: source.ip is threat.indicator.ip"),
    ],
)
def test_why_a_case_is_quiet(tmp_path: Path, name: str, case: str, hint: str) -> None:
    body, cases = CASES[name]
    turned = cases.replace(f'name = "{case}"\nverdict = "quiet"', f'name = "{case}"\nverdict = "alert"')
    assert [hint in one.hint for one in proof(tmp_path, body, turned).findings if one.code == "case"] == [True]


def test_the_score_of_an_anomaly_is_noticed(tmp_path: Path) -> None:
    noticed = {mutant.change: mutant.noticed for mutant in proof(tmp_path, *CASES["machine_learning"]).mutants}
    assert noticed["a score of 74 instead of 75"] == ("a small one",)
    assert noticed["a score of 76 instead of 75"] == ("an anomaly",)
    assert noticed["without the job rare"] == ("an anomaly",)


def test_without_anomalies_a_rule_of_machine_learning_is_not_run(tmp_path: Path) -> None:
    made = proof(tmp_path, LEARNED, 'base = "fail.json"\n[[case]]\nname = "no record"\nverdict = "quiet"\n')
    assert made.not_run == "none of its cases has an anomaly, a document of .ml-anomalies-*"
    assert (made.verdicts, made.findings) == ((), ())
