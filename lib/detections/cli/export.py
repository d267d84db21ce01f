"""``detections export``"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from detections import bundle, payload
from detections.cli.common import RULES, failed, rules_at
from detections.cli.config import find_config
from detections.report import text
from detections.report.count import plural
from detections.rule import Rule

EVERY = click.option("--all", "every", is_flag=True, help='Also rules whose maturity is not "production".')


@click.command("export")
@RULES
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write.  [default: dist/detections.ndjson]"
)
@EVERY
def command(rules: Sequence[Path], output: Path | None, every: bool) -> int:
    """Write RULES (files or folders; the project's by default) as an ndjson bundle for Kibana's rule import."""
    config = find_config()
    loaded = rules_at(rules, config)
    if failed(loaded.findings, strict=False):
        for finding in loaded.findings:
            click.echo(text.finding(finding), err=True)
        click.echo("nothing was written", err=True)
        return 1
    target = output or config.path("output")
    click.echo(f"{target}: {plural(write(loaded, target, every), 'rule')}")
    return 0


def write(rules: Iterable[Rule], target: Path, every: bool) -> int:
    """Write the bundle, all of it or nothing; how many rules it has."""
    chosen = [rule for rule in rules if every or rule.metadata.maturity == "production"]
    bundle.write(target, [payload.to_api(rule) for rule in chosen])
    return len(chosen)
