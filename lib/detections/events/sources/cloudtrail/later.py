"""Fields that the AWS integration has since its version 8: no document of version 6 has any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from detections.events.sources.cloudtrail.parameters import IDENTITY, Trail
from detections.events.sources.record import Made, steps
from detections.values.ip import parse_ip

_CONTEXT = f"{IDENTITY}.session_context"
_AWS = ".amazonaws.com"
_INSTANCE_KEYS = ("instanceId", "target", "resourceId")
_SHORTEST_INSTANCE = 10

_KEYWORDS = (
    (f"{IDENTITY}.credential_id", "userIdentity.credentialId"),
    (f"{IDENTITY}.identity_provider", "userIdentity.identityProvider"),
    (f"{IDENTITY}.invoked_by_delegate.account_id", "userIdentity.invokedByDelegate.accountId"),
    (f"{IDENTITY}.on_behalf_of.user_id", "userIdentity.onBehalfOf.userId"),
    (f"{IDENTITY}.on_behalf_of.identity_store_arn", "userIdentity.onBehalfOf.identityStoreArn"),
    (f"{IDENTITY}.in_scope_of.issuer_type", "userIdentity.inScopeOf.issuerType"),
    (f"{IDENTITY}.in_scope_of.credentials_issued_to", "userIdentity.inScopeOf.credentialsIssuedTo"),
    (f"{IDENTITY}.in_scope_of.source_arn", "userIdentity.inScopeOf.sourceArn"),
    (f"{IDENTITY}.in_scope_of.source_account", "userIdentity.inScopeOf.sourceAccount"),
    (f"{_CONTEXT}.ec2_role_delivery", "userIdentity.sessionContext.ec2RoleDelivery"),
    (f"{_CONTEXT}.source_identity", "userIdentity.sessionContext.sourceIdentity"),
    (f"{_CONTEXT}.assumed_root", "userIdentity.sessionContext.assumedRoot"),
    (f"{_CONTEXT}.sign_in_session_arn", "userIdentity.sessionContext.signInSessionArn"),
    (
        f"{_CONTEXT}.web_id_federation_data.federated_provider",
        "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    ),
    ("aws.cloudtrail.vpc_endpoint_account_id", "vpcEndpointAccountId"),
    ("aws.cloudtrail.addendum.reason", "addendum.reason"),
    ("aws.cloudtrail.addendum.updated_fields", "addendum.updatedFields"),
    ("aws.cloudtrail.addendum.original_request_id", "addendum.originalRequestID"),
    ("aws.cloudtrail.addendum.original_event_id", "addendum.originalEventID"),
    ("aws.cloudtrail.tls_details.key_exchange", "tlsDetails.keyExchange"),
)


def _since_8(name: str, keys: tuple[str, ...], make: Callable[[Trail], Any]) -> Made:
    return Made(name, keys, lambda trail: make(trail) if trail.is_later else None)


def _keyword(name: str, path: str) -> Made:
    return _since_8(name, (steps(path)[0],), lambda trail: trail.keyword(name, trail.at(path)))


def _attributes(trail: Trail) -> Any:
    return trail.at("userIdentity.sessionContext.webIdFederationData.attributes")


def _hosts(trail: Trail) -> list[str] | None:
    return list(dict.fromkeys(_found_hosts(trail))) or None


def _found_hosts(trail: Trail) -> Iterator[str]:
    server, address = trail.field("tls.client.server_name"), trail.field("source.address")
    if isinstance(server, str) and not server.endswith(_AWS):
        yield server
    if trail.field("source.ip") is None and isinstance(address, str) and _is_host(address):
        yield address
    computer = trail.at("requestParameters.computerName")
    if isinstance(computer, str):
        yield computer
    for found in _instances(trail):
        if isinstance(found, str) and found.startswith("i-") and len(found) >= _SHORTEST_INSTANCE:
            yield found


def _is_host(address: str) -> bool:
    return "." in address and " " not in address and not address.endswith(_AWS)


def _instances(trail: Trail) -> Iterator[Any]:
    """What may be the ids of instances."""
    for arn in _arns(trail):
        if ":instance/" in arn:
            yield arn.rpartition("/")[2]
    for key in ("requestParameters", "responseElements"):
        found = trail.at(key)
        if isinstance(found, dict):
            yield from (found.get(name) for name in _INSTANCE_KEYS)
            listed = found.get("instanceIds")
            yield from listed if isinstance(listed, list) else ()
            items = found["instancesSet"].get("items") if isinstance(found.get("instancesSet"), dict) else None
            yield from (one.get("instanceId") for one in items or () if isinstance(one, dict))


def _arns(trail: Trail) -> Iterator[str]:
    resources = trail.field("aws.cloudtrail.resources")
    for one in resources if isinstance(resources, list) else ():
        if isinstance(one.get("arn"), str):
            yield one["arn"]


def event_address(trail: Trail) -> str | None:
    """The address in the details of a service event."""
    address = trail.at("serviceEventDetails.sourceIpAddress") if trail.is_later else None
    return address if isinstance(address, str) and parse_ip(address) is not None else None


LATER = (
    *(_keyword(name, path) for name, path in _KEYWORDS),
    _since_8(f"{_CONTEXT}.web_id_federation_data.attributes", ("userIdentity",), _attributes),
    _since_8("service.name", ("userIdentity",), lambda trail: trail.service),
    _since_8(
        "related.hosts",
        ("tlsDetails", "sourceIPAddress", "requestParameters", "responseElements", "resources"),
        _hosts,
    ),
)
"""The fields."""
