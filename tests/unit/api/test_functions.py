"""The Python API, called as its users do."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.api import instant
from detections.errors import EventsError, Finding, QueryTypeError, UsageError

ROOT = Path(__file__).parents[3]
RULE = ROOT / "rules/aws/defense_evasion_ec2_network_acl_created.toml"
BASE = ROOT / "tests/events/cloudtrail/create_network_acl.json"
SAMPLED = """
[metadata]
creation_date = "2026/01/01"
updated_date = "2026/01/01"
maturity = "production"
[rule]
name = "Sampled"
description = "d"
type = "esql"
language = "esql"
query = "FROM logs-* METADATA _id, _version, _index | SAMPLE 0.1"
rule_id = "5a3f3a0e-9d9b-4a0c-8f2b-3c8f5b1c2d3e"
risk_score = 21
severity = "low"
"""
LOGINS = [
    {"@timestamp": "2026-01-01T00:00:00Z", "event": {"category": "x"}, "user.name": "a", "n": 1},
    {"@timestamp": "2026-01-01T00:00:01Z", "event": {"category": "x"}, "user.name": "b", "n": 2},
    {"@timestamp": "2026-01-01T00:00:02Z", "event": {"category": "x"}, "user.name": "a", "n": 3},
]


def numbers(events: list[dict[str, Any]]) -> list[int]:
    return [event["n"] for event in events]


def test_rules_are_loaded_from_texts_and_paths_and_what_did_not_load_is_found(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[rule")
    rules = detections.load_rules(str(RULE), tmp_path)
    assert [rule.name for rule in rules] == ["AWS EC2 Network Access Control List Creation"]
    assert [finding.location.path for finding in rules.findings] == [str(tmp_path / "bad.toml")]
    with pytest.raises(UsageError, match="absent does not exist"):
        detections.load_rules(tmp_path / "absent")


def test_events_are_read_and_mapped_and_what_was_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(json.dumps(json.loads(BASE.read_text())) + '\n{"half\n')
    told: list[Finding] = []
    (event,) = detections.read_events(tmp_path, report=told.append)
    assert event["event"]["action"] == "CreateNetworkAcl"
    assert [(one.code, one.location.line) for one in told] == [("event-syntax", 2)]
    with pytest.warns(detections.DetectionsWarning, match="a.ndjson:2:2: event-syntax"):
        assert list(detections.read_events(tmp_path)) == [event]
    with pytest.raises(EventsError):
        list(detections.read_events(tmp_path / "absent"))


def test_the_setting_of_the_integration_decides_what_is_kept() -> None:
    (whole,) = detections.read_events(BASE)
    (minimal,) = detections.read_events(BASE, retain="minimal")
    assert "flattened" in whole["aws"]["cloudtrail"] and "flattened" not in minimal["aws"]["cloudtrail"]


def test_kuery_finds_events_up_to_the_size() -> None:
    assert numbers(detections.search(LOGINS, "user.name: a").events) == [1, 3]
    assert numbers(detections.search(LOGINS, "user.name: a", size=1).events) == [1]
    assert detections.search(LOGINS, "user.name: a", size=0).events == []
    assert detections.search([], "user.name: a") == detections.SearchResult()


def test_the_types_of_fields_decide() -> None:
    assert numbers(detections.search(LOGINS, "n > 1", fields={"n": "long"}).events) == [2, 3]
    with pytest.raises(QueryTypeError):
        detections.search(LOGINS, "n: x", fields={"n": "long"})


def test_eql_finds_events_the_last_ones_and_sequences() -> None:
    assert numbers(detections.search(LOGINS, "any where true", "eql", size=2).events) == [2, 3]
    query = "sequence by user.name with maxspan=1m [any where n == 1] ![any where n == 9] [any where n == 3]"
    (found,) = detections.search(LOGINS, query, "eql", fields={"n": "long", "user.name": "keyword"}).sequences
    assert found.join_keys == ("a",)
    assert [event and event["n"] for event in found.events] == [1, None, 3]


def test_eql_finds_as_many_samples_a_key_as_are_asked_for() -> None:
    query = "sample by user.name [any where n >= 1] [any where n >= 2]"
    fields = {"n": "long", "user.name": "keyword"}
    assert len(detections.search(LOGINS, query, "eql", fields=fields).sequences) == 1
    with pytest.raises(UsageError, match="max_samples_per_key must be at least 1, not 0"):
        detections.search(LOGINS, query, "eql", fields=fields, max_samples_per_key=0)


def test_esql_gives_a_table_and_its_columns() -> None:
    fields = {"n": "long", "user.name": "keyword"}
    found = detections.search(LOGINS, "FROM x | WHERE n > 1 | KEEP user.name, n", "esql", fields=fields)
    assert found.columns == [{"name": "user.name", "type": "keyword"}, {"name": "n", "type": "long"}]
    assert found.rows == [["b", 2], ["a", 3]]
    assert detections.search(LOGINS, "FROM x | KEEP n", "esql", fields=fields, size=1).rows == [[1]]


def test_columns_that_nobody_named_are_those_with_a_value() -> None:
    found = detections.search(LOGINS, "FROM x | LIMIT 1", "esql")
    assert {"@timestamp", "event.category", "user.name"} <= {column["name"] for column in found.columns}
    assert all(value is not None for value in found.rows[0])


def test_a_language_that_is_none() -> None:
    with pytest.raises(UsageError, match="unknown language 'kql': kuery, lucene, eql or esql"):
        detections.search(LOGINS, "a: b", "kql")
    with pytest.raises(UsageError, match="not 'eql'"):
        detections.to_dsl("any where true", "eql")


def test_the_options_of_kibana_reach_the_query() -> None:
    wildcard = detections.to_dsl("a: b*", fields={"a": "keyword"}, case_insensitive=True)
    assert wildcard["bool"]["should"] == [{"wildcard": {"a": {"value": "b*", "case_insensitive": True}}}]
    both = detections.to_dsl("a: b and c: d", fields={"a": "keyword", "c": "keyword"}, filters_in_must=True)
    assert "must" in both["bool"] and "filter" not in both["bool"]
    zone = detections.to_dsl("t > 2026-01-01", fields={"t": "date"}, time_zone="Europe/Berlin")
    assert "Europe/Berlin" in json.dumps(zone)


def test_a_replay_gives_alerts_and_tells_of_rules_that_nothing_evaluates(tmp_path: Path) -> None:
    (tmp_path / "sampled.toml").write_text(SAMPLED)
    events = list(detections.read_events(BASE))
    told: list[Finding] = []
    (alert,) = detections.replay(detections.load_rules(RULE, tmp_path), events, report=told.append)
    assert [(one.location.path, "SAMPLE" in one.message) for one in told] == [(str(tmp_path / "sampled.toml"), True)]
    assert (alert.rule_name, len(alert.event_ids)) == ("AWS EC2 Network Access Control List Creation", 1)
    assert not list(detections.replay(detections.load_rules(RULE), events, start="2030-01-01"))


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        (None, None),
        (17, 17),
        ("1970-01-02", 86_400_000),
        ("1970-01-01T00:00:01.5Z", 1500),
        (datetime.datetime(1970, 1, 1, 0, 0, 1), 1000),
        (datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))), 0),
    ],
)
def test_instants(value: Any, milliseconds: int | None) -> None:
    assert instant(value) == milliseconds


def test_what_is_no_instant() -> None:
    with pytest.raises(UsageError, match="'soon' is not an instant"):
        detections.replay([], [], start="soon")


def test_a_name_that_is_not_public() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        detections.nothing  # noqa: B018
