"""Raw CloudTrail records -> ECS documents, as Elastic's ``aws.cloudtrail`` ingest pipeline makes them.

Source of the semantics: the pipeline of the AWS integration and its published expected documents, of version 6 (what
rules that relate to ``^6`` admit), and with the setting ``aws`` of version 8 as it is since 8.9. Beyond the pipeline's
own output a document gets what an Agent and the index add: ``data_stream.*``, ``event.dataset``, ``event.module``, and
``event.ingested`` and ``event.created``, which are the record's own ``eventTime`` here. Left out: the original, the
entity fields that the integration writes only when asked to, and digests, which it indexes and no rule asks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from detections.events.sources.cloudtrail.categories import CATEGORIES
from detections.events.sources.cloudtrail.later import LATER, event_address
from detections.events.sources.cloudtrail.parameters import AWS, IDENTITY, PARAMETERS, RETAIN, Trail
from detections.events.sources.enriched import agents, places
from detections.events.sources.record import Made, Table, constant, steps
from detections.events.sources.source import Dataset
from detections.values.dates import format_date, parse_date
from detections.values.ip import parse_ip
from detections.values.javamap import in_hash_order, to_string

__all__ = ["AWS", "DATASET", "RETAIN", "TABLE"]

DATASET = Dataset("aws.cloudtrail")

_NO_TLS = "tlsVersion"
_LOGIN = "aws.cloudtrail.console_login.additional_eventdata"
_SESSION_NAME = re.compile(r"arn:[a-z0-9-]+:sts:.*/(.*)$")
_SESSION_TYPES = ("AssumedRole", "FederatedUser", "IdentityCenterUser")
_SERVICE_SUFFIX = ".amazonaws.com"
_BASIC = re.compile(r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d+)?(?=Z|[+-])")
_LOOKS_LIKE_IP = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def _keyword(name: str, path: str) -> Made:
    """A field that holds what stands at a path of the record."""
    key, *below = steps(path)
    return Made(name, (key,), lambda trail: trail.keyword(name, trail.at(path)), text=None if below else key)


def _date(name: str, path: str) -> Made:
    return Made(name, (steps(path)[0],), lambda trail: _instant(trail, name, trail.at(path)))


def _session_start(trail: Trail) -> str | None:
    """Of the formats that are read here, one has no separators."""
    value = trail.at("userIdentity.sessionContext.attributes.creationDate")
    if isinstance(value, str):
        value = _BASIC.sub(r"\1-\2-\3T\4:\5:\6\7", value)
    return _instant(trail, f"{IDENTITY}.session_context.creation_date", value)


def _instant(trail: Trail, name: str, value: Any) -> str | None:
    if value is None:
        return None
    # The pipeline's date processor reads ISO 8601 only: digits alone are not read as milliseconds there.
    instant = parse_date(value) if isinstance(value, str) and "-" in value[1:] else None
    if instant is None:
        trail.refuse(name, value)
        return None
    return format_date(instant)


def _action(trail: Trail) -> str | None:
    action = trail.at("eventName")
    return None if action is None else to_string(action)


def _service(trail: Trail) -> str | None:
    provider = trail.field("event.provider")
    if not isinstance(provider, str) or not provider.endswith(_SERVICE_SUFFIX):
        return None
    return provider.removesuffix(_SERVICE_SUFFIX)


def _management(trail: Trail) -> str | None:
    value = trail.at("managementEvent")
    return None if value is None else to_string(value)


def _read_only(trail: Trail) -> Any:
    value = trail.at("readOnly")
    if value is None or isinstance(value, bool) or value in ("true", "false"):
        return value
    trail.refuse("aws.cloudtrail.read_only", value)
    return None


def _outcome(trail: Trail) -> str:
    if trail.at("eventName") == "ConsoleLogin":
        answer = trail.at("responseElements.ConsoleLogin")
        if isinstance(answer, str):
            return answer.lower()
    failed = trail.at("errorCode") is not None or trail.at("errorMessage") is not None
    return "failure" if failed else "success"


_OTHER: tuple[str, tuple[str, ...]] = ("", ("info",))


def _category(trail: Trail) -> list[str] | None:
    category, _ = CATEGORIES.get(trail.field("event.action") or "", _OTHER)
    return [category] if category else None


def _types(trail: Trail) -> list[str] | None:
    _, types = CATEGORIES.get(trail.field("event.action") or "", _OTHER)
    return list(types) or None


def _login(name: str, key: str) -> Made:
    def used(trail: Trail) -> bool | None:
        value = trail.at(f"additionalEventData.{key}") if trail.at("eventName") == "ConsoleLogin" else None
        return None if value is None else value != "No"

    return Made(name, ("eventName", "additionalEventData"), used)


def _login_to(trail: Trail) -> Any:
    if trail.at("eventName") != "ConsoleLogin":
        return None
    return trail.keyword(f"{_LOGIN}.login_to", trail.at("additionalEventData.LoginTo"))


def _session(trail: Trail) -> str | None:
    """The name of the session of a role."""
    arn = trail.field(f"{IDENTITY}.arn") if trail.field(f"{IDENTITY}.type") in _SESSION_TYPES else None
    found = _SESSION_NAME.match(arn) if isinstance(arn, str) else None
    return found[1] if found else None


def _user_id(trail: Trail) -> Any:
    found = None if trail.service else trail.at("userIdentity.principalId")
    if found is None and trail.field(f"{IDENTITY}.type") == "IdentityCenterUser":
        found = trail.at("userIdentity.onBehalfOf.userId")
    return trail.keyword("user.id", found)


def _account(trail: Trail) -> Any:
    account = trail.at("userIdentity.accountId")
    return trail.keyword("cloud.account.id", trail.at("recipientAccountId") if account is None else account)


def _email(trail: Trail) -> str | None:
    session = _session(trail)
    if session and "@" in session:
        return session
    name = trail.user_name()
    return name if isinstance(name, str) and "@" in name[1:] else None


def _related_users(trail: Trail) -> list[str] | None:
    def users() -> Iterator[Any]:
        session = _session(trail)
        yield session
        if session and "@" in session:
            yield session.partition("@")[0]
        for name in ("target.name", "changes.name", "target.id", "id", "name"):
            yield trail.field(f"user.{name}")
        yield trail.field(f"{IDENTITY}.on_behalf_of.user_id")

    return list(dict.fromkeys(to_string(user) for user in users() if user)) or None


def _ip(trail: Trail) -> str | None:
    address = trail.field("source.address")
    if not isinstance(address, str) or not _LOOKS_LIKE_IP.fullmatch(address):
        return None
    if parse_ip(address) is None:
        trail.refuse("source.ip", address)
        return None
    return address


def _related_ips(trail: Trail) -> list[str] | None:
    found = (trail.field("source.ip"), event_address(trail))
    return list(dict.fromkeys(address for address in found if address is not None)) or None


def _tls(trail: Trail) -> tuple[str | None, str | None]:
    """Protocol and version."""
    version = trail.at("tlsDetails.tlsVersion")
    if not isinstance(version, str) or version == _NO_TLS:
        return None, None
    protocol, mark, number = version.partition("v")
    return (protocol.lower(), number) if mark else (None, version)


def _tls_keyword(name: str, path: str) -> Made:
    """A field of the details of TLS; of those that are only a header there is none."""

    def make(trail: Trail) -> Any:
        return None if trail.at("tlsDetails.tlsVersion") == _NO_TLS else trail.keyword(name, trail.at(path))

    return Made(name, ("tlsDetails",), make)


def _shared(trail: Trail) -> Any:
    """The pipeline of version 6 looks for a spelling that AWS does not write, so the field stays empty there."""
    found = trail.at("sharedEventID") if trail.is_later else None
    return trail.keyword("aws.cloudtrail.shared_event_id", trail.at("sharedEventId") if found is None else found)


_RESOURCE_KEYS = {"ARN": "arn", "accountId": "account_id"}
_UNIQUE = ("arn", "account_id", "type")


def _resources(trail: Trail) -> Any:
    """Each resource once, in the order of the Java map that finds the duplicates."""
    value = trail.at("resources")
    if isinstance(value, list):
        unique = {}
        for item in value:
            if isinstance(item, dict):
                resource = {_RESOURCE_KEYS.get(key, key): inner for key, inner in item.items()}
                unique["_".join(to_string(resource.get(key, "")) for key in _UNIQUE)] = resource
        return [unique[key] for key in in_hash_order(unique)] or None
    if value is None or isinstance(value, dict):
        return value
    trail.refuse("aws.cloudtrail.resources", value)
    return None


_NAMED = ("eventName", "userIdentity", "additionalEventData")
"""What the name of the user may come from."""

TABLE = Table(
    (
        _date("@timestamp", "eventTime"),
        constant("ecs.version", "8.11.0"),
        constant("event.kind", "event"),
        constant("event.module", "aws"),
        constant("event.dataset", DATASET.name),
        Made("event.created", ("eventTime",), lambda trail: trail.field("@timestamp")),
        Made("event.ingested", ("eventTime",), lambda trail: trail.field("@timestamp")),
        _keyword("event.id", "eventID"),
        _keyword("event.provider", "eventSource"),
        Made("event.action", ("eventName",), _action, text="eventName"),
        Made("event.outcome", ("eventName", "responseElements", "errorCode", "errorMessage"), _outcome),
        Made("event.category", ("eventName",), _category),
        Made("event.type", ("eventName",), _types),
        constant("data_stream.type", DATASET.type),
        constant("data_stream.dataset", DATASET.name),
        constant("data_stream.namespace", DATASET.namespace),
        constant("cloud.provider", "aws"),
        _keyword("cloud.region", "awsRegion"),
        Made("cloud.service.name", ("eventSource",), _service),
        Made("cloud.account.id", ("userIdentity", "recipientAccountId"), _account),
        _keyword("aws.cloudtrail.event_version", "eventVersion"),
        _keyword("aws.cloudtrail.event_category", "eventCategory"),
        _keyword("aws.cloudtrail.event_type", "eventType"),
        _keyword("aws.cloudtrail.api_version", "apiVersion"),
        _keyword("aws.cloudtrail.error_code", "errorCode"),
        _keyword("aws.cloudtrail.error_message", "errorMessage"),
        _keyword("aws.cloudtrail.request_id", "requestID"),
        _keyword("aws.cloudtrail.recipient_account_id", "recipientAccountId"),
        Made("aws.cloudtrail.shared_event_id", ("sharedEventID", "sharedEventId"), _shared),
        _keyword("aws.cloudtrail.vpc_endpoint_id", "vpcEndpointId"),
        _keyword("aws.cloudtrail.session_credential_from_console", "sessionCredentialFromConsole"),
        Made("aws.cloudtrail.management_event", ("managementEvent",), _management),
        Made("aws.cloudtrail.read_only", ("readOnly",), _read_only),
        _keyword(f"{IDENTITY}.type", "userIdentity.type"),
        _keyword(f"{IDENTITY}.arn", "userIdentity.arn"),
        _keyword(f"{IDENTITY}.access_key_id", "userIdentity.accessKeyId"),
        _keyword(f"{IDENTITY}.invoked_by", "userIdentity.invokedBy"),
        Made(f"{IDENTITY}.session_context.creation_date", ("userIdentity",), _session_start),
        _keyword(
            f"{IDENTITY}.session_context.mfa_authenticated", "userIdentity.sessionContext.attributes.mfaAuthenticated"
        ),
        *(
            _keyword(
                f"{IDENTITY}.session_context.session_issuer.{name}",
                f"userIdentity.sessionContext.sessionIssuer.{raw}",
            )
            for name, raw in (
                ("type", "type"),
                ("principal_id", "principalId"),
                ("arn", "arn"),
                ("account_id", "accountId"),
            )
        ),
        _login(f"{_LOGIN}.mobile_version", "MobileVersion"),
        _login(f"{_LOGIN}.mfa_used", "MFAUsed"),
        Made(f"{_LOGIN}.login_to", ("eventName", "additionalEventData"), _login_to),
        *PARAMETERS,
        Made("aws.cloudtrail.resources", ("resources",), _resources),
        Made("user.name", _NAMED, lambda trail: trail.keyword("user.name", trail.user_name())),
        Made("user.id", ("userIdentity",), _user_id),
        Made("user.email", _NAMED, _email),
        _keyword("user.target.name", "requestParameters.userName"),
        _keyword("user.target.id", "responseElements.user.userId"),
        _keyword("user.changes.name", "requestParameters.newUserName"),
        _keyword("group.name", "requestParameters.groupName"),
        _keyword("group.id", "responseElements.group.groupId"),
        _keyword("source.address", "sourceIPAddress"),
        Made("source.ip", ("sourceIPAddress",), _ip),
        _keyword("user_agent.original", "userAgent"),
        _tls_keyword("tls.cipher", "tlsDetails.cipherSuite"),
        _tls_keyword("tls.client.server_name", "tlsDetails.clientProvidedHostHeader"),
        Made("tls.version_protocol", ("tlsDetails",), lambda trail: _tls(trail)[0]),
        Made("tls.version", ("tlsDetails",), lambda trail: _tls(trail)[1]),
        Made("related.user", (*_NAMED, "requestParameters", "responseElements"), _related_users),
        Made("related.ip", ("sourceIPAddress", "serviceEventDetails"), _related_ips),
        *LATER,
        *agents(("userAgent",)),
        *places(("sourceIPAddress",)),
    ),
    Trail,
    Trail.DROPPED,
)
"""The fields of the document."""
