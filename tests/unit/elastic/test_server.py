"""Requests to Elasticsearch: versions, patience, errors in words."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from detections.elastic.server import Server
from detections.errors import NotAllowed, ServerError, ServerUnavailable, UsageError
from detections.server import Backoff, Connection

QUICK = Backoff(tries=2, sleep=lambda seconds: None)


@pytest.mark.parametrize(("version", "major"), [("8.19.4", 8), ("9.0.0", 9), ("9.2.0", 9), ("10.1.0", 9)])
def test_each_version_is_asked_for_what_it_knows(version: str, major: int, fake: Callable[[str], Any]) -> None:
    it = fake(version)
    it.replies["GET /_cluster/health"] = [(200, {"status": "green"})]
    with it.server() as server:
        assert server.version == version
        assert server.ask("GET", "/_cluster/health").decoded() == {"status": "green"}
    plain, later = it.headers
    assert plain["Accept"] == "application/json"
    assert later["Accept"] == f"application/vnd.elasticsearch+json; compatible-with={major}"


def test_a_client_of_nine_would_be_refused_by_eight(fake: Callable[[str], Any]) -> None:
    """The stand-in keeps the rule that the test above is about."""
    it = fake("8.19.4")
    with it.server() as server:
        server.__dict__["version"] = "9.2.0"
        with pytest.raises(ServerError, match="answered 400: Invalid media-type"):
            server.ask("GET", "/_cluster/health")


def test_lines_go_as_ndjson(nine: Any) -> None:
    nine.replies["POST /i/_bulk"] = [(200, {"items": []})]
    with nine.server() as server:
        server.ask("POST", "/i/_bulk", b'{"index":{}}\n{}\n', parameters={"refresh": True})
    assert nine.headers[-1]["Content-Type"] == "application/vnd.elasticsearch+x-ndjson; compatible-with=9"
    assert nine.bodies("POST /i/_bulk") == [[{"index": {}}, {}]]


def test_a_node_that_does_not_answer_for_its_root_is_asked_for_its_nodes(nine: Any) -> None:
    nine.replies["GET /"] = [(405, {"error": "Incorrect HTTP method for uri [/] and method [GET], allowed: [DELETE]"})]
    nine.replies["GET /_nodes"] = [(200, {"nodes": {"x": {"version": "9.2.0"}}})]
    with nine.server() as server:
        assert server.version == "9.2.0"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            (200, {"version": {"number": "7.17.0"}}),
            "Elasticsearch 7.17.0 is not supported: the oldest",
        ),
        ((200, {"hello": 1}), "this is not an Elasticsearch server"),
        ((200, "<html>"), "this is not an Elasticsearch server"),
        ((200, {"version": {"number": "2.1.0"}}, {"X-elastic-product": "OpenSearch"}), "not an Elasticsearch"),
        ((404, "<html>"), r"GET http://localhost:\d+/ answered 404: an HTML page; is this Elasticsearch"),
    ],
)
def test_what_is_no_elasticsearch_of_ours(reply: Any, message: str, nine: Any) -> None:
    nine.replies["GET /"] = [reply]
    with nine.server() as server, pytest.raises(ServerError, match=message):
        _ = server.version


def error(kind: str, reason: str, **more: Any) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": reason, **more}}


RED = error(
    "search_phase_execution_exception", "all shards failed",
    failed_shards=[{"shard": 0, "reason": {"type": "no_shard_available_action_exception", "reason": None}}],
)  # fmt: skip
TEXT_FIELD = error(
    "search_phase_execution_exception", "all shards failed",
    root_cause=[{"type": "illegal_argument_exception", "reason": "Fielddata is disabled on [message]"}],
)  # fmt: skip
HALF = {"total": 2, "failed": 1, "failures": [{"reason": {"type": "t", "reason": "field of two types"}}]}
STARTING = {"total": 2, "failed": 1, "failures": [{"reason": {"type": "no_shard_available_action_exception"}}]}
CLUSTERS = {"details": {"(local)": {"status": "partial", "failures": HALF["failures"]}}}
DEEP = error("a", "outer", caused_by={"type": "b", "reason": "middle", "caused_by": {"type": "c", "reason": "inner"}})


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (400, TEXT_FIELD, ServerError, "Fielddata is disabled on [message]"),
        (400, DEEP, ServerError, "inner"),
        (404, error("index_not_found_exception", "no such index [x]"), ServerError, "no such index [x] (there is"),
        (401, error("security_exception", "missing authentication"), NotAllowed, "authentication failed: missing auth"),
        (403, error("security_exception", "action [x] is unauthorized"), NotAllowed, "a privilege is missing: action"),
        (503, RED, ServerUnavailable, "no_shard_available_action_exception (the index is red"),
        (500, {}, ServerError, "the answer has no error in it; is this Elasticsearch?"),
        (200, {"_shards": HALF}, ServerError, "1 of 2 shards gave no answer: field of two types"),
        (200, {"_shards": STARTING}, ServerUnavailable, "1 of 2 shards gave no answer: no_shard_available_action"),
        (200, {"hits": {}, "shard_failures": HALF["failures"]}, ServerError, "1 of the shards gave no answer: fiel"),
        (200, {"hits": {}, "shard_failures": STARTING["failures"]}, ServerUnavailable, "(the index is red"),
        (200, {"is_partial": True, "_clusters": CLUSTERS}, ServerError, "some of the shards gave no answer: field of"),
        (200, {"is_partial": True}, ServerError, "some of the shards gave no answer: no reason is given"),
        (200, {"timed_out": True}, ServerUnavailable, "the server timed out"),
        (200, '{"hits": {"hi', ServerUnavailable, "cut off"),
    ],
)  # fmt: skip
def test_errors_name_the_rule_and_the_request(status: int, body: Any, kind: type, message: str, nine: Any) -> None:
    nine.replies["POST /x/_search"] = [(status, body)]
    with nine.server() as server, pytest.raises(kind) as raised:
        server.ask("POST", "/x/_search", {}, rule="My rule")
    assert raised.value.request == "POST /x/_search"
    assert "rule 'My rule': " in str(raised.value) and message in str(raised.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_is_busy_is_asked_again_as_it_says(status: int, nine: Any) -> None:
    busy = (status, error("busy", "later"), {"Retry-After": "7"})
    nine.replies["POST /x/_search"] = [busy, (200, {"hits": 1})]
    with nine.server() as server:
        assert server.ask("POST", "/x/_search", {}).decoded() == {"hits": 1}
    assert nine.slept == [7.0]


def test_patience_has_an_end(nine: Any) -> None:
    nine.replies["POST /x/_search"] = [(429, error("busy", "later"))]
    with nine.server() as server, pytest.raises(ServerUnavailable, match="answered 429: later"):
        server.ask("POST", "/x/_search", {})
    assert len(nine.bodies("POST /x/_search")) == 3


def test_what_must_not_be_done_twice_is_not(nine: Any) -> None:
    nine.replies["POST /x/_doc"] = [(503, error("busy", "later")), (200, {})]
    with nine.server() as server, pytest.raises(ServerUnavailable):
        server.ask("POST", "/x/_doc", {}, repeatable=False)


def test_no_secret_is_in_an_error(nine: Any) -> None:
    nine.replies["GET /"] = [(401, error("security_exception", "unable to authenticate with [c2VjcmV0] secret"))]
    with nine.server(api_key="c2VjcmV0") as server, pytest.raises(NotAllowed) as raised:
        _ = server.version
    assert "c2VjcmV0" not in str(raised.value)
    assert nine.headers[0]["Authorization"] == "ApiKey c2VjcmV0"


def test_nothing_is_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with (
        Server(Connection(url), QUICK) as server,
        pytest.raises(ServerUnavailable, match=f"GET {url}/: cannot connect"),
    ):
        _ = server.version


def test_no_tls_where_tls_is_asked_for(nine: Any) -> None:
    url = nine.url.replace("http:", "https:")
    with Server(Connection(url), QUICK) as server, pytest.raises(ServerUnavailable, match="TLS"):
        _ = server.version


def test_a_request_that_takes_too_long(httpserver: HTTPServer) -> None:
    def slow(request: Request) -> Response:
        time.sleep(1)
        return Response("{}")

    httpserver.expect_request("/").respond_with_handler(slow)
    url = httpserver.url_for("").rstrip("/")
    with (
        Server(Connection(url, timeout=0.2), QUICK) as server,
        pytest.raises(ServerUnavailable, match="no answer in time"),
    ):
        _ = server.version


def test_a_ca_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="the CA file does not exist"):
        Server(Connection("https://127.0.0.1:1", ca_file=Path("/none.pem")))
