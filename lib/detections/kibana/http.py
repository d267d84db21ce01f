"""One request to Kibana and what it answered: headers, spaces, patience, and the many shapes of an error.

Kibana 8.19 and 9.x. A body that ends too early counts as a dropped connection, whatever the status says.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from elastic_transport import HttpHeaders, Urllib3HttpNode

from detections.errors import NotAllowed, ServerError, ServerUnavailable, UsageError
from detections.server import RETRIED, Answer, Backoff, Connection, patiently

API_VERSION = "2023-10-31"
"""The only public version of the detection routes."""
RULES = "/api/detection_engine/rules"
LONG = 600.0
"""Seconds for what takes Kibana long: imports, exports, bulk actions, previews."""

_SPACE = re.compile(r"[a-z0-9_-]+\Z")
_TITLE = re.compile(rb"<title[^>]*>(.{1,200}?)</title>", re.IGNORECASE | re.DOTALL)
_LONGEST = 1000
_REDIRECTS = range(300, 400)
_NDJSON = "application/ndjson"
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})

Query = Mapping[str, str | int | bool | None]


class _Node(Urllib3HttpNode):
    """A server, without the transport's log of bodies and headers: secrets of connectors are among them."""

    def _log_request(self, *args: Any, **kwargs: Any) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, whatever the status. ``request`` is method and path, for messages; ``tries`` is how often it
    was sent; ``clean`` makes its text fit for a person (:meth:`Http.clean`)."""

    request: str
    status: int
    headers: HttpHeaders = field(repr=False)
    body: bytes = field(repr=False)
    tries: int = 1
    clean: Callable[[str], str] = field(default=str, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def missing(self) -> bool:
        """Whether Kibana knows the route and has no such thing; another 404 is from a wrong URL or base path."""
        return self.status == 404 and said(self) not in ("Not Found", _other_than_json(self))

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ServerUnavailable: it was cut off.
            ServerError: it is a page of HTML or something else.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, RecursionError):
            if _mime(self) == "application/json":
                raise self.cut_off() from None
            raise self.foreign() from None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            ServerError: as :meth:`json`, or it is none.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise self.strange()
        return body

    def array(self) -> list[dict[str, Any]]:
        """The body as a JSON array of objects.

        Raises:
            ServerError: as :meth:`json`, or it is none.
        """
        return self._objects(self.json())

    def lines(self) -> list[dict[str, Any]]:
        """The body as ndjson, an object a line.

        Raises:
            ServerUnavailable: it was cut off.
            ServerError: it is something else.
        """
        try:
            return self._objects([msgspec.json.decode(line) for line in self.body.splitlines() if line.strip()])
        except (msgspec.MsgspecError, RecursionError):
            raise (self.cut_off() if _mime(self) == _NDJSON else self.foreign()) from None

    def values(self) -> list[str]:
        """The body as values, one a line, which Kibana calls ndjson, too.

        Raises:
            ServerError: it is something else.
        """
        if _mime(self) != _NDJSON:
            raise self.foreign()
        try:
            return [line for line in self.body.decode().split("\n") if line]
        except UnicodeDecodeError:
            raise self.strange() from None

    def _objects(self, found: Any) -> list[dict[str, Any]]:
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.strange()
        return found

    def cut_off(self) -> ServerUnavailable:
        """The error of an answer that ends too early."""
        return ServerUnavailable("the answer was cut off", request=self.request, status=self.status, sent=True)

    def foreign(self) -> ServerError:
        """The error of an answer that comes from something else than Kibana, a proxy's page for one."""
        said = f"{self.clean(_other_than_json(self))}; is the URL Kibana's, with its base path?"
        return ServerError(said, request=self.request, status=self.status)

    def strange(self) -> ServerError:
        """The error of an answer that is JSON, but not what Kibana answers."""
        return ServerError("this is not what a Kibana answers", request=self.request, status=self.status)


class Http:
    """Sends requests to one space of a Kibana. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, space: str = "default", backoff: Backoff | None = None) -> None:
        """Raises UsageError for a space's id that can be none, and for a CA file that is not there."""
        if not _SPACE.match(space):
            raise UsageError(f"{space!r} is no id of a space: lower-case letters, digits, - and _")
        self.space = space
        self._prefix = "" if space == "default" else f"/s/{space}"
        self.backoff = backoff or Backoff()
        self._connection = connection
        self._node = _Node(connection.node())

    def close(self) -> None:
        """Close the connections."""
        self._node.close()

    def send(
        self, method: str, path: str, *, query: Query | None = None, body: Any = None,
        raw: tuple[str, bytes] | None = None, repeatable: bool | None = None, accept: tuple[int, ...] = (),
        timeout: float | None = None, internal: bool = False, values: bool = False,
    ) -> Response:  # fmt: skip
        """Send a request, again and again where that is safe, and give the answer.

        ``body`` goes as JSON, ``raw`` is a content type with bytes. ``repeatable`` says that sending it twice does what
        sending it once does; None: GET, PUT and DELETE are, POST is not. ``accept`` are statuses other than 2xx that
        the caller reads himself. ``timeout`` in seconds for this request, where the connection's is too short.
        ``internal``: the route is none of the public ones, which Kibana 9 wants to be told. ``values``: what it calls
        ndjson are values (:meth:`Response.values`).

        Raises:
            ServerUnavailable, NotAllowed, ServerError: what was answered is neither 2xx nor accepted.
        """
        request = f"{method} {path}"
        headers, content = _headers(method), None
        if internal:
            headers["x-elastic-internal-origin"] = "detections"
        if raw is not None:
            headers["content-type"], content = raw
        elif body is not None:
            headers["content-type"], content = "application/json", msgspec.json.encode(body)
        again = method in _SAFE if repeatable is None else repeatable
        target = self._prefix + quote(path, safe="/") + _query(query or {})

        limit = max(self._connection.timeout, timeout or 0.0)
        tries = itertools.count(1)

        def attempt() -> Response:
            number = next(tries)
            meta, data = self._node.perform_request(method, target, content, HttpHeaders(headers), limit)
            return Response(request, meta.status, meta.headers, data, number, self.clean)

        judge = _refused if values else _judge
        response = patiently(
            attempt, judge, self.backoff, repeatable=again, what=f"{method} {self._connection.url}{path}"
        )
        if response.ok or (response.status in accept and (response.status != 404 or response.missing)):
            return response
        raise self.error(response)

    def details(self, response: Response, key: str) -> dict[str, Any]:
        """The body of an error that holds ``key``, for the caller to read; one that does not is raised."""
        try:
            body = msgspec.json.decode(response.body)
        except (msgspec.MsgspecError, RecursionError):
            raise self.error(response) from None
        if not isinstance(body, dict) or key not in body:
            raise self.error(response)
        return body

    def error(self, response: Response) -> ServerError:
        """The error an answer stands for; of its text, what a person can use."""
        message = self.clean(said(response))
        request, status = response.request, response.status
        if status == 401:
            return NotAllowed(f"the credentials are missing or wrong ({message})", request=request, status=status)
        if status == 403:
            return NotAllowed(f"a privilege is missing: {message}", request=request, status=status)
        if status == 404 and not response.missing:
            message = f"{message}; is the URL Kibana's, with its base path?"
        if status in (502, 503, 504):
            return ServerUnavailable(message, request=request, status=status, sent=True)
        return ServerError(message, request=request, status=status)

    def clean(self, text: str) -> str:
        """A server's text for a person: no secret, no control characters, not too long."""
        for secret in self._connection.secrets:
            text = text.replace(secret, "***")
        text = "".join(c if c.isprintable() else " " for c in text).strip()
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def said(response: Response) -> str:
    """The message in an answer: ``{statusCode, error, message}``, ``{status_code, message}``, or no JSON at all."""
    if response.status in _REDIRECTS:
        return _other_than_json(response)
    try:
        body = msgspec.json.decode(response.body)
    except (msgspec.MsgspecError, RecursionError):
        return _other_than_json(response)
    if not isinstance(body, dict):
        return str(body)
    message = body.get("message") or body.get("error") or "no reason is given"
    return "; ".join(str(one) for one in message) if isinstance(message, list) else str(message)


def _headers(method: str) -> dict[str, str]:
    headers = {"accept": "application/json", "elastic-api-version": API_VERSION}
    if method not in ("GET", "HEAD"):
        headers["kbn-xsrf"] = "detections"
    return headers


def _refused(response: Response) -> Answer | None:
    """Why a request may be tried again, by the status of its answer."""
    if response.status in RETRIED:
        return Answer(response.status, response.headers.get("retry-after"), response.headers.get("date"))
    return None


def _judge(response: Response) -> Answer | None:
    """Why a request may be tried again, by the status of its answer or by JSON that ends too early."""
    if response.ok and response.body and not _whole(response):
        return Answer(502)
    return _refused(response)


def _whole(response: Response) -> bool:
    """Whether JSON, or the last line of ndjson, ends where it should."""
    body = response.body
    if _mime(response) == _NDJSON:
        body = body.rstrip().rpartition(b"\n")[2]
    elif _mime(response) != "application/json":
        return True
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _mime(response: Response) -> str:
    return (response.headers.get("content-type") or "").partition(";")[0].strip()


def _other_than_json(response: Response) -> str:
    if response.status in _REDIRECTS:
        return f"it redirects to {response.headers.get('location') or 'nowhere'}"
    if not response.body:
        return "there is no text in the answer"
    if title := _TITLE.search(response.body):
        return f"a page of HTML, '{html.unescape(title[1].decode(errors='replace')).strip()}'"
    if response.body.lstrip()[:1] == b"<":
        return "a page of HTML"
    return response.body[:200].decode(errors="replace")


def _query(query: Query) -> str:
    said = {
        key: str(value).lower() if isinstance(value, bool) else value
        for key, value in query.items()
        if value is not None
    }
    return f"?{urlencode(said)}" if said else ""
