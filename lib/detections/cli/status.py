"""``detections status``"""

from __future__ import annotations

import click

from detections.cli.common import LINES, reporter
from detections.cli.config import find_config
from detections.cli.environment import ENVIRONMENT, chosen
from detections.deploy.status import executions
from detections.kibana.client import Kibana


@click.command("status")
@ENVIRONMENT
@LINES
def command(environment: str | None, style: str) -> int:
    """Show the last execution of each rule of ours in Kibana, failures first.

    Exit code 1 if an enabled rule has failed.
    """
    chosen_one = chosen(environment, find_config())
    with Kibana(chosen_one.connection(), chosen_one.space) as kibana:
        kibana.check_space()
        found = executions(kibana.find_rules(), chosen_one.tag)
    click.echo(reporter("deployment" if style == "text" else style).status(found))
    return int(any(one.failing for one in found))
