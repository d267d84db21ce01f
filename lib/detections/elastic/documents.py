"""Documents into an index that is there for a while only."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from detections.elastic.answers import Bulk, Created
from detections.elastic.server import Server
from detections.elastic.template import Properties, Template, object_at
from detections.errors import ServerError, ServerUnavailable
from detections.events import Document

CHUNK = 4_000_000
"""Bytes of one bulk request, about: servers take 100 MB, proxies before them less."""

METADATA = frozenset(("_id", "_index", "_version"))
"""What a hit knows besides its document: a document that has it is refused."""

_BUSY = 429


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that Elasticsearch did not take: its ``_id`` and why."""

    id: str
    reason: str


class TemporaryIndex:
    """An index of our own: made when it is entered, deleted when it is left."""

    def __init__(self, server: Server, template: Template, prefix: str = "detections-test") -> None:
        self.name = f"{prefix}-{secrets.token_hex(8)}"
        self._server = server
        self._template = template

    def create(self) -> None:
        """Make the index.

        Raises:
            ServerError: the server makes no index, or no copy of it could be started.
        """
        request = f"PUT /{self.name}"
        try:
            body = {"settings": self._template.settings, "mappings": self._template.mappings}
            made = self._server.read(Created, "a new index", "PUT", f"/{self.name}", body)
        except ServerError as error:
            if "already exists" not in error.message:
                raise
            return  # the answer to a first request was lost
        if not made.shards_acknowledged:
            raise ServerUnavailable(
                "the index was created, but is red: no node holds it (is a disk full?)", request=request
            )

    def delete(self) -> None:
        """Delete the index, where it is there."""
        self._server.ask("DELETE", f"/{self.name}", accept=(404,))

    def declare(self, fields: Mapping[str, dict[str, Any]]) -> None:
        """More fields, by their dotted names, with their parameters in a mapping."""
        root: dict[str, Any] = {}
        for name, parameters in fields.items():
            object_at(root, name).update(parameters)
        self.extend(root)

    def extend(self, properties: Properties) -> None:
        """More of a mapping's properties."""
        self._server.ask("PUT", f"/{self.name}/_mapping", {"properties": properties})

    def add(self, documents: Iterable[tuple[str, Document]], routing: str) -> list[Refused]:
        """Index documents under their ids, and make them searchable; which were refused, and why.

        What a hit knows besides its document (:data:`METADATA`) is left out.

        ``routing`` tells the documents of one run from those of another: a search filters by it.

        Raises:
            ServerError: the server takes no documents, or is too busy for too long.
        """
        refused: list[Refused] = []
        for lines in _chunks(documents, refused):
            refused += self._send(lines, {"routing": routing, "refresh": True})
        return refused

    def _send(self, lines: dict[str, bytes], parameters: dict[str, str | bool]) -> list[Refused]:
        """One bulk request, and more of them for what the server was too busy for."""
        refused: list[Refused] = []
        request, attempt = f"/{self.name}/_bulk", 0
        while lines:
            answer = self._server.read(
                Bulk, "an answer to a bulk request", "POST", request, b"".join(lines.values()), parameters=parameters
            )
            busy = {}
            for indexed in (indexed for item in answer.items for indexed in item.values()):
                if indexed.status == _BUSY and indexed.id in lines:
                    busy[indexed.id] = lines[indexed.id]
                elif indexed.error is not None:
                    refused.append(Refused(indexed.id, _why(indexed.error)))
            if busy:
                wait = self._server.backoff.wait(attempt, None)
                if wait is None:
                    raise ServerUnavailable("too busy to index documents", request=f"POST {request}", status=_BUSY)
                self._server.backoff.sleep(wait)
                attempt += 1
            lines = busy
        return refused


def _chunks(documents: Iterable[tuple[str, Document]], refused: list[Refused]) -> Iterator[dict[str, bytes]]:
    """The lines of bulk requests, by the id of their document; what is not JSON goes to ``refused``."""
    lines: dict[str, bytes] = {}
    size = 0
    for name, document in documents:
        try:
            encoded = _encoded(document)
        except (ValueError, TypeError, RecursionError) as error:
            refused.append(Refused(name, f"it cannot be written as JSON: {error}"))
            continue
        line = b"%b\n%b\n" % (msgspec.json.encode({"index": {"_id": name}}), encoded)
        if lines and size + len(line) > CHUNK:
            yield lines
            lines, size = {}, 0
        lines[name] = line
        size += len(line)
    if lines:
        yield lines


def _encoded(document: Document) -> bytes:
    if not METADATA.isdisjoint(document):
        document = {key: value for key, value in document.items() if key not in METADATA}
    try:
        return msgspec.json.encode(document)
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError):
        # Lone surrogates, and numbers of more than 64 bits.
        return json.dumps(document).encode("ascii")


def _why(error: Any) -> str:
    """The reasons of an error, the innermost last: that is the telling one."""
    reasons = []
    while isinstance(error, dict):
        if isinstance(reason := error.get("reason"), str):
            reasons.append(reason)
        error = error.get("caused_by")
    return ": ".join(reasons) or "no reason is given"
