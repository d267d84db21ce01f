"""One request to Elasticsearch and what it answered: versions, patience, errors in words.

Elasticsearch 8.19 and 9.x. A server answers 400 to a client that asks to be compatible with a later major version than
its own, so the version is found out first, with plain JSON, which all of them know.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import msgspec
from elastic_transport import HttpHeaders, Urllib3HttpNode

from detections.errors import NotAllowed, ServerError, ServerUnavailable
from detections.server import RETRIED, Answer, Backoff, Connection, patiently

OLDEST, NEWEST = 8, 9
"""The major versions spoken. A later server is asked to behave as the newest of them."""

_LONGEST = 1000

Parameters = Mapping[str, str | int | bool]


class _Node(Urllib3HttpNode):
    """A server, without the transport's log of bodies and headers."""

    def _log_request(self, *args: object, **kwargs: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, whatever the status. ``body`` is None where it is no JSON; ``whole`` is false where there was
    something that is none, or that was cut off."""

    status: int
    headers: HttpHeaders
    body: Any
    whole: bool = True

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Server:
    """An Elasticsearch server. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, backoff: Backoff | None = None) -> None:
        """Raises UsageError for a CA file that is not there."""
        self.url = connection.url
        self._node = _Node(connection.node())
        self._secrets = connection.secrets
        self._timeout = connection.timeout
        self._backoff = backoff or Backoff()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._node.close()

    @property
    def backoff(self) -> Backoff:
        return self._backoff

    @functools.cached_property
    def version(self) -> str:
        """The server's version, ``9.2.0``.

        Raises:
            ServerError: what answers is no Elasticsearch, or one that is too old.
        """
        root = self._send("GET", "/", "application/json", None, {}, True, self._timeout)
        found, first = _version(root.body), f"GET {self.url}/"
        if root.status == 405:  # a node without the module that answers for the root
            nodes = self._accepted("GET /_nodes", self._send(
                "GET", "/_nodes", "application/json", None, {"filter_path": "nodes.*.version"}, True, self._timeout
            ), "")  # fmt: skip
            found = next((node["version"] for node in (nodes.body or {}).get("nodes", {}).values()), None)
        elif not root.ok:
            self._raise(first, root, "")
        if found is None or root.headers.get("x-elastic-product", "Elasticsearch") != "Elasticsearch":
            raise ServerError("what answers there is no Elasticsearch", request=first, status=root.status)
        if not int(found.partition(".")[0]) >= OLDEST:
            raise ServerError(
                f"Elasticsearch {found} is too old: {OLDEST} is the oldest that is spoken to", request=first
            )
        return found

    def ask(
        self, method: str, path: str, body: Any = None, *, rule: str = "", repeatable: bool = True,
        parameters: Parameters | None = None, accept: tuple[int, ...] = (),
    ) -> Response:  # fmt: skip
        """Send a request, again and again where that is safe, and give the answer.

        ``body`` goes as JSON, bytes as NDJSON. ``rule`` is the name of the rule that is asked for, for messages.
        ``repeatable``: sending it twice does what sending it once does. ``accept`` are statuses other than 2xx that the
        caller reads himself.

        Raises:
            ServerUnavailable, NotAllowed, ServerError: what was answered is neither 2xx nor accepted, or is only a part
                of an answer.
        """
        major = min(int(self.version.partition(".")[0]), NEWEST)
        kind = "x-ndjson" if isinstance(body, bytes) else "json"
        # What a later major version would do otherwise, it does as the newest that is known here.
        media = f"application/vnd.elasticsearch+{kind}; compatible-with={major}"
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        try:
            response = self._send(method, path, media, content, parameters or {}, repeatable, self._timeout)
        except ServerError as error:
            raise _named(error, rule) from None
        if response.status in accept:
            return response
        return self._accepted(f"{method} {path}", response, rule)

    def _send(
        self, method: str, path: str, media: str, content: bytes | None, parameters: Parameters, repeatable: bool,
        timeout: float,
    ) -> Response:  # fmt: skip
        headers = HttpHeaders({"accept": media.replace("x-ndjson", "json")})
        if content is not None:
            headers["content-type"] = media
        texts = {name: str(one).lower() if isinstance(one, bool) else str(one) for name, one in parameters.items()}
        target = quote(path, safe="/,*-") + (f"?{urlencode(texts)}" if texts else "")

        def attempt() -> Response:
            meta, data = self._node.perform_request(method, target, content, headers, timeout)
            body, whole = _decoded(data)
            return Response(meta.status, meta.headers, body, whole)

        return patiently(attempt, _judge, self._backoff, repeatable=repeatable, what=f"{method} {self.url}{path}")

    def _accepted(self, request: str, response: Response, rule: str) -> Response:
        if not response.ok:
            self._raise(request, response, rule)
        body = response.body
        if not response.whole:
            raise _named(ServerUnavailable("the answer was cut off", request=request, sent=True), rule)
        if not isinstance(body, dict):
            return response
        if partial := _partial(body):
            who, failures = partial
            problem = f"{who} gave no answer: {_reason({'failed_shards': failures})}"
            kind = ServerUnavailable if any(_passing(one) for one in failures) else ServerError
            raise _named(kind(problem, request=request, status=response.status), rule)
        if body.get("timed_out"):
            raise _named(ServerUnavailable("the server gave up in the middle", request=request, sent=True), rule)
        return response

    def _raise(self, request: str, response: Response, rule: str) -> NoReturn:
        message, status = self._clean(said(response)), response.status
        if status == 401:
            error: ServerError = NotAllowed(
                f"the credentials are missing or wrong ({message})", request=request, status=401
            )
        elif status == 403:
            error = NotAllowed(f"a privilege is missing: {message}", request=request, status=403)
        elif status in RETRIED:
            error = ServerUnavailable(message, request=request, status=status, sent=status != 429)
        else:
            error = ServerError(message, request=request, status=status)
        raise _named(error, rule)

    def _clean(self, text: str) -> str:
        """The text without a secret that a server or proxy may have repeated."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def said(response: Response) -> str:
    """Why a server refused, in its own words."""
    body = response.body
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return error[:_LONGEST]
    if isinstance(error, dict):
        return _reason(error)[:_LONGEST]
    return "the answer is no JSON: does something else than Elasticsearch answer there?"


_HINTS = {
    "no_shard_available_action_exception": "the index is red: no copy of its data can be reached",
    "index_not_found_exception": "there is no such index",
}


_PASSING = {
    "no_shard_available_action_exception", "unavailable_shards_exception", "node_disconnected_exception",
    "node_not_connected_exception", "es_rejected_execution_exception", "circuit_breaking_exception",
}  # fmt: skip
"""What says nothing of the request: it may be answered another time."""


def _partial(body: Mapping[str, Any]) -> tuple[str, list[object]] | None:
    """Who gave no answer, and what they said instead. What others found is beside it, with status 200."""
    shards = body.get("_shards")
    if isinstance(shards, dict) and shards.get("failed"):
        return f"{shards['failed']} of {shards.get('total')} shards", shards.get("failures", [])
    if failures := body.get("shard_failures"):  # EQL
        return f"{len(failures)} of the shards", failures
    if body.get("is_partial"):  # ES|QL
        clusters = body.get("_clusters", {}).get("details", {}).values()
        return "some of the shards", [failure for one in clusters for failure in one.get("failures", [])]
    return None


def _passing(failure: object) -> bool:
    reason = failure.get("reason") if isinstance(failure, dict) else None
    return isinstance(reason, dict) and reason.get("type") in _PASSING


def _reason(error: Mapping[str, Any]) -> str:
    """The innermost reasons of an error: what the shards say is more than what is said about them."""
    found: dict[str, None] = {}
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            continue
        inner = [one.get("caused_by"), *(one.get("root_cause") or [])]
        inner += [shard.get("reason") for shard in one.get("failed_shards") or [] if isinstance(shard, dict)]
        inner = [each for each in inner if isinstance(each, dict) and each is not one]
        waiting += inner
        if not inner and (one.get("reason") or one.get("type")):
            hint = _HINTS.get(str(one.get("type")))
            found[f"{one.get('reason') or one['type']}{f' ({hint})' if hint else ''}"] = None
    return "; ".join(found) or "no reason is given"


def _named(error: ServerError, rule: str) -> ServerError:
    """The error with the rule that was asked for in its message."""
    if not rule:
        return error
    message = f"rule '{rule}': {error.message}"
    if isinstance(error, ServerUnavailable):
        return ServerUnavailable(message, request=error.request, status=error.status, sent=error.sent)
    return type(error)(message, request=error.request, status=error.status)


def _judge(response: Response) -> Answer | None:
    if response.status in RETRIED:
        return Answer(response.status, response.headers.get("retry-after"))
    return None if response.whole or not response.ok else Answer(502)


def _decoded(data: bytes) -> tuple[object, bool]:
    try:
        return (msgspec.json.decode(data) if data else None), True
    except (msgspec.MsgspecError, RecursionError):
        return None, False


def _version(body: object) -> str | None:
    version = body.get("version") if isinstance(body, dict) else None
    number = version.get("number") if isinstance(version, dict) else None
    return number if isinstance(number, str) and number.partition(".")[0].isdigit() else None
