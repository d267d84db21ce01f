"""Which environment a command speaks of, from the configuration and the environment's variables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from detections.cli.config import Config
from detections.deploy.environment import Environment
from detections.deploy.environments import environments, from_variables
from detections.errors import UsageError
from detections.kibana.client import Kibana
from detections.source import read

ENVIRONMENT = click.option(
    "-e", "--environment", "environment", metavar="NAME",
    help="The environment of the configuration; may be left out where there is only one.",
)  # fmt: skip
_IN_PYPROJECT = ("tool", "detections", "environments")


def configured(config: Config) -> Mapping[str, Environment]:
    """All environments, by name; empty where none is configured.

    Raises:
        UsageError: something is wrong with one of them.
        SourceError: the file cannot be read, or is no TOML.
    """
    if not config.environments:
        return {}
    path = config.path("environments")
    return environments(read(path), _IN_PYPROJECT if path.name == "pyproject.toml" else (), os.environ)


def chosen(name: str | None, config: Config) -> Environment:
    """The environment of this name, or the only one; without any, the one that KIBANA_URL and its like describe.

    Raises:
        UsageError: there is none of this name, or several and none was named.
    """
    found = configured(config)
    names = ", ".join(found)
    if name is not None and name not in found:
        known = f"the environments are {names}" if found else "none is configured"
        raise UsageError(f"there is no environment {name}: {known}")
    if name is None and len(found) > 1:
        raise UsageError(f"which environment? Say --environment NAME; the environments are {names}")
    if not found:
        return from_variables(os.environ)
    return found[name or next(iter(found))]


@contextmanager
def opened(environment: Environment) -> Iterator[Kibana]:
    """The Kibana of an environment, whose space is there; a version that may behave in other ways is told.

    Raises:
        UsageError: the environment is incomplete, or there is no such space.
        ServerError: Kibana cannot be reached, or refuses the credentials.
    """
    with Kibana(environment.connection(), environment.space) as kibana:
        if warning := kibana.status().unsupported:
            click.echo(f"{click.style('warning', fg='yellow')}: {warning}", err=True)
        kibana.check_space()
        yield kibana
