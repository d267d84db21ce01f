"""What a server says it can do."""

from __future__ import annotations

from typing import Any

from detections.elastic.capabilities import ANALYZERS, NOTHING, TYPES, capabilities

SIMULATE = "POST /_index_template/_simulate"


def whole(fake: Any) -> None:
    """Everything is there."""
    fake.replies |= {
        f"POST /{NOTHING}/_eql/search": [(404, {"error": {"type": "x", "reason": "no such index"}})],
        "POST /_query": [(200, {"columns": [], "values": []})],
        f"POST /{NOTHING}/_pit": [(200, {"id": "p"})],
        "DELETE /_pit": [(200, {})],
        "GET /_script_language": [(200, {"language_contexts": [{"language": "painless"}]})],
        SIMULATE: [(200, {})],
    }


def test_a_whole_server(nine: Any) -> None:
    whole(nine)
    with nine.server() as server:
        found = capabilities(server)
    assert (found.version, found.lacking, found.types) == ("9.2.0", {}, frozenset())
    assert nine.bodies("DELETE /_pit") == [{"id": "p"}]
    assert len(nine.bodies(SIMULATE)) == 1


def test_a_node_without_modules(nine: Any) -> None:
    whole(nine)
    nine.replies["POST /_query"] = [(405, {"error": "Incorrect HTTP method for uri [/_query] and method [POST]"})]
    del nine.replies[f"POST /{NOTHING}/_eql/search"]
    nine.replies["GET /_script_language"] = [(200, {"language_contexts": []})]
    with nine.server() as server:
        found = capabilities(server)
    assert found.why_not("eql") == "this Elasticsearch 9.2.0 has no EQL"
    assert found.why_not("esql") == "this Elasticsearch 9.2.0 has no ES|QL"
    assert found.why_not("painless") == "this Elasticsearch 9.2.0 has no scripts, and so no runtime fields"
    assert found.why_not("pit") is None


def test_what_the_credentials_do_not_reach_is_said(nine: Any) -> None:
    whole(nine)
    nine.replies["POST /_query"] = [(403, {"error": {"type": "security_exception", "reason": "licence [esql]"}})]
    nine.replies["GET /_script_language"] = [(403, {"error": {"type": "security_exception", "reason": "monitor"}})]
    with nine.server() as server:
        found = capabilities(server)
    assert found.why_not("esql") == "these credentials or this licence have no ES|QL: licence [esql]"
    assert found.why_not("painless") == "these credentials or this licence have no scripts: monitor"


def test_types_are_told_one_by_one(nine: Any) -> None:
    whole(nine)
    bad = (400, {"error": {"type": "mapper_parsing_exception", "reason": "The mapper type does not exist"}})
    nine.replies[SIMULATE] = [bad, bad, *[(200, {})] * (len(TYPES) - 1), bad]
    with nine.server() as server:
        assert capabilities(server).types == {TYPES[0], *ANALYZERS}
