"""Which environment a command speaks of, from the configuration and the environment's variables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click

from detections.cli.config import OWN, Config
from detections.cli.output import warning as tell_warning
from detections.deploy.environment import Environment
from detections.deploy.environments import environments, from_variables, without_values
from detections.errors import SourceError, UsageError
from detections.kibana.client import Kibana
from detections.source import read

ENVIRONMENT = click.option(
    "-e", "--environment", "environment", metavar="NAME",
    help="A configured environment; optional when there is only one.",
)  # fmt: skip
_TABLES = {"pyproject.toml": ("tool", "detections", "environments"), OWN: ("environments",)}
"""Where the environments stand in a file of settings; in a file of their own they are all there is."""


def configured(config: Config) -> Mapping[str, Environment]:
    """All environments, by name; empty where none is configured.

    Raises:
        UsageError: the file cannot be read, is not TOML, or something is wrong with one of them. What the file says is
            not in the message.
    """
    if not config.environments:
        return {}
    path = config.path("environments")
    try:
        document = read(path)
    except SourceError as error:
        first, *others = [str(without_values(finding)) for finding in error.findings]
        raise UsageError(first, details=others) from None
    return environments(document, _TABLES.get(path.name, ()), os.environ)


def chosen(name: str | None, config: Config) -> Environment:
    """The environment of this name, or the only one; without any, the one that KIBANA_URL and its like describe.

    Raises:
        UsageError: there is none of this name, or several and none was named.
    """
    known = configured(config)
    names = ", ".join(known)
    if name is not None and name not in known:
        raise UsageError(f"unknown environment {name} ({f'available: {names}' if known else 'none is configured'})")
    if name is None and len(known) > 1:
        raise UsageError(f"choose an environment with --environment (available: {names})")
    if not known:
        return from_variables(os.environ)
    return known[name or next(iter(known))]


@contextmanager
def opened(environment: Environment) -> Iterator[Kibana]:
    """The Kibana of an environment, whose space is there; a version that may behave in other ways is told.

    Raises:
        UsageError: the environment is incomplete, or there is no such space.
        ServerError: Kibana cannot be reached, or refuses the credentials.
    """
    with Kibana(environment.connection(), environment.space) as kibana:
        if warning := kibana.status().unsupported:
            tell_warning(warning)
        kibana.check_space()
        yield kibana
