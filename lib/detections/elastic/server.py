"""One request to Elasticsearch and what it answered: versions, patience, errors in words.

Elasticsearch 8.19 and 9.x. A server answers 400 to a client that asks to be compatible with a later major version than
its own, so the version is found out first, with plain JSON, which all of them know.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from detections.elastic.answers import Completeness, Nodes, Root
from detections.errors import ServerError, ServerUnavailable
from detections.server import Backoff, Connection, Http, Query, Response, Undecoded

OLDEST, NEWEST = 8, 9
"""The major versions spoken. A later server is asked to behave as the newest of them."""

T = TypeVar("T")
_MAJOR = re.compile(r"[0-9]{1,4}(?:\.|$)")
_PLAIN = {"accept": "application/json"}


class Server:
    """An Elasticsearch server. ``close`` it, or use it in a ``with``."""

    def __init__(self, connection: Connection, backoff: Backoff | None = None) -> None:
        """Raises UsageError for a CA file that is not there."""
        self.url = connection.url
        self._http = Http(connection, said, backoff)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def backoff(self) -> Backoff:
        return self._http.backoff

    @functools.cached_property
    def version(self) -> str:
        """The server's version, ``9.2.0``.

        Raises:
            ServerError: what answers is not Elasticsearch, or one that is too old.
        """
        root = self._http.send("GET", "/", headers=_PLAIN, name=f"{self.url}/")
        version = _version(root)
        if root.status == 405:  # a node without the module that answers for the root
            parameters = {"filter_path": "nodes.*.version"}
            response = self._http.send("GET", "/_nodes", headers=_PLAIN, query=parameters)
            nodes = self._accepted(response).read(Nodes, "a list of nodes").nodes.values()
            version = next((node.version for node in nodes), None)
        elif not root.ok:
            raise self._http.error(root)
        if version is None or not _MAJOR.match(version) or not _is_elasticsearch(root):
            raise ServerError("this is not an Elasticsearch server", request=root.request, status=root.status)
        if int(version.partition(".")[0]) < OLDEST:
            raise ServerError(
                f"Elasticsearch {version} is not supported: the oldest supported version is {OLDEST}",
                request=root.request,
            )
        return version

    def ask(
        self, method: str, path: str, body: object = None, *, rule: str = "", repeatable: bool = True,
        parameters: Query | None = None, accept: tuple[int, ...] = (),
    ) -> Response:  # fmt: skip
        """Send a request, again and again where that is safe, and give the answer.

        ``body`` goes as JSON, bytes as NDJSON. ``rule`` is the name of the rule that is asked for, for messages.
        ``repeatable``: sending it twice does what sending it once does. ``accept`` are statuses other than 2xx that the
        caller reads himself.

        Raises:
            ServerUnavailable, NotAllowed, ServerError: what was answered is neither 2xx nor accepted, not JSON, or is
                only a part of an answer.
        """
        try:
            response = self._send(method, path, body, repeatable, parameters)
            return response if response.status in accept else self._accepted(response)
        except ServerError as error:
            raise _named(error, rule) from None

    def read(
        self, kind: type[T], what: str, method: str, path: str, body: object = None, *, rule: str = "",
        parameters: Query | None = None,
    ) -> T:  # fmt: skip
        """Send a request as :meth:`ask` does, and give the answer as a value of a type (``what``, for messages).

        Raises:
            ServerError: as :meth:`ask`, or the answer is something else.
        """
        response = self.ask(method, path, body, rule=rule, parameters=parameters)
        try:
            return response.read(kind, what)
        except ServerError as error:
            raise _named(error, rule) from None

    def _send(self, method: str, path: str, body: object, repeatable: bool, parameters: Query | None) -> Response:
        major = min(int(self.version.partition(".")[0]), NEWEST)
        kind = "x-ndjson" if isinstance(body, bytes) else "json"
        # What a later major version would do otherwise, it does as the newest that is known here.
        media = f"application/vnd.elasticsearch+{kind}; compatible-with={major}"
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        headers = {"accept": media.replace("x-ndjson", "json")}
        if content is not None:
            headers["content-type"] = media
        return self._http.send(method, path, query=parameters, content=content, headers=headers, repeatable=repeatable)

    def _accepted(self, response: Response) -> Response:
        """A whole answer.

        Raises:
            ServerError: it is an error, or only a part of an answer.
        """
        if not response.ok:
            raise self._http.error(response)
        if not response.body or not isinstance(response.decoded(), dict):
            return response
        said = response.read(Completeness, "an answer of Elasticsearch")
        if partial := _partial(said):
            who, failures = partial
            problem = self._http.clean(f"{who} gave no answer: {_reason({'failed_shards': failures})}")
            kind = ServerUnavailable if any(_passing(failure) for failure in failures) else ServerError
            raise kind(problem, request=response.request, status=response.status)
        if said.timed_out:
            raise ServerUnavailable("the server timed out", request=response.request, sent=True)
        return response


def said(response: Response) -> str:
    """Why a server refused, in its own words."""
    body = response.value
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return error
    if isinstance(error, dict):
        return _reason(error)
    found = response.other_than_json() if isinstance(body, Undecoded) else "the answer has no error in it"
    return f"{found}; is this Elasticsearch?"


_HINTS = {
    "no_shard_available_action_exception": "the index is red: no copy of its data can be reached",
    "index_not_found_exception": "there is no such index",
}


_PASSING = {
    "no_shard_available_action_exception", "unavailable_shards_exception", "node_disconnected_exception",
    "node_not_connected_exception", "es_rejected_execution_exception", "circuit_breaking_exception",
}  # fmt: skip
"""What says nothing of the request: it may be answered another time."""


def _partial(said: Completeness) -> tuple[str, list[object]] | None:
    """Who gave no answer, and what they said instead. What others found is beside it, with status 200."""
    shards = said.shards
    if shards.failed:
        return f"{shards.failed} of {shards.total} shards", shards.failures
    if said.shard_failures:
        return f"{len(said.shard_failures)} of the shards", said.shard_failures
    if said.is_partial:
        failures = [failure for details in said.clusters.details.values() for failure in details.failures]
        return "some of the shards", failures
    return None


def _passing(failure: object) -> bool:
    reason = failure.get("reason") if isinstance(failure, dict) else None
    return isinstance(reason, dict) and reason.get("type") in _PASSING


def _reason(error: Mapping[str, object]) -> str:
    """The innermost reasons of an error: what the shards say is more than what is said about them."""
    reasons: dict[str, None] = {}
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, dict):
            continue
        inner = [cause.get("caused_by"), *_list(cause.get("root_cause"))]
        inner += [shard.get("reason") for shard in _list(cause.get("failed_shards")) if isinstance(shard, dict)]
        inner = [each for each in inner if isinstance(each, dict) and each is not cause]
        waiting += inner
        words = [text for text in (cause.get("reason"), cause.get("type")) if text and isinstance(text, str)]
        if not inner and words:
            hint = _HINTS.get(words[-1]) if isinstance(cause.get("type"), str) else None
            reasons[f"{words[0]}{f' ({hint})' if hint else ''}"] = None
    return "; ".join(reasons) or "no reason is given"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _named(error: ServerError, rule: str) -> ServerError:
    """The error with the rule that was asked for in its message."""
    if not rule:
        return error
    message = f"rule '{rule}': {error.message}"
    if isinstance(error, ServerUnavailable):
        return ServerUnavailable(message, request=error.request, status=error.status, sent=error.sent)
    return type(error)(message, request=error.request, status=error.status)


def _version(root: Response) -> str | None:
    try:
        return root.read(Root, "the root of Elasticsearch").version.number if root.ok else None
    except ServerError:
        return None


def _is_elasticsearch(root: Response) -> bool:
    return root.headers.get("x-elastic-product", "Elasticsearch") == "Elasticsearch"
