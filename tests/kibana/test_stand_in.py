"""The stand-in behaves as Kibana does. What is asserted here is known of Kibana, not of the stand-in alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detections.errors import ServerError
from detections.kibana.client import RULES
from detections.kibana.multipart import one_file
from detections.server import connection

RULE: dict[str, Any] = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "risk_score": 21,
    "severity": "low",
}  # fmt: skip
LIST = {"list_id": "l", "name": "L", "description": "L.", "type": "detection"}
ENTRY = {"field": "x", "type": "exists", "operator": "included"}
ITEM = {"item_id": "i", "list_id": "l", "name": "I", "description": "I.", "type": "simple", "entries": [ENTRY]}
MAIL = {"id": "c", "type": "action", "attributes": {"actionTypeId": ".email", "name": "Mail", "config": {}}}
ACTION = {"id": "c", "action_type_id": ".email", "group": "default", "params": {}}


def linked(here: dict[str, Any]) -> dict[str, Any]:
    return {name: here[name] for name in ("id", "list_id", "type", "namespace_type")}


def test_defaults_of_a_new_rule(kibana):
    made = kibana.create_rule({name: value for name, value in RULE.items() if name != "query"})
    for name, value in {
        "enabled": False, "interval": "5m", "from": "now-6m", "to": "now", "max_signals": 100, "version": 1,
        "language": "kuery", "query": "", "setup": "", "output_index": "", "exceptions_list": [], "threat": [],
        "revision": 0, "immutable": False, "rule_source": {"type": "internal"}, "created_by": "elastic",
    }.items():  # fmt: skip
        assert made[name] == value, name
    assert "execution_summary" not in made


def test_forms_that_kibana_changes(kibana):
    threshold = kibana.create_rule({
        **RULE, "rule_id": "t", "type": "threshold", "threshold": {"field": "host.name", "value": 3},
        "required_fields": [{"name": "host.name", "type": "keyword"}, {"name": "mine", "type": "keyword"}],
    })  # fmt: skip
    assert threshold["threshold"] == {"field": ["host.name"], "value": 3, "cardinality": []}
    assert [one["ecs"] for one in threshold["required_fields"]] == [True, False]
    learned = {**RULE, "rule_id": "m", "type": "machine_learning", "anomaly_threshold": 50}
    assert kibana.create_rule({**learned, "machine_learning_job_id": "j"})["machine_learning_job_id"] == ["j"]


def test_put_resets_what_it_leaves_out_but_for_enabled_and_version(kibana):
    kibana.create_rule({**RULE, "note": "Look.", "max_signals": 7, "version": 3, "enabled": True, "tags": ["x"]})
    new = kibana.update_rule(RULE)
    assert "note" not in new
    assert (new["max_signals"], new["tags"], new["version"], new["enabled"]) == (100, [], 3, True)


def test_the_revision_grows_when_more_than_the_enabled_state_changes(kibana):
    identity = kibana.create_rule(RULE)["id"]
    assert kibana.update_rule(RULE)["revision"] == 0
    kibana.bulk_action("enable", [identity])
    assert kibana.get_rule("a")["revision"] == 0
    assert kibana.update_rule({**RULE, "note": "x"})["revision"] == 1


def test_the_clock_moves_and_may_be_wrong(stand_in, kibana):
    made = kibana.create_rule(RULE)
    changed = kibana.update_rule(RULE)
    assert made["created_at"] == changed["created_at"] < changed["updated_at"]
    stand_in.world.skew = timedelta(hours=-1)
    assert kibana.update_rule(RULE)["updated_at"] < made["created_at"]


def test_an_edit_by_a_person_drops_meta_and_says_who(stand_in, kibana):
    kibana.create_rule({**RULE, "meta": {"owner": "us"}, "tags": ["ours"]})
    stand_in.edit("a", by="ana", name="Better")
    found = kibana.get_rule("a")
    assert (found["name"], found["updated_by"], found["created_by"], found["revision"]) == (
        "Better",
        "ana",
        "elastic",
        1,
    )
    assert "meta" not in found
    assert found["tags"] == ["ours"]


def test_prebuilt_rules(stand_in, kibana):
    stand_in.install_prebuilt({**RULE, "rule_id": "p", "version": 5})
    found = kibana.get_rule("p")
    assert (found["immutable"], found["rule_source"]["type"], found["rule_source"]["is_customized"]) == (
        True,
        "external",
        False,
    )
    assert [rule.rule_id for rule in kibana.find_rules("alert.attributes.params.immutable: true")] == ["p"]
    stand_in.edit("p", name="Customised")
    assert kibana.get_rule("p")["rule_source"]["customized_fields"] == [{"field_name": "name"}]
    result = kibana.import_rules([{**RULE, "rule_id": "p"}], overwrite=True)
    assert 'must specify a "version"' in result.refused()["p"].message
    assert kibana.import_rules([{**RULE, "rule_id": "p", "version": 5}], overwrite=True).success
    assert kibana.get_rule("p")["rule_source"]["is_customized"] is False


def test_executions_are_shown_and_not_exported(stand_in, kibana):
    kibana.create_rule({**RULE, "enabled": True})
    stand_in.executed("a", "failed", "no such index")
    assert kibana.get_rule("a")["execution_summary"]["last_execution"]["status"] == "failed"
    assert "execution_summary" not in kibana.export_rules().rules[0].body


def test_an_import_that_overwrites_resets_the_exceptions_of_a_rule(kibana):
    here = kibana.create_exception_list(LIST).body
    kibana.create_rule({**RULE, "exceptions_list": [linked(here)]})
    assert kibana.import_rules([RULE], overwrite=True).success
    assert kibana.get_rule("a")["exceptions_list"] == []


def test_a_list_that_is_overwritten_loses_the_items_it_had(kibana):
    kibana.create_exception_list(LIST)
    kibana.create_exception_item(ITEM)
    other = {**ITEM, "item_id": "j", "namespace_type": "single"}
    refused = kibana.import_rules([{**LIST, "namespace_type": "single"}, other])
    assert [(one.kind, one.status) for one in refused.problems] == [("exception_list", 409)]
    kept = {item.item_id for item in kibana.find_exception_items("l")}
    assert kept == {"i", "j"}
    fresh = {**other, "item_id": "k"}
    assert kibana.import_rules([{**LIST, "namespace_type": "single"}, fresh], overwrite_exceptions=True).success
    assert [item.item_id for item in kibana.find_exception_items("l")] == ["k"]


def test_ids_of_lists_differ_between_spaces(stand_in, kibana, backoff, admin):
    stand_in.space("soc")
    here = kibana.create_exception_list(LIST).body
    with admin(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), "soc", backoff) as other:
        there = other.create_exception_list(LIST).body
        assert here["id"] != there["id"]
        kibana.create_rule({**RULE, "exceptions_list": [linked(here)]})
        other.import_rules([rule.body for rule in kibana.export_rules().rules])
        assert other.get_rule("a")["exceptions_list"][0]["id"] == there["id"]


def test_agnostic_lists_are_in_every_space(stand_in, kibana, backoff, admin):
    kibana.create_exception_list({**LIST, "namespace_type": "agnostic"})
    stand_in.space("soc")
    with admin(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), "soc", backoff) as other:
        assert other.get_exception_list("l", "agnostic")
        assert other.get_exception_list("l") is None


def test_rules_with_one_rule_id_in_a_file(stand_in, kibana):
    twice = b"".join(
        b'{"rule_id":"a","name":"%s","description":"x","type":"query","risk_score":1,"severity":"low"}\n' % name
        for name in (b"First", b"Last")
    )
    for overwrite, errors in ((False, 1), (True, 0)):
        answer = kibana._http.send(
            "POST", f"{RULES}/_import", query={"overwrite": overwrite}, raw=one_file("x.ndjson", twice)
        ).decoded()
        assert len(answer["errors"]) == errors
        assert kibana.get_rule("a")["name"] == "Last"


def test_the_summary_is_the_last_line_and_goes_with_the_rest_when_it_is_not_wanted(kibana):
    kibana.create_exception_list(LIST)
    kibana.create_exception_item(ITEM)
    kibana.create_connector("c", {"name": "C", "connector_type_id": ".email", "secrets": {"password": "x"}})
    kibana.create_rule({
        **RULE, "exceptions_list": [linked(kibana.get_exception_list("l").body)], "actions": [ACTION],
    })  # fmt: skip
    whole = kibana._http.send("POST", f"{RULES}/_export").body.splitlines()
    assert [b'"rule_id"' in whole[0], b'"list_id"' in whole[1], b'"item_id"' in whole[2], b'"attributes"' in whole[3],
            b'"exported_count":4' in whole[4]] == [True] * 5  # fmt: skip
    assert b'"secrets":{}' in whole[3]
    alone = kibana._http.send("POST", f"{RULES}/_export", query={"exclude_export_details": True}).body.splitlines()
    assert len(alone) == 1


@pytest.mark.parametrize(
    ("version", "problem"), [("8.19.0", "connectors are missing"), ("9.2.0", "missing action IDs")]
)
def test_a_rule_whose_connector_is_nowhere(stand_in, kibana, version, problem):
    stand_in.world.version = version
    result = kibana.import_rules([{**RULE, "actions": [ACTION]}, {**RULE, "rule_id": "b"}])
    assert problem in result.problems[0].message
    assert result.rules == (0 if version[0] == "8" else 1)


@pytest.mark.parametrize(("version", "count"), [("8.19.0", 0), ("9.2.0", 1)])
def test_a_connector_that_no_rule_uses(stand_in, kibana, version, count):
    stand_in.world.version = version
    assert kibana.import_rules([MAIL, RULE]).connectors == count
    assert len(kibana.find_connectors()) == count


def test_a_connector_that_lost_its_secrets_says_so(kibana):
    result = kibana.import_rules([MAIL, {**RULE, "actions": [ACTION]}])
    assert result.warnings == ("1 connectors have sensitive information that require updates.",)
    assert kibana.request("GET", "/api/actions/connectors")[0]["is_missing_secrets"] is True


def test_what_a_bulk_action_cannot_do(kibana):
    with pytest.raises(ServerError, match="Export action doesn't support dry_run mode"):
        body = {"action": "export", "ids": [kibana.create_rule(RULE)["id"]]}
        kibana.request("POST", f"{RULES}/_bulk_action", query={"dry_run": True}, body=body)


def test_value_lists_need_their_data_streams(kibana):
    assert kibana.find_value_lists() == []
    payload = {"id": "v", "name": "V", "description": "V.", "type": "ip"}
    with pytest.raises(ServerError, match="the data stream must exist first"):
        kibana.request("POST", "/api/lists", body=payload)


def test_values_keep_every_character_but_line_ends(kibana):
    kibana.create_value_list({"id": "v", "name": "V", "description": "V.", "type": "keyword"})
    values = ["a\u0085b", "c\x0bd", "é", '"quoted"', "--x", "{}"]
    kibana.import_value_list_items("v", values)
    assert kibana.export_value_list_items("v") == values


@pytest.mark.parametrize("how", ["put", "import"])
def test_the_type_of_a_rule_cannot_change(kibana, how):
    kibana.create_rule(RULE)
    other = {**RULE, "type": "eql", "language": "eql", "query": "any where true"}
    if how == "put":
        with pytest.raises(ServerError, match="params invalid"):
            kibana.update_rule(other)
    else:
        assert "params invalid" in kibana.import_rules([other], overwrite=True).refused()["a"].message
    assert kibana.get_rule("a")["type"] == "query"


def test_a_preview_finds_what_the_test_says(stand_in, kibana):
    stand_in.alerts = lambda body: [{"kibana.alert.rule.name": body["name"], "event.id": "1"}]
    found = kibana.preview(RULE, invocation_count=2, timeframe_end="2026-01-15T09:00:00Z")
    assert kibana.preview_alerts(found.id) == [{"kibana.alert.rule.name": "A", "event.id": "1"}]
    assert kibana.find_rules() == []


def test_so_many_results_and_no_more(stand_in, kibana):
    with pytest.raises(ServerError, match="Result window is too large"):
        kibana.request("GET", f"{RULES}/_find", query={"page": 11, "per_page": 1000})
