"""The table of sources: what recognises a record, and that a source of one's own needs nothing but a place in it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from detections.case.event import Bases, documents
from detections.case.read import read_cases
from detections.case.run import run
from detections.cli.common import source_settings
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.errors import Finding, UsageError
from detections.events import read, sources
from detections.events.sources import CLOUDTRAIL, Dataset, Setting, Source
from detections.events.sources.record import Made, Record, Table, constant, text
from detections.schedule import replay
from detections.source import parse
from made_rules import rule_of


def badge(record: Record) -> str | None:
    value = record.at("badge")
    if not isinstance(value, str):
        record.refuse("user.id", value)
        return None
    return value if record.settings.get("badges") == "shown" else "hidden"


DOORS = Source(
    name="doors",
    dataset=Dataset("building.doors"),
    signals=("door",),
    never=("event",),
    certain=("door",),
    table=Table(
        (
            text("@timestamp", "at"),
            constant("data_stream.dataset", "building.doors"),
            constant("event.dataset", "building.doors"),
            text("event.action", "door"),
            text("event.id", "nr"),
            Made("user.id", ("badge",), badge),
        )
    ),
    time="at",
    identity="nr",
    settings=(Setting("badges", ("hidden", "shown"), "Whether badges are kept."),),
    wrapper="entries",
    companions={"doorplan": "a plan of the doors"},
)
ENTRY = {"door": "vault", "at": "2026-01-31T20:15:00Z", "badge": "b-7", "nr": "1"}


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(sources, "SOURCES", (CLOUDTRAIL, DOORS))
    return DOORS


def test_where_a_source_writes() -> None:
    assert CLOUDTRAIL.dataset.index == "logs-aws.cloudtrail-default"
    assert DOORS.dataset.index == "logs-building.doors-default"


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ({"eventName": "x"}, True),
        ({"eventVersion": "1.08"}, True),
        ({"eventSource": "ec2.amazonaws.com"}, True),
        ({"eventName": "x", "event": {"action": "y"}}, False),
        ({"eventSource": "x", "event.action": "y"}, False),
        ({"userIdentity": {"type": "Root"}}, False),
        ({"event": {"action": "x"}}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_one_recogniser_decides_for_files_and_for_cases(
    tmp_path: Path, value: dict[str, Any], raw: bool, indent: int | None
) -> None:
    (tmp_path / "base.json").write_text(json.dumps(value, indent=indent))
    assert (sources.recognise(value) is CLOUDTRAIL) is raw
    (batch,) = read([tmp_path / "base.json"], print)
    dataset = batch.columns(["event.dataset"])[0][0]
    assert (dataset == "aws.cloudtrail") is raw
    assert (batch.document(0) != value) is raw
    time = 'raw = { eventTime = "2026-01-01" }' if raw else 'set = { "@timestamp" = "2026-01-01" }'
    cases = read_cases(parse(f'base = "base.json"\n[[case]]\nname = "n"\nverdict = "alert"\n{time}', "x.toml"))
    _, (document,) = documents(cases.cases[0], Bases(tmp_path))
    assert (document["event"].get("dataset") == "aws.cloudtrail") is raw


def test_settings_are_checked() -> None:
    assert sources.chosen({"retain": "minimal"}) == {"retain": "minimal"}
    with pytest.raises(UsageError, match="retain must be one of all, flattened"):
        sources.chosen({"retain": "everything"})
    with pytest.raises(UsageError, match=r"unknown setting badges \(available: retain, aws\)"):
        sources.chosen({"badges": "shown"})


def test_the_sources_share_no_setting_and_no_signal() -> None:
    names = [setting.name for setting in sources.known_settings()]
    signals = [signal for source in sources.SOURCES for signal in source.signals]
    assert len(set(names)) == len(names)
    assert len(set(signals)) == len(signals)


@pytest.mark.parametrize("indent", [None, 1])
def test_a_source_of_ones_own_is_read_and_replayed(doors: Source, tmp_path: Path, indent: int | None) -> None:
    values = [{"entries": [ENTRY, {**ENTRY, "nr": "2", "badge": 7}]}, {"eventName": "x"}, {"doorplan": []}, ENTRY]
    path = tmp_path / "doors.json"
    path.write_text("\n".join(json.dumps(value, indent=indent) for value in values))
    findings: list[Finding] = []
    rule = rule_of('type = "query"\nlanguage = "kuery"\nquery = "event.action: vault and user.id: *"')
    events = read([path], findings.append, {"badges": "shown"})
    alerts = list(replay([rule], events, Embedded(report=findings.append)))
    assert [alert.event_ids for alert in alerts] == [("1",), ("1",)]
    assert {finding.message for finding in findings} == {
        "values that user.id does not take are left out",
        "not an event: a plan of the doors",
    }


RAW = [
    ("okta.system", 'event.action: "user.mfa.factor.deactivate" and okta.outcome.result: SUCCESS',
     {"eventType": "user.mfa.factor.deactivate", "displayMessage": "x", "uuid": "1", "outcome": {"result": "SUCCESS"},
      "published": "2026-01-31T20:15:00Z"}),
    ("github.audit", 'github.category: repo and event.action: "repo.access" and github.visibility: public',
     {"action": "repo.access", "created_at": 1769890500000, "_document_id": "1", "visibility": "public"}),
    ("kubernetes.audit_logs",
     "event.action: create and kubernetes.audit.requestObject.spec.containers.securityContext.privileged: true",
     {"auditID": "1", "verb": "create", "requestReceivedTimestamp": "2026-01-31T20:15:00Z",
      "requestObject": {"spec": {"containers": [{"securityContext": {"privileged": True}}]}}}),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "query", "raw"), RAW)
def test_rules_of_an_integration_see_its_raw_records(
    tmp_path: Path, dataset: str, query: str, raw: dict[str, Any]
) -> None:
    (tmp_path / "raw.json").write_text(json.dumps(raw))
    for index, alerting in ((f"logs-{dataset}-*", True), ("logs-aws.*", False)):
        rule = replace(rule_of(f"type = 'query'\nlanguage = 'kuery'\nquery = '{query}'"), index=(index,))
        alerts = list(replay([rule], read([tmp_path / "raw.json"], print), Embedded()))
        assert [alert.event_ids for alert in alerts] == [("1",)] * alerting
        text = f"base = 'raw.json'\n[[case]]\nname = 'n'\nverdict = '{'alert' if alerting else 'quiet'}'\n"
        cases = read_cases(parse(text, "x.toml"))
        (verdict,) = run(rule, make_plan(rule), cases, Bases(tmp_path), Embedded())
        assert verdict.passed, verdict


def test_a_source_of_ones_own_has_cases(doors: Source, tmp_path: Path) -> None:
    (tmp_path / "vault.json").write_text(json.dumps(ENTRY))
    text = """
base = "vault.json"
[[case]]
name = "n"
verdict = "alert"
badges = "shown"
raw = { badge = "b-8" }
history = [{ at = "-5m", badges = "hidden" }]
"""
    file = read_cases(parse(text, "x.toml"))
    assert file.findings == ()
    _, (before, own) = documents(file.cases[0], Bases(tmp_path))
    assert (own["event"]["id"], own["user"]["id"]) == ("own:1", "b-8")
    assert (before["@timestamp"], before["user"]["id"]) == ("2026-01-31T20:10:00.000Z", "hidden")


def test_a_source_of_ones_own_has_options(doors: Source) -> None:
    @click.command()
    @source_settings
    def command(settings: Mapping[str, str]) -> int:
        click.echo(json.dumps(settings))
        return 0

    chosen = json.loads(CliRunner().invoke(command, ["--badges", "shown"]).output)
    assert chosen == {"retain": "all", "aws": "6", "badges": "shown"}
    assert "Whether badges are kept." in CliRunner().invoke(command, ["--help"]).output
