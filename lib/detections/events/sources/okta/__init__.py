"""Okta's system log, as Elastic's Okta integration takes it in.

Source of the semantics: the integration's ingest pipeline. ``event.ingested`` is the event's own time.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from detections.events.sources.enriched import agents, places
from detections.events.sources.okta.categories import CATEGORIES, TYPES
from detections.events.sources.okta.debug import DEBUG_FIELDS
from detections.events.sources.pruned import Pruned, addresses, copied, instant, keyword, pruned, renamed, stream
from detections.events.sources.record import Made, Table
from detections.events.sources.source import Dataset, Source

DATASET = Dataset("okta.system")

_USER = re.compile(r"[a-zA-Z0-9._-]+")
_OUTCOMES = {"success": "success", "allow": "success", "failure": "failure", "deny": "failure"}
_DETAILS = ("methodTypeUsed", "methodUsedVerifiedProperties")
_TARGET_NAMES = {"alternateId": "alternate_id", "displayName": "display_name"}
_CONTEXT_NAMES = {"geographicalContext": "geographical_context", "postalCode": "postal_code"}


def _user(record: Pruned) -> str | None:
    """What stands before the @ of the actor's name, as a rule."""
    found = _USER.search(record.text("actor.alternateId") or "")
    return found[0] if found else None


def _outcome(record: Pruned) -> str:
    return _OUTCOMES.get((record.text("outcome.result") or "").lower(), "unknown")


def _provider(record: Pruned) -> Any:
    context = "authenticationContext"
    value = record.at(f"{context}.authenticationProvider")
    return record.at(f"{context}.interface") if value is None else value


def _device(record: Pruned) -> Any:
    """The device; its integrator is JSON in a text."""
    value = record.at("device")
    if not isinstance(value, dict) or not isinstance(value.get("device_integrator"), str):
        return value
    try:
        return pruned({**value, "device_integrator": msgspec.json.decode(value["device_integrator"])})
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return value


def _targets(record: Pruned) -> Any:
    value = record.at("target")
    return [_target(one) for one in value if isinstance(one, dict)] or None if isinstance(value, list) else None


def _target(target: dict[str, Any]) -> dict[str, Any]:
    made = {_TARGET_NAMES.get(key, key): value for key, value in target.items()}
    details = made.pop("detailEntry", None)
    if isinstance(details, dict):
        kept = {key: value for key, value in details.items() if key in _DETAILS}
        if kept:
            made["detailEntry"] = kept
    return made


def _of_target(name: str, kind: str, key: str) -> Made:
    """A field of the first target of a kind."""

    def make(record: Pruned) -> Any:
        for target in record.field("okta.target") or ():
            if str(target.get("type", "")).lower() == kind:
                return record.keyword(name, target.get(key))
        return None

    return Made(name, ("target",), make)


def _location(record: Pruned) -> Any:
    return record.at("client.geographicalContext.geolocation")


def _chain(record: Pruned) -> Any:
    value = record.at("request.ipChain")
    return [_context(one) for one in value] if isinstance(value, list) else value


def _context(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {_CONTEXT_NAMES.get(key, key): _context(inner) for key, inner in value.items()}


_ACTOR = (("alternate_id", "alternateId"), ("display_name", "displayName"), ("id", "id"), ("type", "type"))
_AUTHENTICATION = (
    ("authentication_step", "authenticationStep"), ("credential_provider", "credentialProvider"),
    ("credential_type", "credentialType"), ("external_session_id", "externalSessionId"),
)  # fmt: skip
_SECURITY = (
    ("as.number", "asNumber"), ("as.organization.name", "asOrg"), ("domain", "domain"), ("is_proxy", "isProxy"),
    ("isp", "isp"),
)  # fmt: skip
_GEO = (("city_name", "city"), ("region_name", "state"), ("country_name", "country"))

OKTA = Source(
    name="okta",
    dataset=DATASET,
    signals=("displayMessage", "legacyEventType", "authenticationContext", "debugContext", "securityContext"),
    needs=("eventType",),
    never=("event", "event.action", "eventName"),
    certain=("eventType",),
    table=Table(
        (
            instant("@timestamp", "published"),
            instant("event.ingested", "published"),
            *stream(DATASET, "okta"),
            keyword("event.id", "uuid"),
            keyword("event.action", "eventType"),
            Made("event.category", ("eventType",), lambda record: CATEGORIES.get(record.text("eventType") or "")),
            Made("event.type", ("eventType",), lambda record: TYPES.get(record.text("eventType") or "")),
            Made("event.outcome", ("outcome",), _outcome),
            keyword("okta.uuid", "uuid"),
            keyword("okta.event_type", "eventType"),
            keyword("okta.display_message", "displayMessage"),
            keyword("okta.severity", "severity"),
            keyword("okta.version", "version"),
            *renamed("okta.actor", "actor", _ACTOR),
            *renamed("okta.client", "client", (("device", "device"), ("id", "id"), ("zone", "zone"))),
            addresses("okta.client.ip", "client.ipAddress"),
            *renamed(
                "okta.client.user_agent", "client.userAgent",
                (("browser", "browser"), ("os", "os"), ("raw_user_agent", "rawUserAgent")),
            ),
            Made("okta.device", ("device",), _device),
            *renamed("okta.outcome", "outcome", (("reason", "reason"), ("result", "result"))),
            Made("okta.target", ("target",), _targets),
            *renamed(
                "okta.transaction", "transaction",
                (("id", "id"), ("type", "type"), ("detail.request_api_token_id", "detail.requestApiTokenId")),
            ),
            *DEBUG_FIELDS,
            Made("okta.authentication_context.authentication_provider", ("authenticationContext",), _provider),
            *renamed("okta.authentication_context", "authenticationContext", _AUTHENTICATION),
            Made(
                "okta.authentication_context.issuer", ("authenticationContext",),
                lambda record: record.at("authenticationContext.issuer"),
            ),
            *renamed("okta.security_context", "securityContext", _SECURITY),
            Made("okta.request.ip_chain", ("request",), _chain),
            Made("user.name", ("actor",), _user),
            copied("source.user.name", "user.name", ("actor",)),
            copied("client.user.name", "user.name", ("actor",)),
            *(keyword(f"{of}.user.id", "actor.id") for of in ("client", "source")),
            *(keyword(f"{of}.full_name", "actor.displayName") for of in ("client.user", "source.user", "user")),
            Made("client.geo.location", ("client",), _location),
            *renamed("client.geo", "client.geographicalContext", _GEO),
            keyword("client.as.organization.name", "securityContext.asOrg"),
            keyword("client.domain", "securityContext.domain"),
            keyword("source.domain", "securityContext.domain"),
            *(copied(f"{of}.ip", "okta.client.ip", ("client",)) for of in ("client", "source")),
            keyword("user_agent.original", "client.userAgent.rawUserAgent"),
            _of_target("user.target.full_name", "user", "display_name"),
            _of_target("user.target.id", "user", "id"),
            _of_target("user.target.email", "user", "login"),
            _of_target("user.target.group.name", "usergroup", "display_name"),
            _of_target("user.target.group.id", "usergroup", "id"),
            Made(
                "related.user", ("actor", "target"),
                lambda record: record.related("okta.actor.display_name", "user.target.full_name", "user.name"),
            ),
            Made("related.ip", ("client",), lambda record: record.related("source.ip")),
            *agents(("client",)),
            *places(("client",)),
        ),
        Pruned,
    ),
    time="published",
    identity="uuid",
)  # fmt: skip
