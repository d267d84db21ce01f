"""The stand-in, or a real Kibana where KIBANA_URL says one: a space is made in it and removed after."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_httpserver import HTTPServer

from detections.cli import main
from detections.kibana.answers import ExceptionList, Rule
from detections.kibana.client import CONNECTORS, LISTS, VALUES, Kibana
from detections.kibana.http import RULES
from detections.server import Backoff, Connection, connection

_FOLDER = Path(__file__).parent / "stand_in"
_spec = importlib.util.spec_from_file_location(
    "kibana_stand_in", _FOLDER / "__init__.py", submodule_search_locations=[str(_FOLDER)]
)
assert _spec is not None
assert _spec.loader is not None
_module = sys.modules.setdefault("kibana_stand_in", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(_module)
StandIn = _module.StandIn


class Admin(Kibana):
    """A client with what tests do to a Kibana besides: rules one by one, connectors, whole lists."""

    def request(self, method: str, path: str, *, accept: tuple[int, ...] = (), **options: Any) -> Any:
        """Any call of this space, JSON in and out; None where the answer is empty, or has an accepted status."""
        response = self._http.send(method, path, accept=accept, **options)
        return response.decoded() if response.ok and response.body else None

    def get_rule(self, rule_id: str) -> Any:
        return self.request("GET", RULES, query={"rule_id": rule_id}, accept=(404,))

    def create_rule(self, payload: Any) -> Any:
        rule_id = payload["rule_id"]
        read = lambda: self._get(Rule, RULES, {"rule_id": rule_id})  # noqa: E731
        return self._create(Rule, RULES, payload, read).body

    def update_rule(self, payload: Any) -> Any:
        return self.request("PUT", RULES, body=payload)

    def delete_rule(self, rule_id: str) -> bool:
        return self.request("DELETE", RULES, query={"rule_id": rule_id}, accept=(404,)) is not None

    def find_exception_lists(self) -> list[ExceptionList]:
        return self._pages(ExceptionList, f"{LISTS}/_find", {"namespace_type": "single,agnostic"})

    def delete_exception_list(self, list_id: str, namespace_type: str = "single") -> bool:
        query = {"list_id": list_id, "namespace_type": namespace_type}
        return self.request("DELETE", LISTS, query=query, accept=(404,)) is not None

    def delete_value_list(self, identity: str) -> bool:
        return self.request("DELETE", VALUES, query={"id": identity}, accept=(404,)) is not None

    def create_connector(self, identity: str, payload: Any) -> Any:
        return self.request("POST", f"{CONNECTORS[:-1]}/{identity}", body=payload)


@pytest.fixture(scope="session")
def stand_in_server() -> Iterator[HTTPServer]:
    """A port on loopback for all stand-ins of a run, one after the other."""
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture
def stand_in(stand_in_server: HTTPServer) -> Iterator[StandIn]:
    """A fresh stand-in. The test fails if the contract was broken and it did not clear ``breaches``."""
    stand_in_server.clear()
    found = StandIn(stand_in_server)
    yield found
    assert not found.breaches


@pytest.fixture
def slept() -> list[float]:
    """The seconds that were not slept."""
    return []


@pytest.fixture
def backoff(slept: list[float]) -> Backoff:
    """As patient as ever, without the waiting."""
    return Backoff(sleep=slept.append)


@pytest.fixture
def admin() -> type[Admin]:
    """For a test that needs another client."""
    return Admin


@pytest.fixture
def kibana(stand_in: StandIn, backoff: Backoff) -> Iterator[Kibana]:
    """A client of the stand-in."""
    with Admin(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), backoff=backoff) as client:
        yield client


def _real() -> Connection | None:
    """The Kibana of the environment."""
    if "KIBANA_URL" not in os.environ:
        return None
    said = {name: os.environ.get(f"KIBANA_{name.upper()}") for name in ("api_key", "username", "password")}
    ca_file = os.environ.get("KIBANA_CA_FILE")
    return connection("kibana", url=os.environ["KIBANA_URL"], ca_file=Path(ca_file) if ca_file else None, **said)


@pytest.fixture
def any_kibana(request: pytest.FixtureRequest) -> Iterator[Kibana]:
    """A client of the real Kibana in a space of its own, else of the stand-in."""
    real = _real()
    if real is None:
        yield request.getfixturevalue("kibana")
        return
    name = f"detections-test-{uuid.uuid4().hex[:8]}"
    with Admin(real) as outside, Admin(real, name) as inside:
        outside.request("POST", "/api/spaces/space", body={"id": name, "name": name})
        try:
            yield inside
        finally:
            outside.request("DELETE", f"/api/spaces/space/{name}")


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], backoff: Backoff, stand_in: StandIn
) -> Callable[..., Outcome]:
    """The command line in this process; it waits for nothing, nobody is at its terminal, and it tells no secret.

    The rules of these tests are there to be moved, not to be proved: plan and apply are told so, unless a saved plan
    says it already or the project is one that is ``proved``. Versions are bumped, unless a test says otherwise.
    """
    monkeypatch.setattr("detections.server.http.Backoff", lambda: backoff)

    def call(*arguments: object, proved: bool = False, bump: bool = True) -> Outcome:
        said = list(map(str, arguments))
        if said[0] in ("plan", "apply") and not proved and not any(one.endswith(".json") for one in said[1:2]):
            said += ["--skip-proof", "moved by a test", *(["--bump"] if bump else [])]
        monkeypatch.setattr(sys, "argv", ["detections", *said])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        assert not any(secret in out + err for secret in stand_in.secrets)
        return Outcome(int(stop.value.code or 0), out, err)

    return call


def rule_text(rule_id: str, **fields: object) -> str:
    """A rule file with nothing but what it needs; fields are values whose JSON is TOML, None to leave one out."""
    said = {
        "rule_id": rule_id, "name": f"Rule {rule_id}", "description": "It finds something.", "risk_score": 47,
        "severity": "medium", "type": "query", "query": f'event.action: "{rule_id}"',
        "index": ["logs-aws.cloudtrail-*"],
    } | fields  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items() if value is not None]
    head = 'creation_date = "2026/11/24"\nmaturity = "production"\nupdated_date = "2026/11/24"'
    return "\n".join(["[metadata]", head, "", "[rule]", *lines, ""])


class Project:
    """A project with one environment, the stand-in; the working directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, rule_id: str, **fields: object) -> Path:
        path = self.folder / "rules" / f"{rule_id}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(rule_text(rule_id, **fields))
        return path

    def remove(self, rule_id: str) -> None:
        (self.folder / "rules" / f"{rule_id}.toml").unlink()

    @property
    def state(self) -> Path:
        return self.folder / ".detections/state/test.json"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: StandIn) -> Project:
    (tmp_path / "pyproject.toml").write_text(f'[tool.detections.environments.test]\nurl = "{stand_in.url}"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIBANA_API_KEY", stand_in.api_key)
    found = Project(tmp_path)
    for name in ("a", "b", "c"):
        found.write(name)
    return found


HEAD = '[metadata]\ncreation_date = "2026/11/24"\nmaturity = "production"\nupdated_date = "2026/11/24"\n\n[rule]\n'
COMMON = {
    "author": ["us"], "license": "Apache-2.0", "enabled": True, "interval": "15m", "from": "now-20m", "to": "now-1m",
    "max_signals": 50, "tags": ["Domain: Cloud", "b"], "references": ["https://example.com/?a=b"],
    "false_positives": ["One.\nTwo.\n", "Three"], "note": "## Triage\n\nC:\\temp '''quoted''' \"x\"\n",
    "setup": "None.",
    "risk_score": 21, "severity": "low", "description": "d", "building_block_type": "default", "namespace": "n",
    "rule_name_override": "a.b", "timestamp_override": "event.ingested", "timeline_id": "t", "timeline_title": "T",
    "timestamp_override_fallback_disabled": True, "output_index": "o",
    "threat": [{"framework": "MITRE ATT&CK",
                "tactic": {"id": "TA0005", "name": "Defense Evasion", "reference": "https://attack.mitre.org/x"},
                "technique": [{"id": "T1", "name": "A", "reference": "r",
                               "subtechnique": [{"id": "T1.1", "name": "B", "reference": "r"}]}]}],
    "severity_mapping": [{"field": "a", "operator": "equals", "severity": "high", "value": "x"}],
    "risk_score_mapping": [{"field": "a", "operator": "equals", "value": "", "risk_score": 3}],
    "investigation_fields": {"field_names": ["a", "b"]},
    "related_integrations": [{"package": "aws", "version": "^6.0.0", "integration": "cloudtrail"}],
    "required_fields": [{"name": "event.action", "type": "keyword"}],
    "response_actions": [{"action_type_id": ".osquery", "params": {"query": "select 1", "saved_query_id": "s"}}],
    "exceptions_list": [{"id": "x", "list_id": "trusted", "type": "detection", "namespace_type": "single"}],
    "actions": [{"action_type_id": ".slack", "id": "soc", "group": "default", "params": {"message": "hi {{rule}}\n"},
                 "frequency": {"summary": False, "notifyWhen": "onThrottleInterval", "throttle": "1h"}}],
    "meta": {"from": "1m", "own": {"deep": [1, 2.5, True]}},
}  # fmt: skip
SUPPRESSED = {
    "alert_suppression": {"group_by": ["a"], "duration": {"value": 5, "unit": "h"},
                          "missing_fields_strategy": "doNotSuppress"},
}  # fmt: skip
SEARCHED = {
    "index": ["logs-b-*", "logs-a-*"],
    "filters": [{"meta": {"negate": True}, "query": {"exists": {"field": "a"}}}],
}
TYPES = {
    "query": {"query": 'a: "b\\c"\n', "language": "lucene", "saved_id": "s", **SEARCHED, **SUPPRESSED},
    "saved_query": {"saved_id": "s", "query": "a: b", "data_view_id": "v", **SUPPRESSED},
    "eql": {"query": "any where true", "language": "eql", "event_category_override": "e", "tiebreaker_field": "t",
            "timestamp_field": "s", **SEARCHED, **SUPPRESSED},
    "esql": {"query": "FROM logs-* METADATA _id\n| WHERE a == \"b\"", "language": "esql", **SUPPRESSED},
    "threshold": {"query": "a: *", "threshold": {"field": ["x", "y"], "value": 3,
                                                 "cardinality": [{"field": "z", "value": 2}]},
                  "alert_suppression": {"duration": {"value": 1, "unit": "m"}}, **SEARCHED},
    "threat_match": {"query": "a: *", "threat_query": "*:*", "threat_index": ["ti-*"], "threat_language": "lucene",
                     "threat_mapping": [{"entries": [{"field": "a", "type": "mapping", "value": "b"}]}],
                     "threat_filters": [{"query": {"match_all": {}}}], "threat_indicator_path": "i",
                     "concurrent_searches": 2, "items_per_search": 3, **SEARCHED, **SUPPRESSED},
    "machine_learning": {"anomaly_threshold": 75, "machine_learning_job_id": ["j", "i"], **SUPPRESSED},
    "new_terms": {"query": "a: *", "new_terms": {"field": "new_terms_fields", "value": ["u", "h"],
                  "history_window_start": [{"field": "history_window_start", "value": "now-14d"}]},
                  **SEARCHED, **SUPPRESSED},
}  # fmt: skip


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {toml(one)}" for name, one in value.items()) + "}"
    return f"[{', '.join(map(toml, value))}]" if isinstance(value, list) else json.dumps(value)


@pytest.fixture
def zoo(project) -> Path:
    """A rule of every type with all that it can have, an exception list, a value list and a connector."""
    shutil.rmtree(project.folder / "rules")
    (project.folder / "rules").mkdir()
    for kind, fields in TYPES.items():
        said = COMMON | fields | {"type": kind, "rule_id": f"id-{kind}", "name": f"A {kind} rule"}
        text = HEAD + "".join(f"{name} = {toml(value)}\n" for name, value in said.items())
        (project.folder / f"rules/{kind}.toml").write_text(text)
    for name, text in {
        "exceptions/trusted.toml": (
            '[exception_list]\nlist_id = "trusted"\nname = "T"\ndescription = "D"\ntype = "detection"\n'
            '[[items]]\nitem_id = "i"\nname = "I"\ntype = "simple"\n'
            'entries = [{ field = "a", operator = "included", type = "list", list = { id = "v", type = "ip" } }]\n'
        ),
        "connectors/soc.toml": '[connector]\nid = "soc"\nname = "SOC"\nconnector_type_id = ".slack"\n',
        "value_lists/v.toml": '[value_list]\nid = "v"\nname = "V"\ndescription = "D"\ntype = "ip"\n',
        "value_lists/v.txt": "10.0.0.1\n",
    }.items():
        (project.folder / name).parent.mkdir(exist_ok=True)
        (project.folder / name).write_text(text)
    return project.folder


@pytest.fixture
def texts(project: Project) -> Callable[..., dict[str, str]]:
    """What the files in these folders of the project say, by name; in all of them where none is named."""

    def read(*names: str) -> dict[str, str]:
        folders = names or ("rules", "exceptions", "connectors", "value_lists")
        found = [one for name in folders for one in sorted((project.folder / name).rglob("*.t*"))]
        return {str(one.relative_to(project.folder)): one.read_text() for one in found}

    return read
