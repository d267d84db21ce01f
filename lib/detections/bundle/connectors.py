"""What of a connector's configuration may stand in a file, a plan or a message.

Kibana keeps the ``secrets`` of a connector to itself, and shows its ``config`` to whoever may read connectors. People
put into that what belongs among the secrets: headers, tokens in URLs. So only the keys that are known to be harmless
are kept, for each connector type (those of Kibana 8.19 and 9.x); in the place of everything else stands its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from detections.values import limits

_OAUTH = ("clientId", "isOAuth", "jwtKeyId", "userIdentifierValue")
_HTTP = ("authType", "certType", "hasAuth", "method", "verificationMode")
_HARMLESS: Mapping[str, tuple[str, ...]] = {
    ".bedrock": ("apiUrl", "region", "defaultModel"),
    ".cases-webhook": (
        *_HTTP, "createCommentMethod", "createIncidentMethod", "createIncidentResponseKey",
        "getIncidentResponseExternalTitleKey", "updateIncidentMethod",
    ),
    ".crowdstrike": ("url",),
    ".email": ("clientId", "from", "hasAuth", "host", "oauthTokenUrl", "port", "secure", "service", "tenantId"),
    ".gemini": ("apiUrl", "defaultModel", "gcpRegion", "gcpProjectID"),
    ".gen-ai": ("apiProvider", "apiUrl", "defaultModel"),
    ".index": ("executionTimeField", "index", "refresh"),
    ".inference": ("inferenceId", "provider", "taskType"),
    ".jira": ("apiUrl", "projectKey"),
    ".jira-service-management": ("apiUrl",),
    ".microsoft_defender_endpoint": ("apiUrl", "clientId", "oAuthScope", "oAuthServerUrl", "tenantId"),
    ".opsgenie": ("apiUrl",),
    ".pagerduty": ("apiUrl",),
    ".resilient": ("apiUrl", "orgId"),
    ".sentinelone": ("url",),
    ".servicenow": ("apiUrl", *_OAUTH, "usesTableApi"),
    ".servicenow-itom": ("apiUrl", *_OAUTH),
    ".servicenow-sir": ("apiUrl", *_OAUTH, "usesTableApi"),
    ".slack_api": ("allowedChannels",),
    ".swimlane": ("apiUrl", "appId", "connectorType", "mappings"),
    ".thehive": ("organisation", "url"),
    ".tines": ("url",),
    ".webhook": _HTTP,
    ".xmatters": ("usesBasic",),
}  # fmt: skip
"""Not here are the URLs of webhooks: whoever knows one may post to it."""
_URL = re.compile("url$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"<not pulled: [^<>]*>")
_SCALARS = (str, int, float, bool)


def harmless(kind: str, config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What may be shown of the configuration of a connector of a type, and the names of what was taken out of it."""
    known = _HARMLESS.get(kind, ())
    kept: dict[str, Any] = {}
    left_out = []
    for name, value in config.items():
        if value is None or value == {} or value == []:
            continue
        shown = _shown(name, value, limits.CONNECTOR_DEPTH.most) if name in known else None
        if shown is not None:
            kept[name] = shown
        if shown is None or shown != value:
            left_out.append(name)
    return kept, left_out


def placeholder(name: str) -> str:
    """What stands in a file for a value that was not pulled."""
    return f"<not pulled: {name}>"


def is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def _shown(name: str, value: Any, deeper: int) -> Any:
    """A value as it may be shown, None if it may not: of a URL what leads to the server, and of other texts those only
    that no URL is in. ``deeper`` is how many levels it may have."""
    if isinstance(value, dict) and deeper:
        parts = {key: _shown(key, part, deeper - 1) for key, part in value.items()}
        return None if None in parts.values() else parts
    if isinstance(value, list) and deeper:
        items = [_shown(name, item, deeper - 1) for item in value]
        return None if None in items else items
    if not isinstance(value, _SCALARS):
        return None
    if not isinstance(value, str):
        return value
    if _URL.search(name):
        return _address(value)
    return None if "://" in value else value


def _address(url: str) -> str | None:
    """A URL without its user, query and fragment."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
