"""Records of log sources, and rules of kinds that the repo has not, with exceptions, to run over events."""

from __future__ import annotations

from typing import Any

RECORDS: tuple[dict[str, Any], ...] = (
    {
        "action": "team.add_member",
        "created_at": 1_770_000_000_123,
        "@timestamp": 1_770_000_000_456,
        "_document_id": "d1",
        "actor": "mira",
        "actor_id": 7,
        "actor_ip": "1.2.3.4",
        "actor_location": {"country_code": "DE"},
        "org": "acme",
        "org_id": 1,
        "data": {"team": "acme/admins"},
        "public_repo": "false",
        "repo": "acme/site",
        "user": "jo",
        "permission": "",
    },
    {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "RequestResponse",
        "auditID": "a1",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/pods",
        "verb": "create",
        "user": {"username": "admin", "groups": ["system:masters"], "extra": {}},
        "sourceIPs": ["1.2.3.4", "10.0.0.1"],
        "objectRef": {"resource": "pods", "name": "p"},
        "responseStatus": {"code": 201},
        "requestObject": {
            "spec": {"containers": [{"image": "x:1", "securityContext": {"privileged": True}}], "hostPID": True}
        },
        "requestReceivedTimestamp": "2026-02-14T09:30:22.594123Z",
        "annotations": {"authorization.k8s.io/decision": "allow"},
    },
    {
        "uuid": "2f0c7d5e",
        "published": "2026-02-14T09:30:22.594Z",
        "eventType": "user.session.start",
        "version": "0",
        "severity": "INFO",
        "displayMessage": "User login",
        "actor": {"id": "1", "type": "User", "alternateId": "m@example.com"},
        "client": {
            "userAgent": {"rawUserAgent": "x", "os": "Linux"},
            "ipAddress": "1.2.3.4",
            "zone": "null",
            "geographicalContext": {"city": "Berlin", "geolocation": {"lat": 52.5, "lon": 13.4}},
        },
        "outcome": {"result": "SUCCESS", "reason": None},
        "target": [{"id": "g", "type": "UserGroup", "detailEntry": {"a": 1}}],
        "debugContext": {
            "debugData": {
                "requestUri": "/api",
                "behaviors": "{New Device=POSITIVE, New IP=NEGATIVE}",
                "risk": "{reasons=Anomalous Device, level=HIGH}",
            }
        },
        "device": {"device_integrator": '{"a": {"b": 1}}'},
        "authenticationContext": {"authenticationStep": 0, "externalSessionId": "s"},
        "securityContext": {"asNumber": 64496},
        "request": {"ipChain": [{"ip": "1.2.3.4", "version": "V4"}]},
    },
)
"""Raw records of GitHub, Kubernetes and Okta."""
THREAT = """type = "threat_match"
language = "kuery"
query = "*"
threat_index = ["logs-*"]
threat_query = "name: *"
threat_language = "kuery"
[[rule.threat_mapping]]
[[rule.threat_mapping.entries]]
field = "name"
type = "mapping"
value = "user.name"
[[rule.threat_mapping.entries]]
field = "ip"
type = "mapping"
value = "ip"
"""
THRESHOLD = """type = "threshold"
language = "kuery"
query = "*"
[rule.threshold]
field = ["name", "ip"]
value = 1
[[rule.threshold.cardinality]]
field = "port"
value = 1
"""
EXCEPTED = """type = "query"
language = "kuery"
query = "*"
[[rule.exceptions_list]]
id = "x"
list_id = "l"
type = "detection"
namespace_type = "single"
"""
EXCEPTIONS_OF_IT: tuple[dict[str, Any], ...] = tuple(
    {
        "item_id": str(number),
        "list_id": "l",
        "name": "I",
        "description": "",
        "type": "simple",
        "namespace_type": "single",
        "entries": entries,
    }
    for number, entries in enumerate(
        (
            [
                {"field": "name", "type": "match", "operator": "included", "value": "Alice"},
                {"field": "ip", "type": "match_any", "operator": "excluded", "value": ["1.2.3.4", "::1"]},
            ],
            [{"field": "path", "type": "wildcard", "operator": "included", "value": "*a?"}],
            [
                {"field": "port", "type": "exists", "operator": "excluded"},
                {"field": "ip", "type": "list", "operator": "included", "list": {"id": "v", "type": "ip_range"}},
            ],
            [
                {
                    "field": "items",
                    "type": "nested",
                    "entries": [{"field": "name", "type": "match", "operator": "included", "value": "a"}],
                }
            ],
        )
    )
)
