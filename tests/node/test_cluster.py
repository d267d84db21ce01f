"""Rules over what an Elasticsearch has already: the same alerts as from the embedded engine, and nothing is changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from detections.compile.planner import plan as make_plan
from detections.elastic import search
from detections.elastic.capabilities import capabilities
from detections.elastic.cluster import Cluster
from detections.elastic.documents import TemporaryIndex
from detections.elastic.node import Node
from detections.elastic.server import Server
from detections.elastic.template import template
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.errors import ServerError, UsageError
from detections.events import batches
from detections.plan import Plan, Window
from detections.rule import Rule
from detections.server import Connection, Response
from detections.server.wire import Raw
from made_rules import new_terms, rule_of

MINUTE = 60_000
OURS = 'index = ["detections-test-*"]\n'
TERMS = new_terms("event.action: (a or b)", '"user.name", "event.action"', "now-1h")
BODIES = {
    "query": 'type = "query"\nlanguage = "kuery"\nquery = "event.action: a and not user.name: u3"',
    "terms": TERMS,
    "event": 'type = "eql"\nlanguage = "eql"\nquery = "any where event.action == \\"b\\" and user.name != \\"u1\\""',
}
OTHERS = {
    "sequence": "type = 'eql'\nlanguage = 'eql'\nquery = 'sequence [any where true] [any where true]'",
    "head": "type = 'eql'\nlanguage = 'eql'\nquery = 'any where true | head 1'",
    "computed": "type = 'eql'\nlanguage = 'eql'\nquery = 'any where length(event.action) > 3'",
    "esql": "type = 'esql'\nlanguage = 'esql'\nquery = 'FROM detections-test-* METADATA _id, _version, _index "
    "| WHERE event.action == \"a\"'",
    "override": f'timestamp_override = "event.ingested"\n{TERMS}',
}  # fmt: skip


def rule(name: str) -> Rule:
    return rule_of((BODIES | OTHERS)[name], name, index="" if name == "esql" else OURS)


def events() -> Iterator[dict[str, Any]]:
    for number in range(120):
        yield {
            "@timestamp": number * MINUTE,
            "event": {"id": f"e{number}", "action": "abc"[number % 3]},
            "user": {"name": f"u{number // 17}"},
        }


@pytest.fixture(scope="module")
def server(elasticsearch_node: Node) -> Iterator[Server]:
    with Server(Connection(elasticsearch_node.url)) as server:
        yield server


def made(server: Server) -> TemporaryIndex:
    mapping = make_plan(rule("query")).mapping
    index = TemporaryIndex(server, template(mapping, capabilities(server).types))
    index.create()
    return index


@pytest.fixture(scope="module")
def index(server: Server) -> Iterator[str]:
    """An index like one that was there before: its documents have ids of their own."""
    index = made(server)
    assert index.add(((f"id-{number}", event) for number, event in enumerate(events())), "any") == []
    yield index.name
    index.delete()


def key(alert: Alert) -> tuple[Any, ...]:
    return alert.timestamp, alert.event_ids, alert.new_terms


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("page", [7, 1000])
def test_the_alerts_are_those_of_the_embedded_engine(
    server: Server, index: str, name: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE", page)
    cluster, plan = Cluster(server, index), make_plan(rule(name))
    assert cluster.why_not(plan) is None
    for span in (Window(0, 200 * MINUTE), Window(60 * MINUTE, 90 * MINUTE, 20 * MINUTE)):
        embedded = Embedded().run([(plan, span)], batches(list(events())))
        expected = sorted(map(key, embedded))
        assert expected
        assert sorted(map(key, cluster.run(plan, span))) == expected


def test_no_more_than_a_page_is_asked_for_before_it_is_needed(
    server: Server, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PAGE", 5)
    plan, cluster = make_plan(rule("query")), Cluster(server, index)
    assert cluster.why_not(plan) is None
    asked: list[str] = []
    ask = server.ask
    monkeypatch.setattr(server, "ask", lambda method, path, *rest, **named: asked.append(path) or ask(
        method, path, *rest, **named
    ))  # fmt: skip
    alerts = cluster.run(plan, Window(0, 200 * MINUTE))
    assert len(list(itertools.islice(alerts, 5))) == 5
    assert asked == [f"/{index}/_pit", "/_search"]
    alerts.close()  # type: ignore[attr-defined]


def test_a_rule_sees_what_its_own_indices_name(server: Server, index: str) -> None:
    other = made(server)
    try:
        assert other.add([("o", {"@timestamp": 0, "event": {"id": "other", "action": "a"}})], "any") == []
        cluster = Cluster(server, f"{index},{other.name}")

        def found(index: str, *, cluster: Cluster = cluster) -> int:
            plan = make_plan(rule_of(BODIES["query"], index=f'index = ["{index}"]\n'))
            return len(list(cluster.run(plan, Window(0, 200 * MINUTE)))) if cluster.why_not(plan) is None else -1

        whole = found(index)
        assert (found(other.name), found("detections-test-*"), found("logs-*")) == (1, whole + 1, -1)
        plan = make_plan(rule_of(BODIES["query"], index='index = ["logs-*"]\n'))
        assert "has none of these indices" in str(cluster.why_not(plan))
        assert found("logs-*", cluster=Cluster(server, f"{index},{other.name}", any_index=True)) == whole + 1
    finally:
        other.delete()


def test_nothing_is_changed(server: Server, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    ask = server.ask
    monkeypatch.setattr(server, "ask", lambda method, path, *rest, **named: asked.append((method, path)) or ask(
        method, path, *rest, **named
    ))  # fmt: skip
    cluster = Cluster(server, index)
    cluster.count(0, 200 * MINUTE)
    for name in BODIES:
        plan = make_plan(rule(name))
        cluster.why_not(plan)
        assert list(cluster.run(plan, Window(0, 200 * MINUTE, -MINUTE)))
    ends = ("/_search", "/_pit", "/_eql/search", "/_query", "/_script_language", "/_index_template/_simulate")
    others = {(method, path) for method, path in asked if not path.endswith(ends)}
    assert others == {("GET", f"/_resolve/index/{index}")}
    assert {path for method, path in asked if method == "DELETE"} == {"/_pit"}
    assert not {method for method, _ in asked} & {"PUT", "PATCH"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sequence", "no EQL"),
        ("head", "no EQL"),
        ("computed", "no EQL"),
        ("esql", "no ES|QL"),
        ("override", "no scripts"),
    ],
)
def test_what_a_cluster_cannot_run_it_says(server: Server, index: str, name: str, why: str) -> None:
    said = Cluster(server, index).why_not(make_plan(rule(name)))
    assert said
    assert why in said


def test_documents_without_an_event_id_are_named_by_their_own(server: Server) -> None:
    plan: Plan = make_plan(rule("query"))
    index = made(server)
    try:
        for name in ("plain", "host:12"):
            index.add([(name, {"@timestamp": 0, "event": {"action": "a"}})], "any")
        alerts = Cluster(server, index.name).run(plan, Window(0, 1))
        assert sorted(alert.event_ids for alert in alerts) == [("host:12",), ("plain",)]
    finally:
        index.delete()


def test_how_many_documents_there_are(server: Server, index: str) -> None:
    assert Cluster(server, index).count(0, 9 * MINUTE) == 10
    assert Cluster(server, f"{index[:-2]}*").count(0, 999 * MINUTE) == 120


def test_an_index_that_is_not_there(server: Server) -> None:
    with pytest.raises(UsageError, match=r"no index is named 'absent-\*'"):
        Cluster(server, "absent-*").count(0, 1)
    with pytest.raises(ServerError, match="there is no such index"):
        Cluster(server, "absent").count(0, 1)


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a?b", "a\\b", "<a>", "a#b", "a|b", "_doc/../x"])
def test_what_is_no_name(server: Server, name: str) -> None:
    with pytest.raises(UsageError, match="is not an index name or pattern"):
        Cluster(server, name)


class Stub(Server):
    """A server with EQL: it answers everything, and its EQL finds one sequence."""

    url, version = "http://stub", "9.2.0"

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def _send(self, method: str, path: str, body: Any, *_: Any) -> Response:
        self.asked.append((path, body))
        hits = [
            {"_id": "first", "fields": {"@timestamp": ["1000"], "event.id": ["e1"]}},
            {"_id": "second", "fields": {"@timestamp": ["2000"]}},
        ]
        answer = {"id": "x", "hits": {"sequences": [{"events": hits}]}, "language_contexts": [{"language": "painless"}]}
        raw = Raw(200, {"content-type": "application/json"}, msgspec.json.encode(answer))
        return Response.of(raw, f"{method} {path}", "json", 1, str)


def test_a_server_with_eql_joins_by_itself() -> None:
    stub = Stub()
    cluster, plan = Cluster(stub, "logs-*"), make_plan(rule("sequence"))
    assert cluster.why_not(plan) is None
    (alert,) = cluster.run(plan, Window(0, 5000))
    assert (alert.timestamp, alert.event_ids) == (2000, ("e1", "second"))
    path, body = stub.asked[-1]
    assert path == "/logs-*/_eql/search"
    assert body["query"] == "sequence [any where true] [any where true]"
    bounds = body["filter"]["bool"]["filter"][1]["range"]["@timestamp"]
    assert (bounds["gte"], bounds["lte"]) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:05.000Z")
