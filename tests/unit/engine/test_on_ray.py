"""Runs on a Ray cluster of two nodes on this machine: the alerts of one process, also where a node is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.engine import Embedded
from detections.engine.on_ray import OnRay
from detections.engine.shares import Result
from detections.errors import UsageError
from detections.events import Share, read
from detections.schedule import replay
from made_rules import rule_of

SEQUENCE = (
    'type = "eql"\nlanguage = "eql"\n'
    "query = '''sequence by user.name [any where event.action == \"a0\"] [any where event.action == \"a1\"]'''"
)
SHARES = 24


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    utilities = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed: pip install 'detections[ray]'")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    small = {"num_cpus": 1, "object_store_memory": 100_000_000}
    made = utilities.Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    made.second = made.add_node(**small)
    monkeypatch.setenv("RAY_ADDRESS", made.address)
    yield made
    made.shutdown()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("detections.events.input._SHARE", 1)
    for number in range(SHARES):
        lines = [
            {
                "@timestamp": f"2026-01-01T{number:02d}:{row:02d}:00Z",
                "event": {"id": f"{number}-{row}", "action": f"a{row % 3}", "category": "x"},
                "user": {"name": f"u{(number + row) % 5}"},
            }
            for row in range(20)
        ]
        (tmp_path / f"{number:02d}.ndjson").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


def run(folder: Path, elsewhere: Any = None) -> list[Any]:
    alerts = replay([rule_of(SEQUENCE)], read([folder], print), Embedded(elsewhere=elsewhere))
    return [(alert.timestamp, alert.event_ids) for alert in alerts]


def test_the_alerts_are_those_of_one_process(cluster: Any, folder: Path) -> None:
    assert run(folder, OnRay) == run(folder) != []


def test_a_node_that_is_killed(cluster: Any, folder: Path) -> None:
    begun = []

    class Killing(OnRay):
        def begin(self, share: Share) -> Result:
            begun.append(share)
            if len(begun) == 6:
                cluster.remove_node(cluster.second, allow_graceful=False)
            return super().begin(share)

    assert run(folder, Killing) == run(folder)
    assert len(begun) == SHARES


def test_without_ray_it_is_said_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("detections.engine.on_ray.importlib.import_module", missing)
    with pytest.raises(UsageError, match=r"install detections\[ray\]"):
        run(folder, OnRay)
