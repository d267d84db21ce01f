"""A made-up Elasticsearch: it says its version, keeps to the rules of the media types, and answers what it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from detections.elastic.server import Server
from detections.server import Backoff, Connection

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Fake:
    """``replies`` are by ``METHOD /path``: each is used once, the last one over and over. ``asked`` is what came in."""

    def __init__(self, http: HTTPServer, version: str) -> None:
        self.url = http.url_for("").rstrip("/")
        self.version = version
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.slept: list[float] = []
        http.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def server(self, **options: Any) -> Server:
        options = {"timeout": 5.0, **options}
        return Server(Connection(self.url, **options), Backoff(tries=3, sleep=self.slept.append))

    def bodies(self, what: str) -> list[Any]:
        return [body for name, body in self.asked if name == what]

    def _answer(self, request: Request) -> Response:
        what = f"{request.method} {request.path}"
        data = request.get_data()
        lines = [json.loads(line) for line in data.split(b"\n") if line]
        self.asked.append((what, lines if b"\n" in data else lines[0] if lines else None))
        self.headers.append(dict(request.headers.items()))
        wanted = re.search(r"compatible-with=(\d+)", request.headers.get("Accept", ""))
        major = int(self.version.partition(".")[0])
        if wanted and int(wanted[1]) not in (major, major - 1):
            return self._made(
                400, {"error": {"type": "media_type_header_exception", "reason": "Invalid media-type"}}, {}
            )
        waiting = self.replies.get(what)
        if not waiting and what == "GET /":
            return self._made(200, {"version": {"number": self.version}}, {})
        if not waiting:
            return self._made(
                400, {"error": f"no handler found for uri [{request.path}] and method [{request.method}]"}, {}
            )
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return self._made(reply[0], reply[1], reply[2] if len(reply) > 2 else {})

    def _made(self, status: int, body: Any, headers: dict[str, str]) -> Response:
        text = body if isinstance(body, str) else json.dumps(body)
        known = {"X-elastic-product": "Elasticsearch", "content-type": "application/json"}
        return Response(text, status, {**known, **headers})


@pytest.fixture
def fake(httpserver: HTTPServer) -> Callable[[str], Fake]:
    return lambda version: Fake(httpserver, version)


@pytest.fixture
def nine(fake: Callable[[str], Fake]) -> Fake:
    return fake("9.2.0")
