"""The stand-in, or a real Kibana where KIBANA_URL says one: a space is made in it and removed after."""

from __future__ import annotations

import importlib.util
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

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


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """A fresh stand-in. The test fails if the contract was broken and it did not clear ``breaches``."""
    with HTTPServer(threaded=True) as server:
        found = StandIn(server)
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
