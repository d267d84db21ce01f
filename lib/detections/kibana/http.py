"""One request to Kibana: its headers, its spaces, and the many shapes of its errors. Kibana 8.19 and 9.x."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from detections.errors import ServerError, UsageError
from detections.server import Backoff, Connection, Form, Query, Response, Undecoded
from detections.server import Http as Client

API_VERSION = "2023-10-31"
"""The only public version of the detection routes."""
RULES = "/api/detection_engine/rules"
LONG = 600.0
"""Seconds for what takes Kibana long: imports, exports, bulk actions, previews."""

_SPACE = re.compile(r"[a-z0-9_-]+\Z")
_HINT = "is the URL right, with its base path?"


class Http:
    """Sends requests to one space of a Kibana. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, space: str = "default", backoff: Backoff | None = None) -> None:
        """Raises UsageError for an invalid space ID, and for a CA file that is not there."""
        if not _SPACE.match(space):
            raise UsageError(f"invalid space ID {space!r}: expected lower-case letters, digits, - and _")
        self._prefix = "" if space == "default" else f"/s/{space}"
        self._client = Client(connection, said, backoff)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def backoff(self) -> Backoff:
        return self._client.backoff

    def send(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None,
        raw: tuple[str, bytes] | None = None, repeatable: bool | None = None, accept: tuple[int, ...] = (),
        timeout: float = 0.0, internal: bool = False, form: Form = "json",
    ) -> Response:  # fmt: skip
        """Send a request, again and again where that is safe, and give the answer.

        ``body`` goes as JSON, ``raw`` is a content type with bytes. ``accept`` are statuses other than 2xx that the
        caller reads himself; a 404 only where Kibana knows the route. ``internal``: the route is none of the public
        ones, which Kibana 9 wants to be told. For the others see :meth:`detections.server.Http.send`.

        Raises:
            ServerUnavailable, NotAllowed, ServerError: what was answered is neither 2xx nor accepted.
        """
        headers, content = _headers(method, internal), None
        if raw is not None:
            headers["content-type"], content = raw
        elif body is not None:
            headers["content-type"], content = "application/json", msgspec.json.encode(body)
        response = self._client.send(
            method, self._prefix + path, query=query, content=content, headers=headers, repeatable=repeatable,
            timeout=timeout, form=form, name=path,
        )  # fmt: skip
        if response.ok or (response.status in accept and (response.status != 404 or is_missing(response))):
            return response
        raise self.error(response)

    def error(self, response: Response) -> ServerError:
        """The error an answer stands for."""
        lost = response.status == 404 and not is_missing(response)
        return self._client.error(response, _HINT if lost else "")


def is_missing(response: Response) -> bool:
    """Whether a 404 says that Kibana knows the route and has no such thing; another comes from a wrong URL."""
    body = response.value
    return isinstance(body, Mapping) and isinstance(body.get("message"), str) and body["message"] != "Not Found"


def said(response: Response) -> str:
    """The message in an answer: ``{statusCode, error, message}``, ``{status_code, message}``, or no JSON at all."""
    body = response.value
    if isinstance(body, Undecoded) or not isinstance(body, Mapping) or 300 <= response.status < 400:
        return response.other_than_json()
    message = body.get("message") or body.get("error")
    if isinstance(message, list):
        message = "; ".join(text for text in message if isinstance(text, str))
    return message if message and isinstance(message, str) else "no reason is given"


def _headers(method: str, internal: bool) -> dict[str, str]:
    headers = {"accept": "application/json", "elastic-api-version": API_VERSION}
    if method not in ("GET", "HEAD"):
        headers["kbn-xsrf"] = "detections"
    if internal:
        headers["x-elastic-internal-origin"] = "detections"
    return headers
