"""What looks like a secret in a connector's configuration. Kibana shows whoever may read connectors their
configuration: what people put there that belongs among the secrets is to be in no file, plan or output.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_SECRET = re.compile(
    r"authorization|api[-_]?key|token|secret|password|cookie|credential|signature|(?:^|[-_])(?:auth|key|sig)$",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"(?:url|uri|endpoint|type|id)$", re.IGNORECASE)


def without_secrets(config: Any) -> tuple[Any, list[str]]:
    """A configuration without headers and the like that carry secrets, and without users and tokens in URLs; and what
    was left out, as people find it."""
    left_out: list[str] = []
    return _without(config, left_out, "config"), left_out


def _without(value: Any, left_out: list[str], above: str) -> Any:
    if isinstance(value, list):
        return [_without(one, left_out, above) for one in value]
    if isinstance(value, str):
        return _url(value, left_out, above)
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, one in value.items():
        if isinstance(one, str) and one and _is_secret(name):
            left_out.append(f"{above}.{name}")
        else:
            kept[name] = _without(one, left_out, f"{above}.{name}")
    return kept


def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None and not _HARMLESS.search(name)


def _url(text: str, left_out: list[str], above: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if parts.scheme not in ("http", "https"):
        return text
    said = parts.query.split("&")
    query = [one for one in said if not _is_secret(one.partition("=")[0])]
    left_out += [f"{one.partition('=')[0]} in {above}" for one in said if one not in query]
    if "@" in parts.netloc:
        left_out.append(f"the user in {above}")
    elif len(query) == len(said):
        return text
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="&".join(query)))
