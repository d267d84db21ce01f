"""GitHub's audit log."""

from __future__ import annotations

from typing import Any

import pytest

from detections.events.sources import GITHUB, recognise

STREAM = {"type": "logs", "dataset": "github.audit", "namespace": "default"}


def github(**values: Any) -> dict[str, Any]:
    return GITHUB.to_ecs({"action": "repo.create", "created_at": 1_770_000_000_123, "actor": "mira", **values})


def test_a_whole_record() -> None:
    record = {
        "@timestamp": 1_770_000_000_456, "_document_id": "d1", "action": "team.add_member", "actor": "mira",
        "actor_id": 7, "actor_ip": "198.51.100.7", "actor_is_bot": False, "actor_location": {"country_code": "DE"},
        "business": "acme", "created_at": 1_770_000_000_123, "data": {"team": "acme/admins", "event": "push"},
        "hashed_token": "h1", "org": "acme", "org_id": 1, "operation_type": "create",
        "programmatic_access_type": "OAuth access token", "public_repo": "false", "repo": "acme/site", "user": "jo",
        "user_agent": "curl/8.5.0", "user_id": 8, "visibility": "private", "permission": "", "token_scopes": None,
    }  # fmt: skip
    assert recognise(record) is GITHUB
    assert GITHUB.to_ecs(record) == {
        "@timestamp": "2026-02-02T02:40:00.456Z",
        "ecs": {"version": "8.11.0"},
        "event": {
            "kind": "event", "module": "github", "dataset": "github.audit", "ingested": "2026-02-02T02:40:00.456Z",
            "id": "d1", "action": "team.add_member", "category": ["configuration", "web", "iam"],
            "type": ["group", "user", "creation"],
        },
        "data_stream": STREAM,
        "client": {"geo": {"country_iso_code": "DE"}},
        "github": {
            "category": "team", "actor_id": 7, "actor_ip": "198.51.100.7", "actor_is_bot": False, "business": "acme",
            "data": {"event": "push"}, "hashed_token": "h1", "operation_type": "create", "org": "acme", "org_id": 1,
            "programmatic_access_type": "OAuth access token", "public_repo": False, "repo": "acme/site",
            "team": "acme/admins", "user_agent": "curl/8.5.0", "user_id": 8, "visibility": "private",
        },
        "group": {"name": "acme/admins"},
        "user": {"name": "mira", "target": {"name": "jo", "group": {"name": "acme/admins"}}},
        "user_agent": {"original": "curl/8.5.0", "name": "curl", "version": "8.5.0", "device": {"name": "Other"}},
        "related": {"user": ["mira", "jo"], "ip": ["198.51.100.7"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "category", "types"),
    [
        ("repo.create", "repo", ["creation"]),
        ("org.invite_member", "org", ["group", "user"]),
        ("org.remove_member", "org", ["group", "user", "deletion"]),
        ("workflows.delete_workflow_run", "workflows", ["deletion"]),
        ("protected_branch.rejected_ref_update", "protected_branch", ["change"]),
        ("git.clone", "git", ["change"]),
        ("nothing", None, ["change"]),
        ("Repo.create", None, ["change"]),
    ],
)
def test_categories_and_types(action: str, category: str | None, types: list[str]) -> None:
    made = github(action=action)
    assert made.get("github", {}).get("category") == category
    assert made["event"]["type"] == types


def test_groups() -> None:
    assert github(action="org.add_member", org="acme", user="jo")["user"]["target"]["group"] == {"name": "acme"}
    assert github(action="org.update", org="acme")["group"] == {"name": "acme"}
    assert "target" not in github(action="org.update", org="acme")["user"]
    assert github(action="repo.transfer", data={"old_user": "jo"})["user"]["target"]["group"] == {"name": "jo"}


@pytest.mark.parametrize(
    "other",
    [
        {"action": "x"},
        {"created_at": 1},
        {"action": "x", "created_at": 1, "event": {}},
        {"action": "x", "created_at": 1, "ecs": {"version": "8"}},
    ],
)
def test_other_objects_are_none_of_its_records(other: dict[str, Any]) -> None:
    assert recognise(other) is None


def test_a_time_that_is_none_is_refused() -> None:
    refused: list[str] = []
    record = {"action": "x.y", "created_at": "soon", "actor_ip": "nowhere"}
    made = GITHUB.to_ecs(record, refuse=lambda field, _: refused.append(field))
    assert "@timestamp" not in made
    assert refused == ["@timestamp", "event.ingested", "github.actor_ip"]
