"""Documents into an index that is there for a while."""

from __future__ import annotations

from typing import Any

import pytest

from detections.elastic import documents
from detections.elastic.documents import Refused, TemporaryIndex
from detections.elastic.server import Server
from detections.elastic.template import template
from detections.errors import ServerError, ServerUnavailable
from detections.mapping import Mapping

TEMPLATE = template(Mapping.of({"k": "keyword"}))


def item(name: str, status: int = 201, reason: str = "") -> dict[str, Any]:
    refused = {"error": {"type": "t", "reason": reason, "caused_by": {"reason": "inner"}}} if reason else {}
    return {"index": {"_id": name, "status": status, **refused}}


def index(server: Server) -> TemporaryIndex:
    return TemporaryIndex(server, TEMPLATE)


def bulk(one: TemporaryIndex) -> str:
    return f"POST /{one.name}/_bulk"


def test_an_index_is_made_and_deleted(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[f"PUT /{one.name}"] = [(200, {"acknowledged": True, "shards_acknowledged": True})]
        nine.replies[f"DELETE /{one.name}"] = [(404, {"error": "no such index"})]
        one.create()
        one.delete()
    assert nine.bodies(f"PUT /{one.name}")[0]["mappings"]["properties"] == {"k": {"type": "keyword"}}


def test_an_index_that_was_made_though_no_answer_came(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        exists = {"error": {"type": "resource_already_exists_exception", "reason": "index already exists"}}
        nine.replies[f"PUT /{one.name}"] = [(503, {"error": "busy"}), (400, exists)]
        one.create()


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        ((200, {"acknowledged": True, "shards_acknowledged": False}), ServerUnavailable, "red"),
        ((400, {"error": {"type": "x", "reason": "too many shards"}}), ServerError, "too many shards"),
    ],
)
def test_an_index_that_is_not_made(reply: Any, kind: type, message: str, nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[f"PUT /{one.name}"] = [reply]
        with pytest.raises(kind, match=message):
            one.create()


def test_what_is_refused_is_told(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[bulk(one)] = [(200, {"items": [item("a"), item("b", 400, "failed to parse")]})]
        refused = one.add([("a", {"k": 1}), ("b", {"k": {}}), ("c", {"k": nested(5000)})], "r")
    assert refused[0].id == "c" and refused[0].reason.startswith("it cannot be written as JSON")
    assert refused[1:] == [Refused("b", "failed to parse: inner")]


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_only_what_the_server_was_too_busy_for_is_sent_again(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        first = {"items": [item("a"), item("b", 429, "rejected"), item("c", 429, "rejected")]}
        nine.replies[bulk(one)] = [(200, first), (200, {"items": [item("b"), item("c", 400, "bad")]})]
        assert one.add([(name, {"k": name}) for name in "abc"], "r") == [Refused("c", "bad: inner")]
    sent = [[line["index"]["_id"] for line in lines[::2]] for lines in nine.bodies(bulk(one))]
    assert sent == [["a", "b", "c"], ["b", "c"]]
    assert len(nine.slept) == 1


def test_a_server_that_stays_busy(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[bulk(one)] = [(200, {"items": [item("a", 429, "rejected")]})]
        with pytest.raises(ServerUnavailable, match="too busy"):
            one.add([("a", {})], "r")


def test_documents_go_in_chunks(nine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CHUNK", 300)
    with nine.server() as server:
        one = index(server)
        nine.replies[bulk(one)] = [(200, {"items": []})]
        one.add([(str(number), {"k": "x" * 80}) for number in range(7)], "r")
    sizes = [len(lines) // 2 for lines in nine.bodies(bulk(one))]
    assert sum(sizes) == 7 and len(sizes) > 1


def test_numbers_and_texts_that_are_no_plain_json(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[bulk(one)] = [(200, {"items": []})]
        one.add([("a", {"k": 2**70}), ("b", {"k": "\ud800"})], "r")
    (lines,) = nine.bodies(bulk(one))
    assert [line["k"] for line in lines[1::2]] == [2**70, "\ud800"]


def test_more_fields_are_declared_at_once(nine: Any) -> None:
    with nine.server() as server:
        one = index(server)
        nine.replies[f"PUT /{one.name}/_mapping"] = [(200, {})]
        one.declare({"a.b": {"type": "date"}, "a.c": {"type": "ip"}})
    assert nine.bodies(f"PUT /{one.name}/_mapping") == [
        {"properties": {"a": {"properties": {"b": {"type": "date"}, "c": {"type": "ip"}}}}}
    ]
