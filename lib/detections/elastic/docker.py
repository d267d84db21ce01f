"""Elasticsearch in a Docker container, by testcontainers: for what the ephemeral node lacks (EQL, ES|QL, scripts)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from detections.elastic.extra import extra
from detections.elastic.jars import Progress
from detections.elastic.server import Server
from detections.errors import ServerError, ServerUnavailable
from detections.server import Backoff, Connection

IMAGE = "docker.elastic.co/elasticsearch/elasticsearch:9.2.0"
_PORT = "9200/tcp"
_PATIENCE = Backoff(tries=60, first=0.5, longest=2.0)
_ENVIRONMENT = {
    "discovery.type": "single-node",
    "xpack.security.enabled": "false",
    "cluster.routing.allocation.disk.threshold_enabled": "false",
    "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
}


@contextlib.contextmanager
def container(
    image: str = IMAGE, *, port: int = 0, progress: Progress | None = None, backoff: Backoff = _PATIENCE
) -> Iterator[Connection]:
    """A container of this image that answers, and is gone after the block; on a loopback port, 0 for a free one.

    Raises:
        NotInstalled: testcontainers is not installed.
        ServerUnavailable: no Docker engine answers, the image cannot be had, or what runs in it does not answer.
    """
    docker = extra("docker", "docker")
    containers = extra("testcontainers.core.container", "docker")
    if progress:
        progress(f"Docker: starting {image}")
    with contextlib.ExitStack() as stack:
        try:
            one = containers.DockerContainer(image)
            one.env.update(_ENVIRONMENT)
            one.ports[_PORT] = ("127.0.0.1", port or None)
            stack.enter_context(one)
            found = Connection(f"http://127.0.0.1:{one.get_exposed_port(9200)}")
        except docker.errors.ImageNotFound:
            raise ServerUnavailable(f"unknown Docker image {image}") from None
        except docker.errors.APIError as error:
            raise ServerUnavailable(f"Docker cannot run {image}: {error.explanation or error}") from None
        except docker.errors.DockerException:
            raise ServerUnavailable("no Docker engine answers: is it running, and may you use it?") from None
        except (RuntimeError, OSError) as error:
            raise ServerUnavailable(f"Docker cannot run {image}: {error}") from None
        _answers(found, image, one, backoff)
        yield found


def _answers(found: Connection, image: str, one: Any, backoff: Backoff) -> None:
    try:
        with Server(found, backoff) as server:
            server.ask("GET", "/_cluster/health", parameters={"wait_for_status": "yellow", "timeout": "60s"})
    except ServerError as error:
        words = b"".join(one.get_logs()).decode("utf-8", "replace").splitlines()[-15:]
        raise ServerUnavailable(
            f"the container of {image} does not serve: {error}; its last words:", details=words
        ) from None
