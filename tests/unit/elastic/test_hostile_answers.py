"""Ten thousand answers that no Elasticsearch gives, to every request that is sent to one: an error in a line, or a
result. ``HOSTILE_ANSWERS`` says how many for each."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from detections.compile.planner import plan as make_plan
from detections.elastic import composite, search, threshold
from detections.elastic import new_terms as rounds
from detections.elastic.capabilities import NOTHING, capabilities
from detections.elastic.cluster import Cluster
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.errors import DetectionsError, NotEvaluated, ServerError, UsageError
from detections.events import batches
from detections.mapping import Mapping
from detections.plan import Plan, Window
from detections.server import Backoff, Connection
from hostile_answers import Scripted, mutated, raw
from made_rules import new_terms, rule_of

COUNT = int(os.environ.get("HOSTILE_ANSWERS", "400"))
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


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda length: "x")
    monkeypatch.setattr(search, "PAGE", 5)
    monkeypatch.setattr(composite, "PAGE", 5)
    monkeypatch.setattr(threshold, "BATCH", 5)
    monkeypatch.setattr(rounds, "BATCH", 5)


SERVER = Server(Connection("http://127.0.0.1:1", api_key="key"), ONCE)


def server_of(script: Scripted) -> Server:
    """A server that knows nothing of those before."""
    vars(SERVER).pop("version", None)
    SERVER._http._wire = script  # type: ignore[assignment]
    return SERVER


@pytest.mark.parametrize("name", FLOWS)
def test_the_good_answers_are_good(name: str) -> None:
    answers, flow = FLOWS[name]
    flow(server_of(Scripted(answers, -1, lambda answer: answer)))


@pytest.mark.parametrize("name", FLOWS)
def test_every_request(name: str) -> None:
    answers, flow = FLOWS[name]
    for number in range(COUNT):
        rng = random.Random(f"{name} {number}")
        script = Scripted(answers, rng.randrange(len(answers)), lambda answer, rng=rng: mutated(answer, rng))
        try:
            flow(server_of(script))
        except (ServerError, NotEvaluated, UsageError) as error:
            assert "\n" not in str(error) and str(error).isprintable(), number
            assert not isinstance(error, ServerError) or error.request, number
        except Exception as error:
            raise AssertionError(f"seed '{name} {number}'") from error


def test_pages_without_end_come_to_one() -> None:
    for name, answers in {
        "query": [*SERVED, ("POST /i/_pit", raw({"id": "pit"})), ("POST /_search", raw(full(SEARCH)))],
        "new_terms": [*SERVED, ("POST /i/_search", raw(full(SEARCH)))],
        "threshold": [*SERVED, ("POST /i/_search", raw(full(SEARCH)))],
        "esql": [*SERVED[:2], ("POST /_query", raw({**ROWS, "values": [["0:0", "a"]] * 1000})), *SERVED[3:], *SEARCHED],
    }.items():
        script = Scripted(answers, -1, lambda answer: answer)
        with pytest.raises(DetectionsError, match="the same page again and again"):
            list(Cluster(server_of(script), "i").run(PLANS[name], WINDOW))


def full(answer: dict[str, Any]) -> dict[str, Any]:
    page = {"buckets": BUCKETS * 3, "after_key": {"field_0": "b", "field_1": 1}}
    return answer | {"hits": {"hits": HITS * 3}, "aggregations": {"terms": page}}
