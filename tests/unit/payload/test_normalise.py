"""Payloads in canonical form: what Kibana makes of a payload is equal to the payload."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.payload import diff, normalise, same, to_api
from detections.rule import load_rules

ROOT = Path(__file__).parents[3]

ANSWERED = {
    "id": "6f0f3f5c-0000-4000-8000-000000000001",
    "immutable": False,
    "rule_source": {"type": "internal"},
    "revision": 3,
    "created_at": "2026-01-01T00:00:00.000Z",
    "created_by": "someone",
    "updated_at": "2026-01-02T00:00:00.000Z",
    "updated_by": "someone",
    "execution_summary": {"last_execution": {"status": "failed"}},
    "risk_score_mapping": [],
    "severity_mapping": [],
    "interval": "5m",
    "from": "now-6m",
    "to": "now",
    "max_signals": 100,
    "exceptions_list": [],
    "false_positives": [],
    "actions": [],
    "related_integrations": [],
    "required_fields": [],
    "references": [],
    "threat": [],
    "tags": [],
    "author": [],
    "setup": "",
    "output_index": "",
    "enabled": False,
    "version": 1,
}
"""What Kibana adds to a rule that leaves all of it out."""

COMMON = {"rule_id": "r", "name": "n", "description": "d", "risk_score": 1, "severity": "low"}
OF_TYPE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "query": ({}, {"query": "", "language": "kuery"}),
    "saved_query": ({"saved_id": "s"}, {"language": "kuery"}),
    "eql": ({"query": "any where true", "language": "eql"}, {}),
    "esql": ({"query": "FROM a METADATA _id", "language": "esql"}, {}),
    "threshold": (
        {
            "query": "a: b",
            "threshold": {"field": "host.name", "value": 3},
            "alert_suppression": {"duration": {"value": 1, "unit": "h"}},
        },
        {"language": "kuery", "threshold": {"field": ["host.name"], "value": 3, "cardinality": []}},
    ),
    "threat_match": (
        {
            "query": "*:*",
            "threat_query": "*:*",
            "threat_index": ["t"],
            "threat_mapping": [{"entries": [{"field": "a", "type": "mapping", "value": "b"}]}],
        },
        {
            "language": "kuery",
            "threat_language": "kuery",
            "threat_indicator_path": "threat.indicator",
            "threat_mapping": [{"entries": [{"field": "a", "type": "mapping", "value": "b", "negate": False}]}],
        },
    ),
    "machine_learning": ({"anomaly_threshold": 50, "machine_learning_job_id": "j"}, {"machine_learning_job_id": ["j"]}),
    "new_terms": (
        {"query": "a: b", "new_terms_fields": ["b", "a"], "history_window_start": "now-7d"},
        {"language": "kuery"},
    ),
}


@pytest.mark.parametrize("kind", OF_TYPE)
def test_what_kibana_fills_in_changes_nothing(kind: str) -> None:
    sent, filled = OF_TYPE[kind]
    payload = COMMON | {"type": kind} | sent
    assert normalise(payload | ANSWERED | filled) == normalise(payload)
    assert diff(payload, payload | ANSWERED | filled) == ()


DEFAULTS: dict[str, Any] = {
    "actions": [], "author": [], "enabled": False, "exceptions_list": [], "false_positives": [], "filters": [],
    "from": "now-6m", "interval": "5m", "license": "", "max_signals": 100, "note": "", "output_index": "",
    "references": [], "related_integrations": [], "required_fields": [], "response_actions": [],
    "risk_score_mapping": [], "setup": "", "severity_mapping": [], "tags": [], "threat": [], "threat_filters": [],
    "throttle": "no_actions", "timestamp_override_fallback_disabled": False, "to": "now", "version": 1,
}  # fmt: skip


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_says_kibanas_default_says_nothing(name: str) -> None:
    payload = {**COMMON, "type": "query", "query": "a: b"}
    payload.pop(name, None)
    assert normalise(payload | {name: DEFAULTS[name]}) == normalise(payload)
    other = {"x": 1} if isinstance(DEFAULTS[name], list) else f"not {DEFAULTS[name]}"
    assert normalise(payload | {name: [other]}) != normalise(payload)
    assert [one.field for one in diff(payload, payload | {name: [other]})] == [name]


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("tags", ["b", "a"], ["a", "b"]),
        ("index", ["logs-*", "auditbeat-*"], ["auditbeat-*", "logs-*"]),
        ("note", "a\r\nb\r", "a\nb\n"),
        ("risk_score", 47.0, 47),
        ("note", "", None),
        ("required_fields", [{"name": "a", "type": "keyword", "ecs": True}], [{"name": "a", "type": "keyword"}]),
        ("investigation_fields", ["a"], {"field_names": ["a"]}),
        ("filters", [{"meta": {"alias": None, "disabled": False}}], [{"meta": {"disabled": False}}]),
        ("threat", [{"tactic": {"id": "T"}, "technique": []}], [{"tactic": {"id": "T"}}]),
        ("threat", [{"technique": [{"id": "T", "subtechnique": []}]}], [{"technique": [{"id": "T"}]}]),
        ("exceptions_list", [{"id": "x", "list_id": "l"}], [{"id": "y", "list_id": "l"}]),
        ("alert_suppression", {"group_by": ["a"], "missing_fields_strategy": "suppress"}, {"group_by": ["a"]}),
        (
            "actions",
            [
                {
                    "id": "c",
                    "params": {},
                    "uuid": "u",
                    "group": "default",
                    "frequency": {"summary": True, "notifyWhen": "onActiveAlert", "throttle": None},
                }
            ],
            [{"id": "c", "params": {}}],
        ),
    ],
)
def test_says_the_same(field: str, one: object, other: object) -> None:
    assert normalise({"type": "query", field: one}) == normalise({"type": "query", field: other})


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("index", [], None),  # none at all, or Kibana's default indices
        ("new_terms_fields", ["a", "b"], ["b", "a"]),
        ("enabled", True, None),
        ("meta", {"flag": True}, {"flag": 1}),
        ("query", "a: b", "a:b"),
        ("query", "a\n", "a"),
        ("version", 2, None),
        ("a_field_of_tomorrow", [], None),
    ],
)
def test_does_not_say_the_same(field: str, one: object, other: object) -> None:
    assert not same(normalise({"type": "query", field: one}), normalise({"type": "query", field: other}))


@pytest.mark.parametrize("value", [0, "x", [1, "y", None], {"entries": 3}, True, [[]], {"field": {}}])
@pytest.mark.parametrize(
    "field",
    ["threat", "threshold", "threat_mapping", "actions", "tags", "alert_suppression", "type", "required_fields"],
)
def test_a_value_of_the_wrong_shape_is_kept(field: str, value: object) -> None:
    assert field in normalise({field: value})


def test_our_rules_as_kibana_would_answer() -> None:
    for rule in load_rules(ROOT / "rules"):
        payload = to_api(rule)
        answered = json.loads(json.dumps(payload)) | {
            name: value for name, value in ANSWERED.items() if name not in payload
        }
        assert diff(payload, answered) == ()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, width=16)
    | st.text("a\r\n", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["type", "tags", "threat", "actions", "threshold", "note", "version", "alert_suppression", "threat_mapping", "new"]
)
payloads = st.dictionaries(names, json_values | st.sampled_from(["query", "threshold"]), max_size=5)


@given(payloads)
def test_twice_is_once(payload: dict[str, Any]) -> None:
    once = normalise(payload)
    assert normalise(once) == once
    assert list(once) == sorted(once)


@given(payloads, payloads)
def test_a_diff_is_empty_exactly_when_the_canonical_forms_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (diff(one, other) == ()) == same(normalise(one), normalise(other))
    assert diff(one, one) == ()


def test_the_suppression_of_a_threshold_is_its_duration() -> None:
    asked = {"duration": {"value": 1, "unit": "h"}, "missing_fields_strategy": "doNotSuppress"}
    for kind, kept in (("threshold", {"duration": asked["duration"]}), ("query", asked)):
        assert normalise({"type": kind, "alert_suppression": asked})["alert_suppression"] == kept


def test_what_only_toml_knows_is_json() -> None:
    assert normalise({"type": "query", "note": date(2026, 1, 31)})["note"] == "2026-01-31"
