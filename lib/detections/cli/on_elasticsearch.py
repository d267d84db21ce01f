"""``--on elasticsearch``: on the server that is named, else on a node of our own.

Credentials come from the environment, as they are or in files: ``ELASTICSEARCH_API_KEY``, or ``ELASTICSEARCH_USERNAME``
and ``ELASTICSEARCH_PASSWORD``; the same names with ``_FILE`` behind them are paths. ``ELASTICSEARCH_CA_FILE`` is the
certificate of who signed the server's, ``ELASTICSEARCH_CLOUD_ID`` may stand for the URL.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from detections.cli.engines import Running, Settings
from detections.cli.progress import progress
from detections.elastic.engine import Elasticsearch
from detections.elastic.reach import reach
from detections.elastic.server import Server
from detections.errors import Finding, UsageError
from detections.server import Connection, Credentials, connection

_PREFIX = "ELASTICSEARCH_"


@contextmanager
def running(settings: Settings, report: Callable[[Finding], None]) -> Iterator[Running]:
    """Elasticsearch; what was indexed is deleted at the end.

    Raises:
        UsageError: the settings or the variables are wrong.
        ServerUnavailable: there is no server.
    """
    named = None if settings.image else named_server(settings.url, os.environ)
    if settings.image and settings.url:
        raise UsageError("both a URL and an image are given; use one of them")
    with (
        progress() as shown,
        reach(named, image=settings.image, progress=shown) as found,
        Server(found) as server,
        Elasticsearch(server, report) as engine,
    ):
        said = f"on Elasticsearch {server.version}"
        yield Running(engine, lambda: [said, *engine.substitutions])


def named_server(url: str | None, variables: Mapping[str, str]) -> Connection | None:
    """The server that an option or the environment names, with its credentials; None where none is named.

    Raises:
        UsageError: the variables contradict each other, or a file cannot be read.
    """
    address = url or variables.get(f"{_PREFIX}URL") or None
    cloud_id = None if address else variables.get(f"{_PREFIX}CLOUD_ID") or None
    if address is None and cloud_id is None:
        return None
    ca_file = variables.get(f"{_PREFIX}CA_FILE")
    credentials = Credentials.find(variables, "ELASTICSEARCH")
    return connection(
        "elasticsearch", url=address, cloud_id=cloud_id, api_key=credentials.api_key, username=credentials.username,
        password=credentials.password, ca_file=Path(ca_file) if ca_file else None,
    )  # fmt: skip
