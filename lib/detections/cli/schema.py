"""``detections schema``"""

from __future__ import annotations

from pathlib import Path

import click

from detections.catalog import etc_path
from detections.source import save


@click.command("schema")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write it to this file.")
def command(output: Path | None) -> int:
    """Print the JSON Schema of rule files, for editors."""
    schema = etc_path("rule.schema.json").read_bytes()
    if output is None:
        click.echo(schema, nl=False)
    else:
        save(output, schema)
        click.echo(str(output))
    return 0
