"""What runs the rules: ``--on``. One module an engine beside this one, loaded when it is chosen."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import click

from detections.engine.protocol import Engine
from detections.errors import Finding
from detections.rule import Rule

ENGINES = {
    "embedded": "detections.cli.on_embedded",
    "elasticsearch": "detections.cli.on_elasticsearch",
    "kibana": "detections.cli.on_kibana",
}
"""Each module has ``running(settings, report)``, which gives a :class:`Running` for as long as it is entered."""

ON = click.option(
    "--on",
    "name",
    type=click.Choice(tuple(ENGINES)),
    default="embedded",
    show_default=True,
    help="What runs the rules.",
)
CREDENTIALS = (
    "Credentials are in the environment: ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD."
)
ELASTICSEARCH = click.option(
    "--elasticsearch", "url", metavar="URL",
    help="The server for --on elasticsearch, else ELASTICSEARCH_URL, else a node of our own. For --on kibana, the one "
    f"that this Kibana uses. {CREDENTIALS}",
)  # fmt: skip
DOCKER = click.option("--docker", "image", metavar="IMAGE", help="For --on elasticsearch, a container of this image.")

ENVIRONMENT = click.option(
    "-e", "--environment", metavar="NAME", help="For --on kibana, the environment it belongs to."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the options say: a server's URL, an image, an environment; and the rules that are going to be run."""

    url: str | None = None
    image: str | None = None
    environment: str | None = None
    rules: Sequence[Rule] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Running:
    """An engine; ``remarks`` are what is to be said of it after a run, lines for a person."""

    engine: Engine
    remarks: Callable[[], Sequence[str]]


def running(name: str, settings: Settings, report: Callable[[Finding], None]) -> AbstractContextManager[Running]:
    """The engine of a name. ``report`` is told what was wrong with events.

    Raises:
        UsageError: the settings are for another engine, or wrong.
        ServerUnavailable: there is no server.
    """
    made: AbstractContextManager[Running] = importlib.import_module(ENGINES[name]).running(settings, report)
    return made
