"""What cannot be kept of an event is told alike: whatever the layout of its file, and whoever reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import detections
from detections.errors import Finding
from fuzz.boundary import REPO

LINES = (
    b'{"event":{"action":' + b'{"a":' * 120 + b"1" + b"}" * 120 + b'},"@timestamp":"2026-01-01T00:00:00Z"}',
    b'{"event":{"action":"\xff\xfe"},"@timestamp":"2026-01-01T00:00:00Z"}',
    b'{"event":{"action":1e400},"@timestamp":"2026-01-01T00:00:00Z"}',
)
SAID = ("values that are nested too deeply and left out", "bytes that are not UTF-8", "a number too large to hold")


@pytest.fixture(params=["log.ndjson", "log.json", "objects.json"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    listed = b"[" + b",".join(LINES) + b"]"
    layouts = {"log.ndjson": b"\n".join(LINES), "log.json": listed, "objects.json": b"".join(LINES)}
    path.write_bytes(layouts[path.name])
    return path


def run(*arguments: object) -> str:
    command = [sys.executable, "-m", "detections", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=REPO, env=os.environ | {"NO_COLOR": "1"}
    )
    assert done.returncode == 0
    return done.stderr


def test_the_api_tells(log: Path) -> None:
    told: list[Finding] = []
    assert len(list(detections.read_events(log, report=told.append))) == len(LINES)
    assert all(any(said in finding.message for finding in told) for said in SAID), told


def test_search_tells(log: Path) -> None:
    said = run("search", log, "event.action: x")
    assert all(one in said for one in SAID), said


def test_a_replay_tells_of_what_its_rules_read(log: Path) -> None:
    said = run("replay", log)
    assert all(one in said for one in SAID), said
