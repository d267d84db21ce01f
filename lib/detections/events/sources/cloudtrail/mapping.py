"""Raw CloudTrail records -> ECS documents, as Elastic's ``aws.cloudtrail`` ingest pipeline makes them.

Source of the semantics: the pipeline of the AWS integration 6.x (2026), and its published expected documents. Beyond
the pipeline's own output a document gets what an Agent and the index add: ``data_stream.*``, ``event.dataset``,
``event.module``, and ``event.ingested`` and ``event.created``, which are the record's own ``eventTime`` here. Left
out: enrichment from databases (``source.geo``, ``source.as``, the parts of ``user_agent``), ``event.original``, and
the entity fields that the integration writes only when asked to.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from detections.events.batch import Document
from detections.events.sources.cloudtrail.categories import CATEGORIES
from detections.events.sources.source import Dataset, Refuse, Setting, Settings
from detections.events.walk import MAX_NESTING, deeper_than
from detections.values.dates import format_date, parse_date
from detections.values.ip import parse_ip
from detections.values.javamap import hash_map, in_hash_order, to_string, utf16_length

DATASET = Dataset("aws.cloudtrail")

RETAIN = Setting(
    "retain",
    ("all", "flattened", "keyword", "minimal"),
    "The CloudTrail integration's setting: which copies of the parameters it keeps.",
)

_FLATTENED_DEPTH = 20
_FLATTENED_BELOW = 32_766
_PRUNED = frozenset(("", "-", "none"))

_KEYWORDS = (
    ("eventVersion", "aws.cloudtrail.event_version"),
    ("eventCategory", "aws.cloudtrail.event_category"),
    ("eventType", "aws.cloudtrail.event_type"),
    ("apiVersion", "aws.cloudtrail.api_version"),
    ("errorCode", "aws.cloudtrail.error_code"),
    ("errorMessage", "aws.cloudtrail.error_message"),
    ("requestID", "aws.cloudtrail.request_id"),
    ("recipientAccountId", "aws.cloudtrail.recipient_account_id"),
    # The pipeline looks for this spelling; AWS writes sharedEventID, so the field stays empty there too.
    ("sharedEventId", "aws.cloudtrail.shared_event_id"),
    ("vpcEndpointId", "aws.cloudtrail.vpc_endpoint_id"),
    ("sessionCredentialFromConsole", "aws.cloudtrail.session_credential_from_console"),
    ("userIdentity.type", "aws.cloudtrail.user_identity.type"),
    ("userIdentity.arn", "aws.cloudtrail.user_identity.arn"),
    ("userIdentity.accessKeyId", "aws.cloudtrail.user_identity.access_key_id"),
    ("userIdentity.invokedBy", "aws.cloudtrail.user_identity.invoked_by"),
    (
        "userIdentity.sessionContext.attributes.mfaAuthenticated",
        "aws.cloudtrail.user_identity.session_context.mfa_authenticated",
    ),
    *(
        (
            f"userIdentity.sessionContext.sessionIssuer.{raw}",
            f"aws.cloudtrail.user_identity.session_context.session_issuer.{ecs}",
        )
        for raw, ecs in (
            ("type", "type"),
            ("principalId", "principal_id"),
            ("arn", "arn"),
            ("accountId", "account_id"),
        )
    ),
    ("eventID", "event.id"),
    ("eventSource", "event.provider"),
    ("awsRegion", "cloud.region"),
    ("sourceIPAddress", "source.address"),
    ("userAgent", "user_agent.original"),
    ("tlsDetails.cipherSuite", "tls.cipher"),
    ("tlsDetails.clientProvidedHostHeader", "tls.client.server_name"),
    ("requestParameters.userName", "user.target.name"),
    ("requestParameters.newUserName", "user.changes.name"),
    ("requestParameters.groupName", "group.name"),
    ("responseElements.group.groupId", "group.id"),
    ("responseElements.user.userId", "user.target.id"),
)

_PARAMETERS = (
    ("requestParameters", "request_parameters"),
    ("responseElements", "response_elements"),
    ("additionalEventData", "additional_eventdata"),
    ("serviceEventDetails", "service_event_details"),
)

# What the setting "flattened" deletes; the pipeline forgets the fourth string.
_STRINGS = frozenset(("request_parameters", "response_elements", "additional_eventdata"))

_MINIMAL = (
    ("additional_eventdata", "SSEApplied"),
    ("request_parameters", "cidrIp"),
    ("request_parameters", "dryRun"),
    ("request_parameters", "fromPort"),
    ("request_parameters", "includeDeprecated"),
    ("request_parameters", "policyArn"),
    ("request_parameters", "serialNumber"),
    ("request_parameters", "withDecryption"),
    ("request_parameters", "x-amz-server-side-encryption-customer-algorithm"),
)

_SESSION_NAME = re.compile(r"arn:(?:aws|aws-us-gov):sts:.*/(.*)$")
_LOOKS_LIKE_IP = re.compile(r"[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_ROLE_TYPES = ("AssumedRole", "FederatedUser")


def to_ecs(record: Document, settings: Settings, refuse: Refuse) -> Document:
    """The document of a record, as :meth:`~detections.events.sources.source.Source.to_ecs` says."""
    target = _Target(refuse)
    raw = _prune(record, target)
    target.instants(raw)
    for source, field in _KEYWORDS:
        value = _at(raw, source)
        if value is not None:
            target.keyword(field, value)
    _event(raw, target)
    _identity(raw, target)
    _network(raw, target)
    _parameters(raw, target, settings.get(RETAIN.name, RETAIN.default))
    _resources(raw, target)
    return target.document


class _Target:
    """The document in the making."""

    def __init__(self, refuse: Refuse) -> None:
        self.refuse = refuse
        self.document: Document = {
            "ecs": {"version": "8.11.0"},
            "event": {"kind": "event", "module": "aws", "dataset": DATASET.name},
            "data_stream": {"type": DATASET.type, "dataset": DATASET.name, "namespace": DATASET.namespace},
            "cloud": {"provider": "aws"},
        }

    def put(self, field: str, value: object) -> None:
        if value is None or value == "":
            return
        steps = _steps(field)
        inner = self.document
        for parent in steps[:-1]:
            inner = inner.setdefault(parent, {})
        inner[steps[-1]] = value

    def get(self, field: str) -> Any:
        return _at(self.document, field)

    def keyword(self, field: str, value: Any) -> None:
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value)):
            self.refuse(field, value)
        else:
            self.put(field, value)

    def date(self, field: str, value: object) -> str | None:
        if value is None:
            return None
        # The pipeline's date processor reads ISO 8601 only: digits alone are no milliseconds there.
        instant = parse_date(value) if isinstance(value, str) and "-" in value[1:] else None
        if instant is None:
            self.refuse(field, value)
            return None
        shown = format_date(instant)
        self.put(field, shown)
        return shown

    def instants(self, raw: Document) -> None:
        shown = self.date("@timestamp", raw.get("eventTime"))
        self.put("event.created", shown)
        self.put("event.ingested", shown)
        self.date(
            "aws.cloudtrail.user_identity.session_context.creation_date",
            _at(raw, "userIdentity.sessionContext.attributes.creationDate"),
        )


def _prune(record: Document, target: _Target) -> Document:
    """The record without what the pipeline drops first, its objects in Java's order."""
    raw = {}
    for key, value in record.items():
        if isinstance(value, (dict, list)) and deeper_than(value, MAX_NESTING):
            target.refuse(key, value)
            continue
        kept = hash_map(value, _PRUNED)
        if kept is not None:
            raw[key] = kept
    return raw


def _at(value: object, path: str) -> object:
    for key in _steps(path):
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


@functools.cache
def _steps(path: str) -> tuple[str, ...]:
    """The parts of a dotted path; called with the few paths of this module only."""
    return tuple(path.split("."))


def _event(raw: Document, target: _Target) -> None:
    action = raw.get("eventName")
    if action is not None:
        target.put("event.action", to_string(action))
    provider = target.get("event.provider")
    if isinstance(provider, str):
        target.put("cloud.service.name", provider.removesuffix(".amazonaws.com"))
    if "managementEvent" in raw:
        target.put("aws.cloudtrail.management_event", to_string(raw["managementEvent"]))
    read_only = raw.get("readOnly")
    if isinstance(read_only, bool) or read_only in ("true", "false"):
        target.put("aws.cloudtrail.read_only", read_only)
    elif read_only is not None:
        target.refuse("aws.cloudtrail.read_only", read_only)
    failed = "errorCode" in raw or "errorMessage" in raw
    target.put("event.outcome", "failure" if failed else "success")
    category, kinds = CATEGORIES.get(target.get("event.action") or "", ("", ("info",)))
    target.put("event.category", [category] if category else None)
    target.put("event.type", list(kinds) or None)
    if action == "ConsoleLogin":
        _console_login(raw, target)


def _console_login(raw: Document, target: _Target) -> None:
    answer = _at(raw, "responseElements.ConsoleLogin")
    if isinstance(answer, str):
        target.put("event.outcome", answer.lower())
    prefix = "aws.cloudtrail.console_login.additional_eventdata"
    for key, name in (("MobileVersion", "mobile_version"), ("MFAUsed", "mfa_used")):
        used = _at(raw, f"additionalEventData.{key}")
        if used is not None:
            target.put(f"{prefix}.{name}", used != "No")
    target.keyword(f"{prefix}.login_to", _at(raw, "additionalEventData.LoginTo"))


def _identity(raw: Document, target: _Target) -> None:
    kind = target.get("aws.cloudtrail.user_identity.type")
    name = _at(raw, "userIdentity.userName")
    session = None
    if kind in _ROLE_TYPES:
        name = _at(raw, "userIdentity.sessionContext.sessionIssuer.userName") or name
        arn = target.get("aws.cloudtrail.user_identity.arn")
        found = _SESSION_NAME.search(arn) if isinstance(arn, str) else None
        session = found[1] if found else None
    if name is None and target.get("event.action") == "UserAuthentication":
        extra = raw.get("additionalEventData")
        name = extra.pop("UserName", None) if isinstance(extra, dict) else None
    user_id = _at(raw, "userIdentity.principalId")
    if user_id is None and kind == "IdentityCenterUser":
        user_id = _at(raw, "userIdentity.onBehalfOf.userId")
    target.keyword("user.name", name)
    target.keyword("user.id", user_id)
    account = _at(raw, "userIdentity.accountId")
    target.keyword("cloud.account.id", raw.get("recipientAccountId") if account is None else account)
    related = [session]
    if session and "@" in session:
        target.put("user.email", session)
        related.append(session.partition("@")[0])
    elif isinstance(name, str) and "@" in name[1:]:
        target.put("user.email", name)
    related += [target.get(f"user.{key}") for key in ("target.name", "changes.name", "target.id", "id", "name")]
    target.put("related.user", list(dict.fromkeys(to_string(user) for user in related if user)) or None)


def _network(raw: Document, target: _Target) -> None:
    address = target.get("source.address")
    if isinstance(address, str) and _LOOKS_LIKE_IP.fullmatch(address):
        if parse_ip(address) is None:
            target.refuse("source.ip", address)
        else:
            target.put("source.ip", address)
            target.put("related.ip", [address])
    version = _at(raw, "tlsDetails.tlsVersion")
    if isinstance(version, str):
        protocol, mark, number = version.partition("v")
        target.put("tls.version_protocol", protocol.lower() if mark else None)
        target.put("tls.version", number if mark else version)


def _parameters(raw: Document, target: _Target, retain: str) -> None:
    flattened: Document = {}
    for source, name in _PARAMETERS:
        value = raw.get(source)
        if value is None:
            continue
        text = to_string(value)
        if retain != "flattened" or name not in _STRINGS:
            target.put(f"aws.cloudtrail.{name}", text)
        if retain != "keyword" and utf16_length(text) < _FLATTENED_BELOW:
            _flatten(name, value, flattened, target)
    if retain == "minimal":
        flattened = _minimal(flattened)
    elif retain != "keyword" and "insightDetails" in raw:
        _flatten("insight_details", raw["insightDetails"], flattened, target)
    target.put("aws.cloudtrail.flattened", flattened or None)


def _flatten(name: str, value: object, flattened: Document, target: _Target) -> None:
    """A flattened field takes objects, and no more than 20 of them inside each other."""
    objects = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in objects) or deeper_than(value, _FLATTENED_DEPTH, lists=False):
        target.refuse(f"aws.cloudtrail.flattened.{name}", value)
    elif value:
        flattened[name] = value


def _minimal(flattened: Document) -> Document:
    kept: Document = {}
    for name, leaf in _MINIMAL:
        value = _at(flattened, name)
        if isinstance(value, dict) and leaf in value:
            kept.setdefault(name, {})[leaf] = value[leaf]
    return kept


def _resources(raw: Document, target: _Target) -> None:
    """Each resource once, in the order of the Java map that finds the duplicates."""
    value = raw.get("resources")
    if isinstance(value, list):
        unique = {}
        for item in value:
            if isinstance(item, dict):
                resource = {_RESOURCE_KEYS.get(key, key): inner for key, inner in item.items()}
                unique["_".join(to_string(resource.get(key, "")) for key in _UNIQUE)] = resource
        target.put("aws.cloudtrail.resources", [unique[key] for key in in_hash_order(unique)] or None)
    elif isinstance(value, dict):
        target.put("aws.cloudtrail.resources", value)
    elif value is not None:
        target.refuse("aws.cloudtrail.resources", value)


_RESOURCE_KEYS = {"ARN": "arn", "accountId": "account_id"}
_UNIQUE = ("arn", "account_id", "type")
