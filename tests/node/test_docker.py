"""Containers, and which Elasticsearch is taken. There is no Docker here: a stand-in has testcontainers' names."""

from __future__ import annotations

import importlib.util
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from detections.elastic import docker, jars, reach
from detections.elastic.docker import IMAGE, container
from detections.elastic.node import Node
from detections.elastic.server import Server
from detections.errors import NotInstalled, ServerUnavailable
from detections.server import Backoff, Connection

IMPATIENT = Backoff(tries=2, first=0.01, sleep=lambda seconds: None)


class DockerException(Exception):
    pass


class APIError(DockerException):
    explanation = "port is already allocated"


class ImageNotFound(APIError):
    pass


class Engine:
    """Docker, with one image: what runs in it answers at ``port``. ``problem`` is what happens instead."""

    def __init__(self, port: int = 0, problem: Exception | None = None) -> None:
        self.port = port
        self.problem = problem
        self.containers: list[Any] = []
        self.running: list[str] = []
        self.errors = SimpleNamespace(DockerException=DockerException, APIError=APIError, ImageNotFound=ImageNotFound)

    def extra(self, module: str, name: str) -> Any:
        assert name == "docker"
        return {"docker": self, "testcontainers.core.container": self}[module]

    def DockerContainer(self, image: str) -> Any:  # noqa: N802
        self.containers.append(self)
        self.image = image
        self.env: dict[str, str] = {}
        self.ports: dict[str, Any] = {}
        if self.problem is not None and type(self.problem) is DockerException:
            raise self.problem
        return self

    def __enter__(self) -> Any:
        if self.problem is not None:
            raise self.problem
        self.running.append(self.image)
        return self

    def __exit__(self, *exception: object) -> None:
        self.running.remove(self.image)

    def get_exposed_port(self, port: int) -> int:
        assert port == 9200
        return self.port

    def get_logs(self) -> tuple[bytes, bytes]:
        return b"starting\n", b"max virtual memory areas is too low\n"


@pytest.fixture
def engine(elasticsearch_node: Node, monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine(urlsplit(elasticsearch_node.url).port or 0)
    monkeypatch.setattr(docker, "extra", engine.extra)
    return engine


def test_a_container_answers_and_is_gone_after_the_block(engine: Engine) -> None:
    told: list[str] = []
    with container("elasticsearch:8.19.0", progress=told.append) as connection, Server(connection) as server:
        assert server.version == "9.2.0"
        assert engine.running == ["elasticsearch:8.19.0"]
    assert engine.running == []
    assert told == ["Docker: starting elasticsearch:8.19.0"]
    assert engine.ports == {"9200/tcp": ("127.0.0.1", None)}
    assert engine.env["discovery.type"] == "single-node"


def test_a_port_that_is_wished_for(engine: Engine) -> None:
    with container(port=9200):
        assert engine.ports == {"9200/tcp": ("127.0.0.1", 9200)}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (DockerException("Error while fetching server API version"), "no Docker engine answers: is it running"),
        (ImageNotFound("404"), "unknown Docker image x"),
        (APIError("500"), "Docker cannot run x: port is already allocated"),
        (RuntimeError("Ryuk did not start"), "Docker cannot run x: Ryuk did not start"),
        (ConnectionError("Port mapping is not available"), "Docker cannot run x: Port mapping"),
    ],
)
def test_what_docker_says(engine: Engine, problem: Exception, said: str) -> None:
    engine.problem = problem
    with pytest.raises(ServerUnavailable, match=said), container("x"):
        pass
    assert engine.running == []


def test_a_container_that_does_not_serve_shows_its_last_words(engine: Engine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        engine.port = taken.getsockname()[1]
        said = r"(?s)the container of x does not serve: .*last words:\n    starting\n    max virtual memory"
        with pytest.raises(ServerUnavailable, match=said), container("x", backoff=IMPATIENT):
            pass
    assert engine.running == []


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = r"the package docker is not installed: pip install 'detections\[docker\]'"
    with pytest.raises(NotInstalled, match=said), container("x"):
        pass


def test_the_server_that_is_named_comes_first(engine: Engine) -> None:
    named = Connection("https://named")
    with reach.reach(named) as found:
        assert found is named
    assert engine.containers == []


def test_then_an_image_that_is_named(engine: Engine) -> None:
    with reach.reach(image="x"):
        assert engine.running == ["x"]


def test_then_a_node_of_our_own(engine: Engine) -> None:
    with reach.reach() as found, Server(found) as server:
        assert server.version == "9.2.0"
    assert engine.containers == []


def test_and_where_there_are_no_jars_a_container(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(module: str) -> Any:
        raise NotInstalled("Maven Central cannot be reached")

    monkeypatch.setattr(jars, "extra", unreachable)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with reach.reach():
        assert engine.running == [IMAGE]
    engine.problem = DockerException()
    with pytest.raises(NotInstalled, match=r"Maven Central cannot be reached\n    and instead of it: no Docker engine"):
        reach.reach().__enter__()
