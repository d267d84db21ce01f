"""``--on kibana``: each case through the rule preview of an environment's Kibana.

The events of a case have to be in the Elasticsearch that this Kibana uses: ``--elasticsearch``, ELASTICSEARCH_URL or
the environment's cloud id say where it is. Its credentials are in the variables that ``--on elasticsearch`` reads, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from detections.cli.config import find_config
from detections.cli.engines import Running, Settings
from detections.cli.environment import chosen
from detections.cli.on_elasticsearch import named_server
from detections.elastic.server import Server
from detections.errors import Finding, UsageError
from detections.kibana.client import Kibana
from detections.preview import Preview


@contextmanager
def running(settings: Settings, report: Callable[[Finding], None]) -> Iterator[Running]:
    """The preview of a Kibana; what was indexed for a case is deleted after it.

    Raises:
        UsageError: the settings or the variables are wrong, or nobody says which Elasticsearch it is.
        ServerError: Kibana or Elasticsearch cannot be reached.
    """
    if settings.image:
        raise UsageError("--docker is for --on elasticsearch")
    environment = chosen(settings.environment, find_config())
    variables = {"ELASTICSEARCH_CLOUD_ID": environment.cloud_id or "", **os.environ}
    named = named_server(settings.url, variables)
    if named is None:
        raise UsageError("which Elasticsearch does this Kibana use? Say --elasticsearch URL, or set ELASTICSEARCH_URL")
    with Kibana(environment.connection(), environment.space) as kibana, Server(named) as server:
        version = kibana.status().version
        kibana.check_space()
        engine = Preview(kibana, server, settings.rules, report)
        said = f"through the rule preview of Kibana {version}, space {environment.space}"
        yield Running(engine, lambda: [said, *(f"Kibana warns: {warning}" for warning in engine.warnings)])
