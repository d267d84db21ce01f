"""Where a server is and what it may be told to trust us. Secrets live here and are shown nowhere."""

from __future__ import annotations

import base64
import binascii
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from elastic_transport import NodeConfig

from detections.errors import UsageError
from detections.server.mask import key_parts
from detections.values import limits

Product = Literal["elasticsearch", "kibana"]
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.:-]+\Z")
_PATH = re.compile(r"[!-~]*\Z")
MAX_TIMEOUT = limits.REQUEST_TIME.most
"""Seconds that one request may take."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One server. ``url`` has no user and no password in it (:func:`connection` moves them out); ``ca_file`` is the
    PEM file of the authority that signed the server's certificate; ``timeout`` is in seconds, for one request."""

    url: str
    api_key: str | None = field(default=None, repr=False)
    basic: tuple[str, str] | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout: float = 60.0

    @property
    def headers(self) -> dict[str, str]:
        """The authorization header, where there are credentials."""
        if self.api_key:
            return {"authorization": f"ApiKey {self.api_key}"}
        if self.basic:
            joined = ":".join(self.basic).encode()
            return {"authorization": f"Basic {base64.b64encode(joined).decode()}"}
        return {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed (:class:`detections.server.Mask`)."""
        password = self.basic[1] if self.basic else ""
        sent = self.headers.get("authorization", "").partition(" ")[2]
        return tuple(dict.fromkeys(text for text in (*key_parts(self.api_key or ""), password, sent) if text))

    def node(self) -> NodeConfig:
        """The server as elastic_transport knows it, with the authorization among its headers.

        Raises:
            UsageError: the CA file is not there, is none, or the URL needs none.
        """
        parts = urlsplit(self.url)
        if self.ca_file is not None:
            self._check_ca_file(self.ca_file, parts.scheme)
        return NodeConfig(
            scheme=parts.scheme, host=parts.hostname or "", port=parts.port or _PORTS[parts.scheme],
            path_prefix=parts.path.rstrip("/"), headers=self.headers, request_timeout=self.timeout,
            ca_certs=str(self.ca_file) if self.ca_file else None,
        )  # fmt: skip

    def _check_ca_file(self, path: Path, scheme: str) -> None:
        if scheme != "https":
            raise UsageError(f"{path}: a CA file is configured, but {self.url} is not https")
        if not path.is_file():
            raise UsageError(f"{path}: the CA file does not exist")
        try:
            ssl.create_default_context(cafile=str(path))
        except OSError:
            raise UsageError(f"{path}: not a PEM file of certificates") from None


def connection(
    product: Product,
    *,
    url: str | None = None,
    cloud_id: str | None = None,
    api_key: str | None = None,
    username: str | None = None,
    password: str | None = None,
    ca_file: Path | None = None,
    timeout: float = 60.0,
) -> Connection:
    """A connection from what a person or the environment says.

    A user and password in the URL are taken out of it. An ``api_key`` is the encoded form, or ``id:key``; white space
    around it is not part of it.

    Raises:
        UsageError: nothing or too much is given, or a part of it is invalid. No secret is in the message.
    """
    if (url is None) == (cloud_id is None):
        raise UsageError(f"{product}: give either a URL or a cloud ID")
    if not 0 < timeout <= MAX_TIMEOUT:
        raise UsageError(f"{product}: the timeout must be between 0 and {MAX_TIMEOUT:,} seconds")
    parts = _parts(_cloud_url(cloud_id, product) if cloud_id is not None else str(url), product)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    clean = f"{parts.scheme}://{host}{'' if parts.port is None else f':{parts.port}'}{parts.path.rstrip('/')}"
    user, password = username or unquote(parts.username or ""), password or unquote(parts.password or "")
    api_key = (api_key or "").strip()
    if not (api_key.isascii() and api_key.isprintable()):
        raise UsageError(f"{product}: the API key contains invalid characters")
    if api_key and user:
        raise UsageError(f"{product}: both an API key and a user name are given; use one of them")
    if bool(user) != bool(password):
        raise UsageError(f"{product}: a user name needs a password, and a password a user name")
    try:
        f"{user}:{password}".encode()
    except UnicodeEncodeError:
        raise UsageError(f"{product}: the user name or the password is not valid UTF-8") from None
    if ":" in api_key:
        api_key = base64.b64encode(api_key.encode()).decode()
    return Connection(clean, api_key or None, (user, password) if user and password else None, ca_file, timeout)


def _parts(address: str, product: Product) -> SplitResult:
    """The parts of a URL that a request can be sent to.

    Raises:
        UsageError: it is none. It is not in the message: there may be a password in it.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        host, path, _ = parts.hostname or "", parts.path, parts.port
        host.encode("idna")  # as whoever connects does: no label is empty or too long
        valid = parts.scheme in _PORTS and bool(_HOST.match(host)) and bool(_PATH.match(path))
    except ValueError:
        valid = False
    if not valid:
        port = 9200 if product == "elasticsearch" else 5601
        raise UsageError(f"{product}: invalid URL, expected one like https://host:{port}")
    return parts


def _cloud_url(cloud_id: str, product: Product) -> str:
    """Elastic Cloud's ids: ``name:base64(domain[:port]$elasticsearch$kibana)``."""
    try:
        decoded = base64.b64decode(cloud_id.rpartition(":")[2], validate=True).decode()
        domain, elasticsearch, kibana, *_ = [*decoded.split("$"), ""]
    except (binascii.Error, ValueError):
        raise UsageError("invalid cloud ID: copy all of it from the deployment's page") from None
    name, _, own_port = (elasticsearch if product == "elasticsearch" else kibana).partition(":")
    if not domain or not name:
        raise UsageError(f"the cloud ID does not name a {product} endpoint")
    host, _, port = domain.partition(":")
    return f"https://{name}.{host}:{own_port or port or 443}"
