"""GitHub's audit log, of an organisation or an enterprise, as Elastic's GitHub integration takes it in.

Source of the semantics: the integration's ingest pipeline and its published expected documents, and for the names under
``github`` its field definitions of 2026. ``event.ingested`` is the record's own time. Left out: what Azure
Event Hubs wraps around records.
"""

from __future__ import annotations

from typing import Any

from detections.events.sources.enriched import agents
from detections.events.sources.pruned import Pruned, addresses, instant, keyword, stream
from detections.events.sources.record import Made, Table
from detections.events.sources.source import Dataset, Source
from detections.values.dates import parse_date

DATASET = Dataset("github.audit")

_TEXTS = (
    "actor_id", "audit_log_stream_id", "audit_log_stream_sink", "audit_log_stream_sink_details", "blocked_user",
    "business", "business_id", "commit_id", "device", "events", "forked_repository", "hashed_token", "hook_id",
    "integration", "login_method", "logout_reason", "message", "name", "new_role", "old_role", "operation_type", "org",
    "org_id", "permission", "programmatic_access_type", "pull_request_id", "pull_request_title", "pull_request_url",
    "reason", "repo", "repo_id", "repositories_added", "repositories_added_names", "repositories_removed",
    "repositories_removed_names", "repository", "repository_selection", "request_category", "secret_type",
    "secret_type_display_name", "secrets_updated", "source_branch", "target_branch", "token_id", "token_scopes",
    "topic", "transport_protocol_name", "user_agent", "user_id", "version", "visibility",
)  # fmt: skip
_PLAIN = (
    "active", "actor_is_bot", "audit_log_stream_enabled", "branch", "changes", "multi_repo", "number",
    "overridden_codes", "public_repo", "publicly_leaked", "reasons", "repository_public", "transport_protocol",
)  # fmt: skip
_BOOLEANS = {"true": True, "false": False}
_OF_PEOPLE = ("team", "org")


def _plain(key: str) -> Made:
    """A field of numbers, booleans or objects; a boolean may be written as a text."""

    def make(record: Pruned) -> Any:
        value = record.at(key)
        return _BOOLEANS.get(value, value) if isinstance(value, str) else value

    return Made(f"github.{key}", (key,), make)


def _team(record: Pruned) -> Any:
    value = record.at("team")
    return record.keyword("github.team", record.at("data.team") if value is None else value)


def _data(record: Pruned) -> Any:
    """What else is known of the action, without what other fields hold."""
    value = record.at("data")
    kept = (
        {key: inner for key, inner in value.items() if key not in ("team", "old_user")}
        if isinstance(value, dict)
        else {}
    )
    return kept or None


def _parts(record: Pruned) -> tuple[str, str]:
    """The category of the action, and what is left of it; ``repo`` and ``create`` of ``repo.create``."""
    action = record.text("action") or ""
    category, dot, rest = action.partition(".")
    letters = category.replace("_", "a")
    return (category, rest) if dot and letters.isascii() and letters.isalpha() and letters.islower() else ("", "")


def _group(record: Pruned) -> Any:
    action = record.text("action") or ""
    if action.startswith("org."):
        return record.field("github.org")
    return record.field("github.team") if action.startswith("team.") else None


def _target_group(record: Pruned) -> Any:
    group = _group(record) if record.field("user.target.name") is not None else None
    return record.keyword("user.target.group.name", record.at("data.old_user")) if group is None else group


def _categories(record: Pruned) -> list[str]:
    return ["configuration", "web", *(["iam"] if _parts(record)[0] in _OF_PEOPLE else [])]


def _types(record: Pruned) -> list[str]:
    category, rest = _parts(record)
    types = ["group", "user"] if category in _OF_PEOPLE else []
    if "create" in rest or "add" in rest:
        types.append("creation")
    if "delete" in rest or "remove" in rest:
        types.append("deletion")
    return types or ["change"]


_NAMED = ("action", "team", "data", "org")

GITHUB = Source(
    name="github",
    dataset=DATASET,
    signals=("_document_id", "created_at", "actor_location"),
    needs=("action",),
    never=("event", "event.action", "eventName", "ecs", "agent", "data_stream"),
    certain=("action",),
    table=Table(
        (
            instant("@timestamp", "@timestamp", "created_at"),
            instant("event.ingested", "@timestamp", "created_at"),
            *stream(DATASET, "github"),
            keyword("event.id", "_document_id"),
            keyword("event.action", "action"),
            Made("event.category", ("action",), _categories),
            Made("event.type", ("action",), _types),
            keyword("user.name", "actor"),
            keyword("user.target.name", "user"),
            Made("user.target.group.name", ("user", *_NAMED), _target_group),
            Made("group.name", _NAMED, _group),
            keyword("client.geo.country_iso_code", "actor_location.country_code"),
            Made("github.category", ("action",), lambda record: _parts(record)[0]),
            *(keyword(f"github.{key}", key) for key in _TEXTS),
            *map(_plain, _PLAIN),
            Made("github.team", ("team", "data"), _team),
            Made("github.data", ("data",), _data),
            addresses("github.actor_ip", "actor_ip"),
            keyword("github.actor_location.country_name", "actor_location.country_name"),
            keyword("user_agent.original", "user_agent"),
            Made("related.user", ("actor", "user"), lambda record: record.related("user.name", "user.target.name")),
            *agents(("user_agent",)),
            Made("related.ip", ("actor_ip",), lambda record: record.related("github.actor_ip")),
        ),
        Pruned,
    ),
    time="@timestamp",
    identity="_document_id",
    written=parse_date,
)
