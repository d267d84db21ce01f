"""``detections config``"""

from __future__ import annotations

from typing import Any

import click

from detections.cli.config import Config, find_config
from detections.cli.environment import configured
from detections.cli.output import format_option, report
from detections.cli.settings import SETTINGS


@click.command("config")
@format_option("config")
def command(style: str) -> int:
    """Print the settings that are in force here, and where each comes from.

    Credentials are in environment variables, and not shown.
    """
    config = find_config()
    found = {name: _setting(config, name) for name in SETTINGS}
    report("config", style, None if config.file is None else str(config.file), found)
    return 0


def _setting(config: Config, name: str) -> dict[str, Any]:
    value = getattr(config, name)
    said = config.file is not None and name in config.said
    if name == "environments":
        known = configured(config)
        value = {one.name: one.url or one.cloud_id or "" for one in known.values()}
    shown = list(value) if isinstance(value, tuple) else value
    return {"value": shown, "from": str(config.file) if said else "default"}
