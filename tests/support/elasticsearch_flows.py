"""The ways through an Elasticsearch: what each asks, and good answers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from detections.compile.planner import plan as make_plan
from detections.elastic import composite, search, threshold
from detections.elastic import new_terms as new_terms_rounds
from detections.elastic.capabilities import NOTHING, capabilities
from detections.elastic.cluster import Cluster
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.events import batches
from detections.mapping import Mapping
from detections.plan import Plan, Window
from detections.server import Backoff, Connection
from hostile_answers import Scripted, raw
from made_rules import new_terms, rule_of

ONCE = Backoff(tries=2, sleep=lambda seconds: None)
MAPPING = Mapping.of({"@timestamp": "date", "event.id": "keyword", "event.action": "keyword", "t": "date"})
START = 1_704_067_200_000
WINDOW = Window(START - 10, START + 200_000, START - 1_000_000)
INDEX = "detections-test-x"
ABSENT = raw({"error": "no handler found for uri [/x] and method [POST]"}, 400)


def hit(number: int, **more: Any) -> dict[str, Any]:
    fields = {"@timestamp": [str(START + number * 1000)], "event.id": [f"e{number}"]}
    return {"_id": f"0:{number}", "fields": fields, "sort": [number, 1], **more}


SHARDS = {"total": 1, "successful": 1, "failed": 0}
HITS = [hit(number, _source={"event": {"action": "a"}}, matched_queries=["0", "1"]) for number in range(2)]
BUCKETS = [
    {"key": {"field_0": action, "field_1": START + number}, "first_seen": {"value": START + 5}, "doc_count": 3,
     "last_seen": {"value": START + 9}, "cardinality": {"value": 2}, "oldest": {"hits": {"hits": [hit(number)]}},
     "latest": {"hits": {"hits": [hit(number)]}}}
    for number, action in enumerate("ab")
]  # fmt: skip
SEARCH = {
    "_shards": SHARDS, "timed_out": False, "pit_id": "pit", "hits": {"total": {"value": 2}, "hits": HITS},
    "aggregations": {"terms": {"buckets": BUCKETS, "after_key": {"field_0": "b", "field_1": START}},
                     "first_seen": {"value": START}, "last_seen": {"value": START}, "cardinality": {"value": 2}},
}  # fmt: skip
EQL = {"hits": {"events": [HITS[0]], "sequences": [{"events": [*HITS, {"missing": True, "_id": ""}]}]}}
ROWS = {"columns": [{"name": "_id"}, {"name": "event.action"}], "values": [["0:0", "a"], ["0:1", "b"]]}
BULK = {"errors": True, "items": [
    {"index": {"_id": "0:0", "status": 201}},
    {"index": {"_id": "0:1", "status": 400, "error": {"reason": "no", "caused_by": {"reason": "inner"}}}},
]}  # fmt: skip
SERVED = [
    ("GET /", raw({"version": {"number": "9.2.0"}})),
    (f"POST /{NOTHING}/_eql/search", raw({"error": {"type": "index_not_found_exception"}}, 404)),
    ("POST /_query", raw({"columns": [], "values": []})),
    (f"POST /{NOTHING}/_pit", raw({"id": "pit"})),
    ("DELETE /_pit", raw({"succeeded": True})),
    ("GET /_script_language", raw({"language_contexts": [{"language": "painless"}]})),
    ("POST /_index_template/_simulate", raw({"template": {}})),
]
"""What a server is asked before all else, and gives."""
SEARCHED = [("POST /i/_pit", raw({"id": "pit"})), ("POST /_search", raw(SEARCH)), ("DELETE /_pit", raw({}))]
TERMS = [("POST /i/_search", raw(SEARCH))]

QUERY = 'type = "query"\nlanguage = "kuery"\nquery = "event.action: a"'
THRESHOLD = """type = "threshold"
language = "kuery"
query = "event.action: *"
[rule.threshold]
field = [{}]
value = 2
[[rule.threshold.cardinality]]
field = "event.id"
value = 2"""
SEQUENCE = 'type = "eql"\nlanguage = "eql"\nquery = "sequence [any where true] [any where true]"'
PLANS: dict[str, Plan] = {
    "query": make_plan(rule_of(QUERY), MAPPING),
    "new_terms": make_plan(rule_of(new_terms("event.action: *", '"event.action", "t"', "now-1h")), MAPPING),
    "threshold": make_plan(rule_of(THRESHOLD.format('"event.action", "t"')), MAPPING),
    "threshold of all": make_plan(rule_of(THRESHOLD.format("")), MAPPING),
    "eql": make_plan(rule_of(SEQUENCE), MAPPING),
    "esql": make_plan(
        rule_of('type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* METADATA _id"', index=""), MAPPING
    ),
}
FLOWS: dict[str, tuple[list[tuple[str, Any]], Callable[[Server], Any]]] = {
    "capabilities": (SERVED, capabilities),
    "a node without a root": (
        [("GET /", raw({"error": "Incorrect HTTP method"}, 405)),
         ("GET /_nodes", raw({"nodes": {"x": {"version": "9.2.0"}}})), *SERVED[1:]],
        capabilities,
    ),
    "count": ([SERVED[0], ("POST /i/_search", raw(SEARCH))], lambda server: Cluster(server, "i").count(0, 1)),
    "query": ([*SERVED, *SEARCHED], lambda server: list(Cluster(server, "i").run(PLANS["query"], WINDOW))),
    "new_terms": (
        [*SERVED, *TERMS, *TERMS, *TERMS], lambda server: list(Cluster(server, "i").run(PLANS["new_terms"], WINDOW))
    ),
    "threshold": ([*SERVED, *TERMS, *TERMS], lambda server: list(Cluster(server, "i").run(PLANS["threshold"], WINDOW))),
    "threshold of all": (
        [*SERVED, *TERMS], lambda server: list(Cluster(server, "i").run(PLANS["threshold of all"], WINDOW))
    ),
    "eql": (
        [*SERVED, ("POST /i/_eql/search", raw(EQL))],
        lambda server: list(Cluster(server, "i").run(PLANS["eql"], WINDOW)),
    ),
    "esql": (
        [*SERVED, ("POST /_query", raw(ROWS)), *SEARCHED],
        lambda server: list(Cluster(server, "i").run(PLANS["esql"], WINDOW)),
    ),
    "events of our own": (
        [SERVED[0], (f"POST /{NOTHING}/_eql/search", ABSENT), *SERVED[2:], (f"PUT /{INDEX}", raw({})),
         (f"POST /{INDEX}/_bulk", raw(BULK)), (f"POST /{INDEX}/_pit", raw({"id": "pit"})), *SEARCHED[1:],
         (f"DELETE /{INDEX}", raw({}))],
        lambda server: _engine(server),
    ),
}  # fmt: skip


def _engine(server: Server) -> None:
    events = [{"@timestamp": "2024-01-01T00:00:00Z", "event": {"id": "e", "action": "a"}}] * 2
    with Elasticsearch(server, lambda finding: None) as engine:
        list(engine.run([(PLANS["eql"], WINDOW)], batches(events)))


SERVER = Server(Connection("http://127.0.0.1:1", api_key="key"), ONCE)


def server_of(script: Scripted) -> Server:
    """A server that knows nothing of those before."""
    vars(SERVER).pop("version", None)
    SERVER._http._wire = script  # type: ignore[assignment]
    return SERVER


@contextmanager
def small() -> Iterator[None]:
    """Pages of a few, and an index whose name is known."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch("secrets.token_hex", lambda length: "x"))
        for module, name in ((search, "PAGE"), (composite, "PAGE"), (threshold, "BATCH"), (new_terms_rounds, "BATCH")):
            stack.enter_context(mock.patch.object(module, name, 5))
        yield
