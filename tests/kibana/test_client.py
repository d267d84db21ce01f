"""What the client asks of Kibana, on the stand-in or on a real one."""

from __future__ import annotations

from typing import Any

RULE: dict[str, Any] = {
    "rule_id": "route-created", "name": "Route created", "description": "A route was created.", "type": "query",
    "query": 'event.action: "CreateRoute"', "index": ["logs-aws.cloudtrail-*"], "risk_score": 21, "severity": "low",
    "tags": ["ours"],
}  # fmt: skip


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


def test_the_version_is_told(any_kibana):
    status = any_kibana.status()
    assert status.version[0] in "89"
    assert not status.unsupported
