"""``detections config``"""

from __future__ import annotations

import json
from typing import Any

import click

from detections.cli.common import LINES
from detections.cli.config import Config, find_config
from detections.cli.environment import configured
from detections.cli.settings import SETTINGS


@click.command("config")
@LINES
def command(style: str) -> int:
    """Print the settings that are in force here, and where each comes from.

    Credentials are in environment variables, and not shown.
    """
    config = find_config()
    found = {name: _setting(config, name) for name in SETTINGS}
    if style == "json":
        click.echo(json.dumps({"file": str(config.file) if config.file else None, "settings": found}))
        return 0
    nowhere = "no detections.toml and no [tool.detections] here or above"
    click.echo(f"settings of {config.file}" if config.file else nowhere)
    width = max(map(len, found))
    values = {name: json.dumps(one["value"]) for name, one in found.items()}
    wide = max(map(len, values.values()))
    for name, one in found.items():
        click.echo(f"{name:<{width}}  {values[name]:<{wide}}  {click.style(one['from'], dim=True)}")
    return 0


def _setting(config: Config, name: str) -> dict[str, Any]:
    value = getattr(config, name)
    said = config.file is not None and name in config.said
    if name == "environments":
        known = configured(config)
        value = {one.name: one.url or one.cloud_id or "" for one in known.values()}
    shown = list(value) if isinstance(value, tuple) else value
    return {"value": shown, "from": str(config.file) if said else "default"}
