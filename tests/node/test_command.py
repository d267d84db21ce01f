"""``detections elasticsearch``, as a process: its URL, and its end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detections.elastic.node import Node

PROGRAM = [sys.executable, "-c", "from detections.cli import main; main()", "elasticsearch"]


@pytest.fixture(autouse=True)
def temporary(elasticsearch_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the node keeps its data. There are jars, since there is a node."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_and_serves_until_it_is_told_to_end(temporary: Path, number: signal.Signals) -> None:
    with running() as process:
        url = line(process)
        with urllib.request.urlopen(url.strip() + "/_cluster/health") as answer:
            assert json.load(answer)["status"] == "green"
        assert list(temporary.iterdir())
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    assert list(temporary.iterdir()) == []


def test_a_port_of_ones_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running("--port", str(port)) as process:
        assert line(process) == f"http://127.0.0.1:{port}\n"


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, running("--port", str(taken.getsockname()[1])) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "Address already in use" in err.splitlines()[0]


def test_a_node_that_dies_is_told(temporary: Path) -> None:
    with running() as process:
        assert line(process)
        assert Path(f"/proc/{process.pid}").exists()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the node has died" in err
    assert list(temporary.iterdir()) == []


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    done = subprocess.run(PROGRAM, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("error: /proc/nowhere/detections cannot be written")


def test_the_first_start_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal: the jars, on one line that is gone at the end."""
    monkeypatch.setenv("XDG_CACHE_HOME", tempfile.mkdtemp(dir=os.environ["TMPDIR"]))
    ours, theirs = os.openpty()
    with subprocess.Popen(PROGRAM, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        while b"jar 2 of 47" not in shown and (read := os.read(ours, 1000)):
            shown += read
        process.send_signal(signal.SIGINT)
        while read := _rest(ours):
            shown += read
    os.close(ours)
    first = shown.decode().split("\r\x1b[K")[1]
    assert first == "Elasticsearch 9.2.0: fetching jar 1 of 47, 0.0 of 41.4 MB"
    assert "interrupted" in shown.decode().split("\r\x1b[K")[-1]
    assert process.returncode == 130


def _rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""
