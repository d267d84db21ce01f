"""The parameters of a call, which the integration keeps twice: as the text that Java prints, and flattened."""

from __future__ import annotations

from typing import Any

from detections.events.sources.record import Made, Record
from detections.events.sources.source import Setting
from detections.events.walk import deeper_than
from detections.values.javamap import hash_map, to_string, utf16_length

IDENTITY = "aws.cloudtrail.user_identity"

_ROLE_TYPES = ("AssumedRole", "FederatedUser")

RETAIN = Setting(
    "retain",
    ("all", "flattened", "keyword", "minimal", "none"),
    "The CloudTrail integration's setting: which copies of the parameters it keeps.",
)

AWS = Setting(
    "aws",
    ("6", "8"),
    "The version of the AWS integration that takes CloudTrail in: since 8.9 AWS's services are not users.",
)

_FLATTENED = "aws.cloudtrail.flattened"
_SERVICE_ROLE = ":role/aws-service-role/"
_FLATTENED_DEPTH = 20
_FLATTENED_BELOW = 32_766
# What Java prints is less than four times as long as the JSON text, though it writes 1e6 as 1000000.0.
_SURELY_BELOW = _FLATTENED_BELOW // 4

_NAMES = {
    "request_parameters": "requestParameters",
    "response_elements": "responseElements",
    "additional_eventdata": "additionalEventData",
    "service_event_details": "serviceEventDetails",
}

_WITHOUT_TEXTS = ("flattened", "none")
_WITHOUT_FLATTENED = ("keyword", "none")

_MINIMAL = {
    "additional_eventdata": ("SSEApplied",),
    "request_parameters": (
        "cidrIp", "dryRun", "fromPort", "includeDeprecated", "policyArn", "serialNumber", "withDecryption",
        "x-amz-server-side-encryption-customer-algorithm",
    ),
}  # fmt: skip


class Trail(Record):
    """A CloudTrail record, without what the pipeline drops first, its objects in Java's order."""

    DROPPED = frozenset(("", "-", "none"))

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._parameters: dict[str, Any] = {}

    def kept(self, value: Any) -> Any:
        if isinstance(value, str):
            return None if value in self.DROPPED else value
        return hash_map(value, self.DROPPED) if isinstance(value, (dict, list)) else value

    def keyword(self, name: str, value: Any) -> Any:
        """The value, which is refused where it has objects in it."""
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value)):
            self.refuse(name, value)
            return None
        return value

    @property
    def retain(self) -> str:
        return self.settings.get(RETAIN.name, RETAIN.default)

    @property
    def is_later(self) -> bool:
        """Whether the integration is one of version 8 (its last pipeline, of 8.9 or later)."""
        return self.settings.get(AWS.name, AWS.default) != AWS.default

    @property
    def service(self) -> str | None:
        """The service of AWS that acts, by itself or in a role that is made for it: it is not a user."""
        if not self.is_later:
            return None
        kind, invoked = self.field(f"{IDENTITY}.type"), self.at("userIdentity.invokedBy")
        if kind == "AWSService":
            return invoked if isinstance(invoked, str) else None
        issuer = self.at("userIdentity.sessionContext.sessionIssuer.arn") if kind == "AssumedRole" else None
        if not isinstance(issuer, str) or _SERVICE_ROLE not in issuer:
            return None
        service, slash, _ = issuer.partition(_SERVICE_ROLE)[2].partition("/")
        return invoked if isinstance(invoked, str) else service if slash else None

    @property
    def of_role(self) -> bool:
        """Whether a role was used."""
        return self.field(f"{IDENTITY}.type") in _ROLE_TYPES

    def user_name(self) -> Any:
        """The name of the user, or of the role."""
        name = self._own_name()
        if name is None and self._authenticates:
            return self.at("additionalEventData.UserName")
        return name

    def parameters(self, key: str) -> Any:
        """What is left of the parameters under a key; the name of a user who authenticates is taken out of them."""
        if key not in self._parameters:
            value = self.at(key)
            moved = key == "additionalEventData" and self._authenticates and self._own_name() is None
            if moved and isinstance(value, dict):
                value.pop("UserName", None)
            self._parameters[key] = value
        return self._parameters[key]

    @property
    def _authenticates(self) -> bool:
        return bool(self.field("event.action") == "UserAuthentication")

    def _own_name(self) -> Any:
        if self.service:
            return None
        name = self.at("userIdentity.userName")
        return (self.of_role and self.at("userIdentity.sessionContext.sessionIssuer.userName")) or name


def _text(name: str) -> Made:
    key = _NAMES[name]

    def text(trail: Trail) -> str | None:
        value = trail.parameters(key)
        return None if value is None or trail.retain in _WITHOUT_TEXTS else to_string(value)

    return Made(f"aws.cloudtrail.{name}", _keys(key), text)


def _flattened(name: str) -> Made:
    """The parameters, flattened, where the text is short enough."""
    key = _NAMES[name]
    field = f"{_FLATTENED}.{name}"

    def flattened(trail: Trail) -> Any:
        value = None if trail.retain in _WITHOUT_FLATTENED else trail.parameters(key)
        if value is None or not _is_short(trail, key, value) or not _takes(trail, field, value):
            return None
        if trail.retain == "minimal":
            leaves = _MINIMAL.get(name, ()) if isinstance(value, dict) else ()
            return {leaf: value[leaf] for leaf in leaves if leaf in value} or None
        return value or None

    return Made(field, _keys(key), flattened)


def _insight(trail: Trail) -> Any:
    value = trail.at("insightDetails")
    return value if value is not None and _takes(trail, f"{_FLATTENED}.insight_details", value) else None


def _takes(trail: Trail, field: str, value: Any) -> bool:
    """Whether a flattened field takes a value: objects, and no more than 20 of them inside each other."""
    objects = value if isinstance(value, list) else [value]
    if all(isinstance(item, dict) for item in objects) and not deeper_than(value, _FLATTENED_DEPTH, lists=False):
        return True
    trail.refuse(field, value)
    return False


def _is_short(trail: Trail, key: str, value: Any) -> bool:
    size = trail.size(key)
    return (size is not None and size < _SURELY_BELOW) or utf16_length(to_string(value)) < _FLATTENED_BELOW


def _keys(key: str) -> tuple[str, ...]:
    return ("eventName", "userIdentity", key) if key == "additionalEventData" else (key,)


PARAMETERS = (
    *map(_text, _NAMES),
    *map(_flattened, _NAMES),
    Made(f"{_FLATTENED}.insight_details", ("insightDetails",), _insight),
)
"""The fields."""
