"""What each plan asks of a server that has everything: an Elasticsearch made up for the test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detections.compile.planner import plan as make_plan
from detections.compile.tables import tables
from detections.elastic.capabilities import NOTHING
from detections.elastic.cluster import Cluster
from detections.elastic.engine import Elasticsearch
from detections.elastic.server import Server
from detections.engine.alert import Alert
from detections.errors import Finding, NotAllowed, NotEvaluated, ServerError, ServerUnavailable, TooManyResults
from detections.events import batches
from detections.mapping import Mapping
from detections.plan import NewTermsPlan, Plan, TimeField, Window
from detections.plan.predicate import Always
from detections.rule import Rule, load_rules
from detections.values.limits import ESQL_ROWS

REPO = Path(__file__).parents[3]
RULES = load_rules(REPO / "rules")
MAPPING = Mapping.of({"@timestamp": "date", "event.ingested": "date", "event.id": "keyword", "k": "keyword"})
EVENTS = [{"@timestamp": "2024-01-01T00:00:00Z", "event": {"id": "first"}, "k": "a"},
          {"@timestamp": "2024-01-01T00:01:00Z", "event": {"id": "second"}, "k": "b"}]  # fmt: skip
START = 1704067200000
EVER = Window()
ABSENT = {"error": "no handler found for uri [/x] and method [POST]"}


def rule(kind: str, query: str, **more: Any) -> Rule:
    found = next(one for one in RULES if one.type == kind)
    return replace(found, rule_id="r", name="My rule", query=query, filters=(), timestamp_override=None, **more)


def hit(row: int, **more: Any) -> dict[str, Any]:
    time = str(START + row * 60_000)
    return {"_id": f"0:{row}", "fields": {"@timestamp": [time], "event.id": [["first", "second"][row]]}, **more}


def alert(row: int, *names: str, new_terms: tuple[str, ...] = ()) -> Alert:
    return Alert("r", "My rule", START + row * 60_000, names or (["first", "second"][row],), new_terms, row)


class Index:
    """The replies of a server with one index, whatever that index is called."""

    def __init__(self, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("secrets.token_hex", lambda length: "x")
        self.name = "detections-test-x"
        fake.replies |= {
            f"POST /{NOTHING}/_eql/search": [(404, {"error": "no such index"})],
            "POST /_query": [(200, {"columns": [], "values": []})],
            f"POST /{NOTHING}/_pit": [(404, {"error": "no such index"})],
            "GET /_script_language": [(200, {"language_contexts": [{"language": "painless"}]})],
            "POST /_index_template/_simulate": [(200, {})],
            f"PUT /{self.name}": [(200, {})],
            f"PUT /{self.name}/_mapping": [(200, {})],
            f"DELETE /{self.name}": [(200, {})],
            f"POST /{self.name}/_bulk": [(200, {"items": []})],
            f"POST /{self.name}/_pit": [(200, {"id": "pit"})],
            "DELETE /_pit": [(200, {})],
        }


@pytest.fixture
def index(nine: Any, monkeypatch: pytest.MonkeyPatch) -> Index:
    return Index(nine, monkeypatch)


def run(server: Server, plan: Plan, span: Window = EVER, said: list[Finding] | None = None) -> list[Alert]:
    with Elasticsearch(server, None if said is None else said.append) as engine:
        return list(engine.run([(plan, span)], batches(EVENTS)))


def test_a_query_goes_page_by_page_in_a_point_in_time(nine: Any, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detections.elastic.search.PAGE", 1)
    pages = [{"pit_id": "next", "hits": {"hits": [hit(0, sort=[START, 0])]}}, {"hits": {"hits": [hit(1, sort=[1, 1])]}}]
    nine.replies["POST /_search"] = [*((200, page) for page in pages), (200, {"hits": {"hits": []}})]
    with nine.server() as server:
        plan = make_plan(rule("query", "k: a"), MAPPING)
        assert run(server, plan, Window(START, START + 60_000)) == [alert(0), alert(1)]
    first, second, _ = nine.bodies("POST /_search")
    assert first["query"]["bool"]["filter"] == [
        {
            "bool": {
                "must": [],
                "filter": [{"bool": {"should": [{"term": {"k": {"value": "a"}}}], "minimum_should_match": 1}}],
                "should": [],
                "must_not": [],
            }
        },
        {
            "range": {
                "@timestamp": {
                    "format": "strict_date_optional_time",
                    "gte": "2024-01-01T00:00:00.000Z",
                    "lte": "2024-01-01T00:01:00.000Z",
                }
            }
        },
        {"term": {"_routing": "0"}},
    ]
    assert first["sort"] == [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}]
    assert (first["pit"]["id"], second["pit"]["id"], second["search_after"]) == ("pit", "next", [START, 0])
    assert nine.bodies("DELETE /_pit")[-1] == {"id": "next"}
    assert nine.asked[-1] == (f"DELETE /{index.name}", None)


def test_new_terms_ask_three_times_and_let_the_server_combine_timestamps(nine: Any, index: Index) -> None:
    def buckets(*found: dict[str, Any]) -> tuple[int, Any]:
        return 200, {"hits": {"hits": []}, "aggregations": {"terms": {"buckets": list(found)}}}

    old, new = {"field_0": "a"}, {"field_0": "b"}
    nine.replies[f"POST /{index.name}/_search"] = [
        buckets({"key": old}, {"key": new}),
        buckets({"key": old, "first_seen": {"value": START}}, {"key": new, "first_seen": {"value": START + 1.0}}),
        buckets({"key": new, "oldest": {"hits": {"hits": [hit(1)]}}}),
    ]
    field = MAPPING.get("k")
    assert field is not None
    time = TimeField("event.ingested", "@timestamp")
    plan = NewTermsPlan(
        rule_id="r",
        rule_name="My rule",
        time=time,
        mapping=MAPPING,
        predicate=Always(True),
        fields=(field,),
        history_window_start="now-1h",
    )
    with nine.server() as server:
        assert run(server, plan, Window(START, START + 60_000, START - 60_000)) == [alert(1, new_terms=("b",))]
    asked = nine.bodies(f"POST /{index.name}/_search")
    assert [body["aggs"]["terms"]["composite"]["sources"] for body in asked] == [
        [{"field_0": {"terms": {"field": "k"}}}]
    ] * 3
    assert asked[1]["aggs"]["terms"]["aggs"] == {"first_seen": {"min": {"field": "kibana.combined_timestamp"}}}
    assert asked[1]["runtime_mappings"]["kibana.combined_timestamp"]["script"]["params"] == {
        "names": ["event.ingested", "@timestamp"]
    }
    assert "2023-12-31T23:59:00.000Z" in str(asked[1]) and "2023-12-31T23:59:00.000Z" not in str(asked[2])
    (lines,) = nine.bodies(f"POST /{index.name}/_bulk")
    assert lines[1::2] == EVENTS


def test_eql_is_searched_as_eql(nine: Any, index: Index) -> None:
    events = [hit(0), {"missing": True, "_id": "", "_index": ""}, hit(1)]
    nine.replies[f"POST /{index.name}/_eql/search"] = [(200, {"hits": {"sequences": [{"events": events}]}})]
    query = 'sequence by k with maxspan=1m [any where k == "a"] ![any where k == "c"] [any where true]'
    made = make_plan(rule("eql", query, tiebreaker_field="event.id"), MAPPING)
    with nine.server() as server:
        assert run(server, made, Window(None, START)) == [replace(alert(1, "first", "second"), position=0)]
    (body,) = nine.bodies(f"POST /{index.name}/_eql/search")
    assert (body["query"], body["tiebreaker_field"], body["size"]) == (query, "event.id", 10_000)
    assert {"term": {"_routing": "0"}} in body["filter"]["bool"]["filter"]


def test_more_eql_results_than_one_answer_holds(nine: Any, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detections.elastic.eql.MOST", 2)
    nine.replies[f"POST /{index.name}/_eql/search"] = [(200, {"hits": {"events": [hit(0), hit(1)]}})]
    with nine.server() as server, pytest.raises(ServerError, match="rule 'My rule': 2 results and perhaps more"):
        run(server, make_plan(rule("eql", "any where true"), MAPPING))


def test_without_eql_stages_are_named_queries(nine: Any, index: Index) -> None:
    nine.replies[f"POST /{NOTHING}/_eql/search"] = [(400, ABSENT)]
    hits = [hit(row, _source=EVENTS[row], matched_queries=[str(row)], sort=[row]) for row in (0, 1)]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": hits}})]
    made = make_plan(rule("eql", 'sequence [any where k == "a"] [any where k == "b"]'), MAPPING)
    with nine.server() as server:
        assert run(server, made) == [replace(alert(1, "first", "second"), position=0)]
    (body,) = nine.bodies("POST /_search")
    stages = body["query"]["bool"]["filter"][0]["bool"]["should"]
    assert [stage["bool"] for stage in stages] == [
        {"filter": [{"terms": {"k": ["a"]}}], "_name": "0"},
        {"filter": [{"terms": {"k": ["b"]}}], "_name": "1"},
    ]


def test_esql_is_asked_of_the_index_and_its_rows_found_again(
    nine: Any, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detections.elastic.esql.PAGE", 1)
    columns = [{"name": "_id"}, {"name": "k"}]
    rows = [[["0:1", "b"]], []]
    nine.replies["POST /_query"] = [(200, {}), *((200, {"columns": columns, "values": one}) for one in rows)]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": [hit(1)]}})]
    made = make_plan(rule("esql", 'FROM logs-* METADATA _id, _index | WHERE k == "b" | KEEP _id, k'), MAPPING)
    with nine.server() as server:
        assert run(server, made) == [alert(1)]
    _, first, second = nine.bodies("POST /_query")
    text = f'FROM {index.name} METADATA _id, _index\n| WHERE k == "b"\n| KEEP _id, k\n| LIMIT 1'
    assert first["query"] == second["query"] == text
    assert second["filter"]["bool"]["must_not"] == [{"ids": {"values": ["0:1"]}}]


STATS = "FROM logs-* METADATA _id | STATS c = COUNT(*) BY k | WHERE c > 0"


def test_a_query_that_aggregates_is_asked_once_and_says_which_documents_are_behind_a_row(
    nine: Any, index: Index
) -> None:
    columns = [{"name": "c"}, {"name": "detections.ids"}, {"name": "k"}]
    values = [[2, ["0:1", "0:0"], "a"], [1, "0:1", None], [1, None, "gone"]]
    nine.replies["POST /_query"] = [(200, {}), (200, {"columns": columns, "values": values})]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": [hit(0), hit(1)]}})]
    with nine.server() as server:
        found = run(server, make_plan(rule("esql", STATS), MAPPING))
    assert [(one.event_ids, one.timestamp, one.row) for one in found] == [
        (("first", "second"), START + 60_000, (("c", 2), ("k", "a"))),
        (("second",), START + 60_000, (("c", 1),)),
        ((), None, (("c", 1), ("k", "gone"))),
    ]
    _, asked = nine.bodies("POST /_query")
    assert asked["query"] == (
        f"FROM {index.name} METADATA _id\n| EVAL detections.ids = _id\n"
        "| STATS c = COUNT(*), detections.ids = VALUES(detections.ids) BY k\n| WHERE c > 0\n| LIMIT 10000"
    )


def test_on_a_cluster_a_group_names_some_of_its_documents_and_has_the_time_of_the_last(nine: Any, index: Index) -> None:
    columns = [{"name": "c"}, {"name": "detections.latest"}, {"name": "detections.ids"}, {"name": "k"}]
    values = [[7, "2024-01-01T00:09:00.000Z", "0:0", "a"], [1, None, None, None]]
    nine.replies["POST /_query"] = [(200, {}), (200, {"columns": columns, "values": values})]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": [hit(0)]}})]
    nine.replies[f"GET /_resolve/index/{index.name}"] = [(403, {})]
    with nine.server() as server:
        plan = make_plan(rule("esql", STATS), MAPPING)
        found = list(Cluster(server, index.name).run(plan, Window(START, START + 600_000)))
    assert [(one.event_ids, one.timestamp, one.row) for one in found] == [
        (("first",), START + 9 * 60_000, (("c", 7), ("k", "a"))),
        ((), None, (("c", 1),)),
    ]
    assert nine.bodies("POST /_query")[-1]["query"] == (
        f"FROM {index.name} METADATA _id\n| EVAL detections.latest = @timestamp\n| EVAL detections.ids = _id\n"
        '| STATS c = COUNT(*), detections.ids = TOP(detections.ids, 20, "desc"), '
        "detections.latest = MAX(detections.latest) BY k\n| WHERE c > 0\n| LIMIT 10000"
    )


def test_more_rows_than_an_answer_has_are_refused(nine: Any, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detections.elastic.esql.ESQL_ROWS", replace(ESQL_ROWS, most=2))
    answer = {"columns": [{"name": "c"}, {"name": "detections.ids"}], "values": [[1, "0:1"], [1, "0:0"]]}
    nine.replies["POST /_query"] = [(200, {}), (200, answer)]
    with nine.server() as server, pytest.raises(TooManyResults, match="more rows than one answer has"):
        run(server, make_plan(rule("esql", STATS), MAPPING))


@pytest.mark.parametrize("values", [[[1, 7]], [[1, [None]]], [[1]]])
def test_rows_that_do_not_say_what_is_behind_them_are_an_error(nine: Any, index: Index, values: Any) -> None:
    answer = {"columns": [{"name": "c"}, {"name": "detections.ids"}], "values": values}
    nine.replies["POST /_query"] = [(200, {}), (200, answer)]
    with nine.server() as server, pytest.raises(ServerError):
        run(server, make_plan(rule("esql", STATS), MAPPING))


def test_what_a_case_looks_up_is_an_index_for_as_long_as_it_is_asked(
    nine: Any, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter(["x", "y"])
    monkeypatch.setattr("secrets.token_hex", lambda length: next(made))
    lookup = "detections-test-y"
    answer = {"columns": [{"name": "_id"}, {"name": "r"}], "values": [["0:1", "admin"]]}
    nine.replies |= {
        "POST /_query": [(200, {}), (200, answer)],
        "POST /_search": [(200, {"hits": {"hits": [hit(1)]}})],
        f"PUT /{lookup}": [(200, {})], f"DELETE /{lookup}": [(200, {})],
        f"POST /{lookup}/_bulk": [(200, {"items": []})],
    }  # fmt: skip
    query = "FROM logs-* METADATA _id | LOOKUP JOIN t ON k"
    with nine.server() as server:
        found = run(server, make_plan(rule("esql", query), MAPPING, tables({"t": [{"k": "b", "r": "admin"}]})))
    assert [one.row for one in found] == [(("r", "admin"),)]
    (shape,) = nine.bodies(f"PUT /{lookup}")
    assert shape["settings"]["index.mode"] == "lookup" and "number_of_shards" not in shape["settings"]
    assert f"LOOKUP JOIN {lookup} ON k" in nine.bodies("POST /_query")[1]["query"]
    assert nine.bodies(f"DELETE /{lookup}")


def test_the_enrich_policy_of_a_case_is_not_made(nine: Any, index: Index) -> None:
    query = "FROM logs-* METADATA _id | ENRICH p ON k"
    plan = make_plan(rule("esql", query), MAPPING, tables({"p": {"rows": [{"k": "b"}], "match": "k"}}))
    with nine.server() as server, pytest.raises(NotEvaluated, match="the enrich policy p of a case is not made"):
        run(server, plan)


def test_a_row_of_a_document_that_has_gone_meanwhile(nine: Any, index: Index) -> None:
    rows = {"columns": [{"name": "_id"}], "values": [["0:0"], ["0:1"]]}
    nine.replies["POST /_query"] = [(200, {}), (200, rows)]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": [hit(1)]}})]
    with nine.server() as server:
        assert run(server, make_plan(rule("esql", "FROM logs-* METADATA _id"), MAPPING)) == [alert(1)]


def test_rows_of_which_nobody_knows_where_they_came_from(nine: Any, index: Index) -> None:
    nine.replies["POST /_query"] = [(200, {"columns": [{"name": "k"}], "values": []})]
    with nine.server() as server, pytest.raises(NotEvaluated, match="no column _id"):
        run(server, make_plan(rule("esql", "FROM logs-* METADATA _id | KEEP k"), MAPPING))


def test_what_a_server_cannot_do_is_said(nine: Any, index: Index) -> None:
    nine.replies["POST /_query"] = [(400, ABSENT)]
    with nine.server() as server, pytest.raises(NotEvaluated, match=r"this Elasticsearch 9\.2\.0 has no ES\|QL"):
        run(server, make_plan(rule("esql", "FROM logs-* METADATA _id"), MAPPING))


def test_events_that_are_refused_are_told(nine: Any, index: Index) -> None:
    refused = {"index": {"_id": "0:1", "status": 400, "error": {"reason": "object mapping for [k]"}}}
    nine.replies[f"POST /{index.name}/_bulk"] = [(200, {"items": [refused]})]
    nine.replies["POST /_search"] = [(200, {"hits": {"hits": []}})]
    said: list[Finding] = []
    with nine.server() as server:
        run(server, make_plan(rule("query", "k: a"), MAPPING), said=said)
    assert [str(one) for one in said] == ["event 1: refused-event Elasticsearch refuses it: object mapping for [k]"]


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [(503, ServerUnavailable, ""), (401, NotAllowed, "authentication failed: ")],
)
def test_a_server_that_is_gone_is_asked_no_more(
    nine: Any, index: Index, status: int, kind: type[Exception], said: str
) -> None:
    nine.replies["POST /_search"] = [(status, {"error": {"type": "x", "reason": "shutting down"}})]
    plan = make_plan(rule("query", "k: a"), MAPPING)
    with nine.server() as server, Elasticsearch(server) as engine:
        for _ in range(2):
            with pytest.raises(kind, match=rf"rule 'My rule': {said}\(?shutting down"):
                list(engine.run([(plan, Window())], batches(EVENTS)))
    assert len(nine.bodies(f"POST /{index.name}/_bulk")) == 1
    assert nine.bodies(f"DELETE /{index.name}") == []
