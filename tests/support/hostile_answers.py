"""Answers of servers that went wrong on the way, or were never meant well: seeded, made from good ones."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from detections.server import Lost
from detections.server.wire import Raw
from fuzz.mutate import broken, json_line

JSON = {"content-type": "application/json; charset=utf-8"}
STATUSES = (200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503)
MIMES = ("text/html", "", "application/ndjson", "application/json", "text/plain; charset=utf-16", "application/x+json")
BODIES = (
    b"", b"null", b"true", b"17", b'"x"', b"[]", b"{}", b"[[]]", b"<html><title>Sign in</title></html>",
    b"\x1f\x8b\x08", b'{"total": 10000000000, "data": []}', b'{"message": ["a", 1, null]}',
    b'{"error": {"caused_by": {"caused_by": 3}}}',
    b'{"statusCode": 404, "error": "Not Found", "message": "Not Found"}', gzip.compress(b"{}")[:10],
    b"[" * 5000 + b"]" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900,
)  # fmt: skip


def mutated(answer: Raw, rng: random.Random) -> Raw:
    """The answer with something wrong in its shape, its bytes, its status or its headers."""
    body, status, headers = answer.body, answer.status, dict(answer.headers)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.random()
        if kind < 0.6:
            body = json_line(body, rng)
        elif kind < 0.8:
            body = broken(body, rng)
        elif kind < 0.88:
            body = rng.choice(BODIES)
        elif kind < 0.94:
            status = rng.choice(STATUSES)
        else:
            headers["content-type"] = rng.choice(MIMES)
            headers["retry-after"] = rng.choice(("soon", "-1", "9" * 400, "0", "Mon, 99 Jan 9999 99:99:99 GMT"))
            headers["location"] = rng.choice(("http://evil.example/\r\nx: y", "//", "\x1b[2J"))
    return Raw(status, headers, body)


class Scripted:
    """In the place of a client's :class:`detections.server.wire.Wire`: answers what was recorded, one of them changed.

    Requests behind the recorded ones get what their path was answered before, or a 404.
    """

    def __init__(
        self, recorded: Iterable[tuple[str, Raw]], at: int = -1, change: Callable[[Raw], Raw] = lambda raw: raw
    ):
        self._recorded = list(recorded)
        self._known: Mapping[str, Raw] = dict(self._recorded)
        self._at = at
        self._change = change
        self._count = 0

    def send(self, method: str, target: str, content: Any, headers: Any, timeout: float) -> Raw:
        name, number = f"{method} {target.partition('?')[0]}", self._count
        self._count += 1
        if number > 5 * len(self._recorded) + 50:
            raise Lost("asked for ever", final=True)
        if number < len(self._recorded) and self._recorded[number][0] == name:
            answer = self._recorded[number][1]
        else:
            answer = self._known.get(name, Raw(404, JSON, b'{"statusCode": 404, "message": "nothing here"}'))
        return self._change(answer) if number == self._at else answer

    def close(self) -> None:
        pass


class Recording:
    """Around a Wire: remembers what was answered to what."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self.answers: list[tuple[str, Raw]] = []

    def send(self, method: str, target: str, *arguments: Any) -> Raw:
        answer: Raw = self._wire.send(method, target, *arguments)
        self.answers.append((f"{method} {target.partition('?')[0]}", answer))
        return answer

    def close(self) -> None:
        self._wire.close()


def raw(value: Any, status: int = 200) -> Raw:
    """A good answer."""
    return Raw(status, JSON, msgspec.json.encode(value))
