"""What the client asks of Kibana, on the stand-in or on a real one (KIBANA_URL)."""

from __future__ import annotations

from typing import Any

import pytest

from detections.errors import ServerError

RULE: dict[str, Any] = {
    "rule_id": "route-created", "name": "Route created", "description": "A route was created.", "type": "query",
    "query": 'event.action: "CreateRoute"', "index": ["logs-aws.cloudtrail-*"], "risk_score": 21, "severity": "low",
    "tags": ["ours"],
}  # fmt: skip
LIST = {"list_id": "known-scanners", "name": "Known scanners", "description": "They scan.", "type": "detection"}
ITEM = {
    "item_id": "scanner-1", "list_id": "known-scanners", "name": "Scanner 1", "description": "It scans.",
    "type": "simple",
    "entries": [{"field": "source.ip", "type": "match", "operator": "included", "value": "192.0.2.1"}],
}  # fmt: skip


def rule(name: str, **changes: Any) -> dict[str, Any]:
    return {**RULE, "rule_id": name, "name": name.title(), **changes}


def reference(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("id", "list_id", "type", "namespace_type")}


def test_the_version_is_told(any_kibana):
    status = any_kibana.status()
    assert status.version[0] in "89"
    assert not status.unsupported


def test_spaces_are_listed(any_kibana):
    assert any_kibana.space in any_kibana.spaces()


def test_a_rule_is_created_read_replaced_and_deleted(any_kibana):
    created = any_kibana.create_rule(RULE)
    assert created["rule_id"] == "route-created"
    assert created["revision"] == 0
    replaced = any_kibana.update_rule({**RULE, "name": "Route made"})
    assert (replaced["name"], replaced["revision"]) == ("Route made", 1)
    assert any_kibana.get_rule("route-created")["id"] == created["id"]
    assert any_kibana.delete_rule("route-created") is True
    assert any_kibana.delete_rule("route-created") is False
    assert any_kibana.get_rule("route-created") is None


def test_a_rule_id_is_taken_once(any_kibana):
    any_kibana.create_rule(RULE)
    with pytest.raises(ServerError, match="already exists") as raised:
        any_kibana.create_rule({**RULE, "name": "Another"})
    assert raised.value.status == 409
    assert len(any_kibana.find_rules()) == 1


def test_what_is_no_rule_is_refused(any_kibana):
    with pytest.raises(ServerError) as raised:
        any_kibana.create_rule({"rule_id": "x", "type": "query", "name": "x"})
    assert raised.value.status == 400


def test_rules_are_found_by_a_filter(any_kibana):
    for name in ("one", "two", "three"):
        any_kibana.create_rule(rule(name, tags=["ours", name]))
    assert [found.rule_id for found in any_kibana.find_rules()] == ["one", "two", "three"]
    assert [found.rule_id for found in any_kibana.find_rules('alert.attributes.tags: "two"')] == ["two"]
    some = any_kibana.find_rules('alert.attributes.params.ruleId: ("one" OR "three")')
    assert [found.rule_id for found in some] == ["one", "three"]
    assert any_kibana.find_rules('alert.attributes.tags: "none"') == []


def test_rules_are_enabled_disabled_and_deleted_in_bulk(any_kibana):
    ids = [any_kibana.create_rule(rule(name))["id"] for name in ("one", "two")]
    assert any_kibana.bulk_action("enable", ids).succeeded == 2
    assert all(found.enabled for found in any_kibana.find_rules())
    assert any_kibana.bulk_action("disable", ids[:1]).succeeded == 1
    assert [found.enabled for found in any_kibana.find_rules()] == [False, True]
    assert any_kibana.bulk_action("delete", ids).success
    assert any_kibana.find_rules() == []


def test_a_bulk_action_tells_which_rules_failed(any_kibana):
    ids = [any_kibana.create_rule(rule("one"))["id"], "00000000-0000-4000-8000-000000000000"]
    result = any_kibana.bulk_action("enable", ids)
    assert (result.success, result.succeeded, result.failed) == (False, 1, 1)
    [problem] = result.problems
    assert (problem.id, problem.status) == (ids[1], 404)


def test_an_import_creates_and_with_overwrite_replaces(any_kibana):
    result = any_kibana.import_rules([rule("one"), rule("two", note="Look.")])
    assert (result.success, result.rules) == (True, 2)
    again = any_kibana.import_rules([rule("one"), rule("three")])
    assert (again.success, again.rules) == (False, 1)
    assert {name: problem.status for name, problem in again.refused().items()} == {"one": 409}
    assert any_kibana.import_rules([rule("two")], overwrite=True).success
    assert not any_kibana.get_rule("two").get("note")


def test_an_import_brings_exceptions_and_links_them(any_kibana):
    linked = rule("one", exceptions_list=[{**reference({**LIST, "id": "elsewhere", "namespace_type": "single"})}])
    result = any_kibana.import_rules(
        [linked, {**ITEM, "namespace_type": "single"}, {**LIST, "namespace_type": "single"}]
    )
    assert (result.success, result.exceptions, result.rules) == (True, 2, 1)
    here = any_kibana.get_exception_list("known-scanners")
    assert any_kibana.get_rule("one")["exceptions_list"] == [reference(here.body)]
    assert [item.item_id for item in any_kibana.find_exception_items("known-scanners")] == ["scanner-1"]


def test_an_import_that_names_a_list_that_is_not_there_is_a_failure(any_kibana):
    gone = {"id": "x", "list_id": "gone", "type": "detection", "namespace_type": "single"}
    result = any_kibana.import_rules([rule("one", exceptions_list=[gone])])
    assert not result.success
    assert "gone" in result.refused()["one"].message
    assert any_kibana.get_rule("one")["exceptions_list"] == []  # it is imported all the same, without the list


def test_one_bad_rule_among_good_ones_is_told(any_kibana):
    broken = {name: value for name, value in rule("broken").items() if name != "severity"}
    result = any_kibana.import_rules([rule("one"), broken, rule("two")])
    assert (result.success, result.rules, len(result.problems)) == (False, 2, 1)
    assert {found.rule_id for found in any_kibana.find_rules()} == {"one", "two"}


def test_an_export_has_rules_lists_and_items(any_kibana):
    made = any_kibana.create_exception_list(LIST)
    any_kibana.create_exception_item(ITEM)
    any_kibana.create_rule(rule("one", exceptions_list=[reference(made.body)]))
    any_kibana.create_rule(rule("two"))
    whole = any_kibana.export_rules()
    assert {found.rule_id for found in whole.rules} == {"one", "two"}
    assert [found.list_id for found in whole.exception_lists] == ["known-scanners"]
    assert [found.item_id for found in whole.exception_items] == ["scanner-1"]
    assert whole.whole
    some = any_kibana.export_rules(["two", "gone"])
    assert ([found.rule_id for found in some.rules], some.exception_lists) == (["two"], ())


def test_what_is_exported_can_be_imported_again(any_kibana):
    any_kibana.create_exception_list(LIST)
    any_kibana.create_rule(
        rule("one", exceptions_list=[reference(any_kibana.get_exception_list("known-scanners").body)])
    )
    export = any_kibana.export_rules()
    any_kibana.delete_rule("one")
    any_kibana.delete_exception_list("known-scanners")
    objects = [thing.body for thing in (*export.rules, *export.exception_lists, *export.exception_items)]
    assert any_kibana.import_rules(objects).success
    assert any_kibana.get_rule("one")["query"] == RULE["query"]


def test_exception_lists_and_items(any_kibana):
    any_kibana.create_exception_list(LIST)
    any_kibana.create_exception_item(ITEM)
    assert any_kibana.update_exception_list({**LIST, "name": "Scanners"}).name == "Scanners"
    assert any_kibana.update_exception_item({k: v for k, v in ITEM.items() if k != "list_id"} | {"name": "S"})
    assert any_kibana.get_exception_item("scanner-1").name == "S"
    assert "known-scanners" in [found.list_id for found in any_kibana.find_exception_lists()]
    for create, payload in ((any_kibana.create_exception_list, LIST), (any_kibana.create_exception_item, ITEM)):
        with pytest.raises(ServerError) as raised:
            create(payload)
        assert raised.value.status == 409
    assert any_kibana.delete_exception_item("scanner-1") is True
    assert any_kibana.delete_exception_item("scanner-1") is False
    assert any_kibana.delete_exception_list("known-scanners") is True
    assert any_kibana.delete_exception_list("known-scanners") is False
    assert any_kibana.get_exception_list("known-scanners") is None
    assert any_kibana.find_exception_items("known-scanners") == []


def test_value_lists(any_kibana):
    any_kibana.create_value_list({"id": "bad-ips", "name": "Bad", "description": "Bad.", "type": "ip"})
    any_kibana.import_value_list_items("bad-ips", ["192.0.2.1", "192.0.2.2"])
    any_kibana.import_value_list_items("bad-ips", ["192.0.2.2", "192.0.2.3", "192.0.2.3"])
    assert sorted(any_kibana.export_value_list_items("bad-ips")) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert [found.id for found in any_kibana.find_value_lists()] == ["bad-ips"]
    any_kibana.create_value_list({"id": "more", "name": "More", "description": "More.", "type": "keyword"})
    assert any_kibana.delete_value_list("bad-ips") is True
    assert any_kibana.delete_value_list("bad-ips") is False


def test_connectors(any_kibana):
    any_kibana.create_connector("to-the-log", {"name": "Log", "connector_type_id": ".server-log"})
    [made] = [found for found in any_kibana.find_connectors() if found.id == "to-the-log"]
    assert (made.name, made.connector_type_id, made.config) == ("Log", ".server-log", {})


def test_connectors_travel_with_the_rules_that_use_them(any_kibana):
    any_kibana.create_connector("to-the-log", {"name": "Log", "connector_type_id": ".server-log"})
    action = {"id": "to-the-log", "action_type_id": ".server-log", "group": "default", "params": {"message": "x"}}
    any_kibana.create_rule(rule("one", actions=[action]))
    exported = any_kibana.export_rules()
    [saved] = exported.connectors
    assert (saved.id, saved.attributes.name) == ("to-the-log", "Log")
    attributes = {"name": "Log", "actionTypeId": ".server-log", "config": {}, "secrets": {}}
    objects = [exported.rules[0].body, {"id": saved.id, "type": "action", "attributes": attributes}]
    result = any_kibana.import_rules(objects, overwrite=True, overwrite_action_connectors=True)
    assert (result.success, result.connectors) == (True, 1)
    assert any_kibana.get_rule("one")["actions"][0]["id"] == "to-the-log"


def test_a_preview_runs_a_rule_that_is_nowhere(any_kibana):
    found = any_kibana.preview(RULE, invocation_count=1, timeframe_end="2026-01-15T09:00:00.000Z")
    assert found.id
    assert not found.aborted
    assert any_kibana.preview_alerts(found.id) == []
    assert any_kibana.find_rules() == []
