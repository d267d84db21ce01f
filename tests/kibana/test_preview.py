"""Cases through Kibana's rule preview. The stand-in's preview runs what it was sent on the embedded engine, over the
documents that an Elasticsearch of sorts was given, and answers in the form in which Kibana stores alerts."""

from __future__ import annotations

import json as stdjson
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from detections.case.run import window
from detections.compile.planner import plan
from detections.engine import Embedded
from detections.errors import NotEvaluated
from detections.events import batches
from detections.mapping import Field
from detections.payload.from_api import from_api
from detections.plan import Window
from detections.plan.exceptions import ExceptionItem
from detections.plan.predicate import Equals
from detections.plan.predicate import Test as Ask
from detections.preview import previewed, started_at
from detections.report import json
from detections.rule import load, load_rules
from detections.source import new, parse
from made_rules import rule_text

REPO = Path(__file__).parents[2]
QUERY = "defense_evasion_ec2_network_acl_created.toml"
NEW_TERMS = "credential_access_ec2_get_password_data_denied.toml"
ESQL = "persistence_ecr_container_upload_outside_business_hours.toml"
SEQUENCE = "exfiltration_ec2_snapshot_created_and_shared_externally.toml"
METADATA = {"creation_date": "2026/01/01", "updated_date": "2026/01/01", "maturity": "production"}


class Elasticsearch:
    """What a preview needs of one: indices made, filled and deleted. ``left`` are those that are still there."""

    def __init__(self, server: HTTPServer) -> None:
        self.left: dict[str, dict[str, Any]] = {}
        self.made = 0
        self.url = server.url_for("").rstrip("/")
        server.expect_request(re.compile(".*")).respond_with_handler(self._handle)

    def _handle(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        answer: dict[str, Any] = {"acknowledged": True, "shards_acknowledged": True}
        if request.path == "/":
            answer = {"version": {"number": "9.2.0", "build_flavor": "default"}}
        elif request.method == "PUT" and len(parts) == 1:
            assert parts[0] not in self.left
            self.left[parts[0]] = {}
            self.made += 1
        elif parts[1:] == ["_bulk"]:
            lines = [stdjson.loads(line) for line in request.get_data().splitlines()]
            for action, document in zip(lines[::2], lines[1::2], strict=True):
                self.left[parts[0]][action["index"]["_id"]] = document
            done = [{"index": {"_id": action["index"]["_id"], "status": 201}} for action in lines[::2]]
            answer = {"errors": False, "items": done}
        else:
            assert request.method == "DELETE", request
            del self.left[parts[0]]
        headers = {"x-elastic-product": "Elasticsearch"}
        return Response(stdjson.dumps(answer), 200, headers, content_type="application/vnd.elasticsearch+json")


STATS = """from = "now-60m"
type = "esql"
language = "esql"
query = '''
FROM logs-*
| WHERE event.action == "StopInstances"
| STATS calls = COUNT(*) BY user.name
| WHERE calls >= 2
| KEEP calls, user.name
'''
"""
STATS_CASES = """base = "cloudtrail/stop_instances.json"
[[case]]
name = "two"
verdict = "alert"
history = [{ at = "-5m" }]
row = { calls = 2 }
[[case]]
name = "two of another user"
verdict = "quiet"
history = [{ at = "-5m", set = { "user.name" = "x" } }, { at = "-4m", set = { "user.name" = "x" } }]
"""


@pytest.fixture
def elasticsearch() -> Iterator[Elasticsearch]:
    with HTTPServer(threaded=True) as server:
        yield Elasticsearch(server)


THRESHOLD = """type = "threshold"
language = "kuery"
query = "event.action: CreateNetworkAcl"
[rule.threshold]
field = ["user.name", "@timestamp"]
value = 3
"""
THRESHOLD_CASES = """base = "cloudtrail/create_network_acl.json"
[[case]]
name = "three at once"
verdict = "alert"
history = [{ at = "-0s", times = 2 }]
[[case]]
name = "two at once, and three by somebody else"
verdict = "quiet"
history = [{ at = "-0s" }, { at = "-0s", times = 3, set = { "user.name" = "other" } }]
"""


def executed(body: dict[str, Any], elasticsearch: Elasticsearch) -> Iterator[dict[str, Any]]:
    """The alerts of a preview, by the embedded engine."""
    name = body["index"][0] if "index" in body else re.match(r"FROM (\S+)", body["query"])[1]
    documents = elasticsearch.left[name]
    fields = {key: value for key, value in body.items() if key not in ("invocationCount", "timeframeEnd")}
    rule, findings = load(parse(new({"metadata": METADATA, "rule": from_api(fields | {"rule_id": "x"})}, "x"), "x"))
    assert rule is not None, findings
    made = plan(rule)
    now = int(datetime.fromisoformat(body["timeframeEnd"]).timestamp() * 1000)
    found = [document | {"_id": one, "_index": name} for one, document in documents.items()]
    ids = {document["event"]["id"]: document["_id"] for document in found}
    for number, alert in enumerate(Embedded().run([(made, window(rule, made, now))], batches(found))):
        events = [{"id": ids[one], "type": "event", "index": name, "depth": 0} for one in alert.event_ids]
        shell = {"kibana.alert.rule.name": body["name"], "kibana.alert.ancestors": events}
        if alert.threshold is not None:
            result = json.alert(alert)["threshold_result"]
            yield shell | {"kibana.alert.ancestors": [{"id": "made up"}], "kibana.alert.threshold_result": result}
            continue
        if alert.new_terms:
            shell["kibana.alert.new_terms"] = list(alert.new_terms)
        if len(events) > 1:
            for index, event in enumerate(events):
                yield {"kibana.alert.ancestors": [event], "kibana.alert.building_block_type": "default",
                       "kibana.alert.group.id": str(number), "kibana.alert.group.index": index}  # fmt: skip
            shell["kibana.alert.group.id"] = str(number)
        yield shell | {name: list(value) if isinstance(value, tuple) else value for name, value in alert.row}


@pytest.fixture
def cases(project, stand_in, elasticsearch, monkeypatch) -> Path:
    """The project with rules of four types and their cases; the stand-in executes previews."""
    shutil.rmtree(project.folder / "rules")
    for folder in ("rules", "tests/rules"):
        (project.folder / folder / "aws").mkdir(parents=True)
        for name in (QUERY, NEW_TERMS, ESQL, SEQUENCE):
            shutil.copy(REPO / folder / "aws" / name, project.folder / folder / "aws" / name)
    (project.folder / "rules/aws/threshold.toml").write_text(rule_text(THRESHOLD, "threshold"))
    (project.folder / "tests/rules/aws/threshold.toml").write_text(THRESHOLD_CASES)
    shutil.copytree(REPO / "tests/events", project.folder / "tests/events")
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch.url)
    stand_in.alerts = lambda body: list(executed(body, elasticsearch))
    return project.folder


def test_the_preview_says_what_the_embedded_engine_says(run, cases, stand_in, elasticsearch):
    embedded, found = run("test"), run("test", "--on", "kibana")
    assert (embedded.code, found.code) == (0, 0), found
    assert found.out == embedded.out
    assert "through the rule preview of Kibana 9" in found.err
    previews = [one for one in stand_in.requests if one.path.endswith("/preview")]
    assert len(previews) == elasticsearch.made > 30
    assert elasticsearch.left == {}
    assert not stand_in.space().rules
    kinds = {one.body["type"] for one in previews}
    assert kinds == {"query", "new_terms", "esql", "eql", "threshold"}
    assert all("rule_id" not in one.body and "actions" not in one.body for one in previews)


def test_a_rule_that_aggregates_says_which_events_are_behind_its_alerts(run, cases, stand_in, elasticsearch):
    (cases / "rules/aws/stats.toml").write_text(rule_text(STATS, index=""))
    (cases / "tests/rules/aws/stats.toml").write_text(STATS_CASES)
    embedded = run("test", "rules/aws/stats.toml")
    found = run("test", "--on", "kibana", "rules/aws/stats.toml")
    assert (embedded.code, found.code, found.out) == (0, 0, embedded.out), found
    queries = {one.body["query"] for one in stand_in.requests if one.path.endswith("/preview")}
    assert all("detections.ids = VALUES(detections.ids)" in query for query in queries)
    assert elasticsearch.left == {}


def test_a_preview_that_says_otherwise_fails_the_case(run, cases, stand_in):
    stand_in.alerts = lambda body: []
    found = run("test", "--on", "kibana", f"rules/aws/{QUERY}")
    assert found.code == 1
    assert "the rule stays quiet, the case expects an alert" in found.out


def test_a_preview_that_fails_is_told_and_leaves_nothing(run, cases, stand_in, elasticsearch):
    body = stdjson.dumps({"previewId": "p", "logs": [{"errors": ["no read on .preview"], "warnings": ["slow"]}],
                       "isAborted": False})  # fmt: skip
    stand_in.fail("preview", 200, times=10**6, body=body)
    found = run("test", "--on", "kibana", f"rules/aws/{QUERY}")
    assert found.code == 1
    assert "failed: no read on .preview" in found.out
    assert "Kibana warns: slow" in found.err
    assert elasticsearch.left == {}


def test_without_an_elasticsearch_it_says_what_is_missing(run, cases, monkeypatch):
    monkeypatch.delenv("ELASTICSEARCH_URL")
    found = run("test", "--on", "kibana")
    assert (found.code, "which Elasticsearch does this Kibana use?" in found.err) == (2, True)
    assert run("test", "--on", "kibana", "--docker", "x").code == 2
    assert run("test", "--environment", "test").code == 2


def test_what_is_previewed_is_the_rule_over_one_index():
    rules = {Path(one.document.path).name: one for one in load_rules(REPO / "rules/aws")}
    assert previewed(rules[QUERY], "i")["index"] == ["i"]
    query = previewed(rules[ESQL], "i")["query"]
    assert query.startswith("FROM i METADATA _id")
    text = rules[QUERY].document.text
    saved = parse(text.replace('type = "query"', 'type = "saved_query"\nsaved_id = "s"'), "x")
    body = previewed(load(saved)[0], "i")
    assert (body["type"], "saved_id" in body) == ("query", False)


def test_exceptions_are_previewed_as_filters():
    rules = {Path(one.document.path).name: one for one in load_rules(REPO / "rules/aws")}
    field = Field("user.name", "keyword")
    made = Ask(field, Equals(frozenset({"a"})))
    items = [ExceptionItem("x", made, None, {"term": {"user.name": "a"}}), ExceptionItem("y", made)]
    queries = [{"term": {"user.name": "a"}}, {"terms": {"user.name": ["a"]}}]
    assert previewed(rules[QUERY], "i", excepted=items)["filters"][-2:] == [
        {"meta": {"negate": True}, "query": query} for query in queries
    ]
    with pytest.raises(NotEvaluated, match=r"an ES\|QL rule has no filters"):
        previewed(rules[ESQL], "i", excepted=items)


def test_the_execution_is_the_one_whose_window_it_is():
    text = (REPO / "rules/aws" / QUERY).read_text()
    rule, _ = load(parse(text.replace("interval = ", 'to = "now-1m"\ninterval = '), "x"))
    now = 1_770_000_000_000
    assert started_at(rule, window(rule, plan(rule), now)) == now
    with pytest.raises(NotEvaluated, match="no execution of the rule has this window"):
        started_at(rule, Window(now, now))
    with pytest.raises(NotEvaluated, match="a window that ends"):
        started_at(rule, Window(now, None))
