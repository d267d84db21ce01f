"""``detections lsp``"""

from __future__ import annotations

import importlib

import click

from detections import __version__
from detections.cli.config import find_config
from detections.errors import UsageError
from detections.proof import read_baseline


@click.command("lsp")
def command() -> int:
    """Serve editors: diagnostics, completion, hover, cases and layout of rule files, by the Language Server Protocol.

    An editor starts it and speaks to it over standard input and output. docs/editors.md says how.
    """
    config = find_config()
    try:
        project = importlib.import_module("detections.lsp.project")
        server = importlib.import_module("detections.lsp.server")
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise UsageError("the language server needs pygls: pip install 'detections[lsp]'") from None
    places = (config.path(name) for name in ("rules", "cases", "events"))
    baseline = read_baseline(config.path("baseline"))
    known = project.Project(*places, profiles=config.profiles, fields=config.own_fields(), baseline=baseline)
    server.serve(known, __version__)
    return 0
