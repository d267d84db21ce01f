"""The stand-in, or a real Kibana where KIBANA_URL says one: a space is made in it and removed after."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_httpserver import HTTPServer

from detections.cli import main
from detections.kibana.client import Kibana
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
def kibana(stand_in: StandIn, backoff: Backoff) -> Iterator[Kibana]:
    """A client of the stand-in."""
    with Kibana(connection("kibana", url=stand_in.url, api_key=stand_in.api_key), backoff=backoff) as client:
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
    with Kibana(real) as outside, Kibana(real, name) as inside:
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
    """The command line in this process; it waits for nothing, nobody is at its terminal, and it tells no secret."""
    monkeypatch.setattr("detections.kibana.http.Backoff", lambda: backoff)

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["detections", *map(str, arguments)])
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
