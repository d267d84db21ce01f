"""The fuzzer for a few seconds at each boundary, what it found once, and that it sees what it is to see."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from detections.errors import UsageError
from fuzz.boundaries import BOUNDARIES
from fuzz.boundary import REPO
from fuzz.watch import Hang, run, watching

HERE = Path(__file__).parent
COUNTS = {
    "events_ndjson": 100,
    "events_json": 100,
    "events_cloudtrail": 100,
    "events_gzip": 100,
    "events_sources": 100,
    "case": 100,
    "bundle": 100,
}
FINDS = sorted(path for path in (HERE / "finds").glob("*/*") if path.parent.name in BOUNDARIES)
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join((str(HERE), str(REPO / "tests/support")))}


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_boundary(name: str) -> None:
    """In a process of its own, whose memory is bounded. A commit is judged by the same inputs each time, elsewhere each
    run looks at others."""
    seed = "1" if os.environ.get("CI") else str(random.SystemRandom().randrange(10**9))
    command = [sys.executable, "-m", "fuzz", name, "--count", str(COUNTS.get(name, 400)), "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, cwd=REPO, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FINDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_is_mended(path: Path, tmp_path: Path) -> None:
    with watching():
        found = run(BOUNDARIES[path.parent.name], path.read_bytes(), tmp_path)
    assert found is None, found


class Faulty:
    """Does what no boundary may do."""

    name = "faulty"

    def make(self, rng: random.Random) -> bytes:
        return rng.choice((b"raise", b"wait", b"fine"))

    def run(self, data: bytes, folder: Path) -> None:
        if data == b"raise":
            raise KeyError("x")
        if data == b"say nothing":
            raise UsageError("")
        if data == b"say":
            raise UsageError("no")
        while data == b"loop":
            try:
                pass
            except Exception:
                continue


@pytest.mark.parametrize(
    ("data", "signature"),
    [
        (b"fine", None), (b"say", None), (b"raise", "KeyError: 'x'"), (b"say nothing",
        "DetectionsError without a message"),
        (b"loop", "Hang: more than 0.2 s"),
    ],
)  # fmt: skip
def test_it_sees(data: bytes, signature: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fuzz.watch.SECONDS", 0.2)
    with watching():
        found = run(Faulty(), data, tmp_path)
    assert (found and found.signature) == signature


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A process that takes more is told so as by a machine that has none left."""
    script = "from fuzz import watch\nwatch.limit_memory()\nbytearray(2 << 30)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert "MemoryError" in done.stderr


def test_no_handler_catches_a_hang() -> None:
    assert not issubclass(Hang, Exception)
