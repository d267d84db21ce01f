"""The jars in the cache: whole, repaired, or a message that says what to do."""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from detections.elastic import jars
from detections.elastic.jars import cache_folder, install
from detections.errors import NotInstalled, ServerUnavailable


@pytest.fixture(scope="module")
def fetched() -> Path:
    """The user's cache with all the jars in it."""
    try:
        return install(cache_folder()).home
    except NotInstalled as missing:
        pytest.skip(f"no Elasticsearch: {missing}")


@pytest.fixture
def cache(fetched: Path, tmp_path: Path) -> Path:
    """A cache of our own, with the jars."""
    shutil.copytree(fetched, tmp_path / fetched.name)
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, address)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


class Maven:
    """Stands for jgo.maven: gives ``content`` for every jar, or raises it."""

    def __init__(self, content: bytes | Exception) -> None:
        self.content = content
        self.asked: list[str] = []

    def MavenContext(self, repo_cache: Path) -> Any:  # noqa: N802
        self.folder = repo_cache
        return self

    def create_dependency(self, coordinate: str) -> Any:
        self.asked.append(coordinate)
        self.artifact = self
        return self

    def resolve(self) -> Path:
        if isinstance(self.content, Exception):
            raise self.content
        path = self.folder / "one.jar"
        path.write_bytes(self.content)
        return path


def test_a_whole_cache_needs_no_network(cache: Path, no_network: None) -> None:
    installation = install(cache)
    assert len(installation.modules) == 37
    assert all(path.is_file() for path in installation.modules)
    assert (installation.home / "modules/transport-netty4/plugin-descriptor.properties").is_file()


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "folder", "pipe"])
def test_a_damaged_jar_is_fetched_again(cache: Path, damage: str) -> None:
    jar = next(cache.glob("elasticsearch-*/jars/elasticsearch-core-*.jar"))
    content, times = jar.read_bytes(), jar.stat().st_mtime
    jar.unlink()
    if damage == "cut":
        jar.write_bytes(content[:-1])
    elif damage == "flipped":
        jar.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    elif damage == "folder":
        (jar / "inside").mkdir(parents=True)
    elif damage == "pipe":
        os.mkfifo(jar)
    told: list[str] = []
    install(cache, told.append)
    assert (jar.read_bytes(), jar.stat().st_mtime) == (content, times)
    assert told == ["Elasticsearch 9.2.0: fetching jar 1 of 1, 0.0 of 0.1 MB"]


def test_only_the_damaged_jar_is_asked_for(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = next(cache.glob("elasticsearch-*/modules/transport-netty4/netty-common-*.jar"))
    maven = Maven(jar.read_bytes())
    monkeypatch.setattr(jars, "extra", lambda module: maven)
    jar.write_bytes(b"")
    install(cache)
    assert maven.asked == [f"io.netty:netty-common:{jar.stem.removeprefix('netty-common-')}"]
    assert jar.stat().st_size


def test_what_a_killed_fetch_left_goes(cache: Path) -> None:
    (cache / "fetch-left").mkdir()
    (cache / "fetch-left" / "half.jar").write_bytes(b"PK")
    next(cache.glob("elasticsearch-*/jars/elasticsearch-geo-*.jar")).unlink()
    install(cache)
    assert not list(cache.glob("fetch-*"))


def test_a_damaged_description_is_made_again(cache: Path, no_network: None) -> None:
    for name in ("plugin-descriptor.properties", "entitlement-policy.yaml"):
        file = next(cache.glob(f"elasticsearch-*/modules/transport-netty4/{name}"))
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        install(cache)
        assert file.read_bytes() == content


def test_without_network_the_message_says_what_to_do(tmp_path: Path, no_network: None) -> None:
    with pytest.raises(NotInstalled, match=r"Maven Central cannot be reached.*HTTPS_PROXY.*--elasticsearch URL"):
        install(tmp_path)
    assert not list(tmp_path.rglob("*.jar"))


def test_what_is_not_what_it_must_be_never_enters_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "extra", lambda module: Maven(b"PK"))
    with pytest.raises(NotInstalled, match="the checksum is wrong"):
        install(tmp_path)
    assert not list(tmp_path.rglob("*.jar"))


def test_a_repository_without_the_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "extra", lambda module: Maven(RuntimeError("not found in remote repositories")))
    with pytest.raises(NotInstalled, match="Maven Central refused it"):
        install(tmp_path)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, r"the disk is full.*200 MB.*XDG_CACHE_HOME"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EROFS, "cannot be written: Read-only file system"),
    ],
)
def test_a_cache_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    monkeypatch.setattr(jars, "extra", lambda module: Maven(OSError(number, "Read-only file system")))
    with pytest.raises(ServerUnavailable, match=said) as raised:
        install(tmp_path)
    assert not isinstance(raised.value, NotInstalled)
    assert [path.name for path in tmp_path.iterdir()] == ["jars.lock"]


def test_a_folder_that_java_cannot_name(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="Java takes no ':'"):
        install(tmp_path / "a:b")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotInstalled, match=r"jgo is not installed: pip install 'detections\[elasticsearch\]'"):
        install(tmp_path)


def test_a_second_process_waits_for_the_first(cache: Path) -> None:
    """One holds the lock and leaves the cache whole; the other finds nothing to do, though it saw it damaged."""
    jar = next(cache.glob("elasticsearch-*/jars/elasticsearch-geo-*.jar"))
    content = jar.read_bytes()
    jar.write_bytes(b"")
    script = "import sys; from pathlib import Path; from detections.elastic.jars import install; "
    script += "install(Path(sys.argv[1]), print)"
    with (cache / "jars.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-c", script, str(cache)]
        other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1.5)
        jar.write_bytes(content)
    out, _ = other.communicate(timeout=20)
    assert (out, other.returncode) == ("", 0)


@pytest.mark.parametrize(("named", "found"), [("", "HOME/.cache"), ("relative", "HOME/.cache"), ("/caches", "/caches")])
def test_the_cache_is_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch, named: str, found: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    assert str(cache_folder()) == found.replace("HOME", str(Path.home())) + "/detections"
