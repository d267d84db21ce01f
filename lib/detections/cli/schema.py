"""``detections schema``"""

from __future__ import annotations

from pathlib import Path

import click

from detections.catalog import etc_path
from detections.cli.common import PathType
from detections.cli.output import page, show
from detections.source import save


@click.command("schema")
@click.option("-o", "--output", type=PathType(), help="Write it to this file.")
def command(output: Path | None) -> int:
    """Print the JSON Schema of rule files, for editors."""
    schema = etc_path("rule.schema.json").read_bytes()
    if output is None:
        page(schema.decode())
    else:
        save(output, schema)
        show(str(output))
    return 0
