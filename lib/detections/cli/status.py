"""``detections status``"""

from __future__ import annotations

import click

from detections.cli.config import find_config
from detections.cli.environment import ENVIRONMENT, chosen, opened
from detections.cli.output import format_option, report
from detections.deploy.status import executions


@click.command("status")
@ENVIRONMENT
@format_option("status")
def command(environment: str | None, style: str) -> int:
    """Show how each of our rules in Kibana ran last, failures first.

    Exit code 1: an enabled rule has failed.
    """
    where = chosen(environment, find_config())
    with opened(where) as kibana:
        runs = executions(kibana.find_rules(), where.tag)
    report("status", style, runs)
    return int(any(run.failing for run in runs))
