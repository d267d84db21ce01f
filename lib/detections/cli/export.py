"""``detections export``"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from detections import bundle
from detections.cli.common import RULES, PathType, failed, rules_at
from detections.cli.config import Config, find_config
from detections.cli.environment import chosen
from detections.cli.exceptions import attachments_of
from detections.cli.output import findings as tell_findings
from detections.cli.output import show, tell
from detections.deploy.environment import Environment
from detections.errors import Finding
from detections.payload import read_lock, to_api
from detections.payload.lock import versioned
from detections.report.count import plural
from detections.rule import Rule

EVERY = click.option("--all", "every", is_flag=True, help='Also rules whose maturity is not "production".')


@click.command("export")
@RULES
@click.option("-o", "--output", type=PathType(), help="The file to write.  [default: dist/detections.ndjson]")
@click.option("-e", "--environment", metavar="NAME", help="Write the rules as this environment should have them.")
@EVERY
def command(rules: Sequence[Path], output: Path | None, environment: str | None, every: bool) -> int:
    """Write RULES (files or folders; the project's by default) as an ndjson bundle for Kibana's rule import.

    The exception lists and connectors that these rules name go with them. The same rules give the same bytes.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    where = chosen(environment, config) if environment else None
    objects, findings = bundled(loaded, config, every, where)
    findings = [*loaded.findings, *(where.strays(loaded) if where and not rules else ()), *findings]
    tell_findings(findings)
    if failed(findings, strict=False):
        tell("nothing was written")
        return 1
    target = output or config.path("output")
    bundle.write(target, objects)
    said = f"{target}: {counted(objects)}"
    # A bundle that goes to a pipe, or to standard output, is all that goes there.
    if Path("/dev") in target.parents or not target.is_file():
        tell(said)
    else:
        show(said)
    return 0


def bundled(
    rules: Iterable[Rule], config: Config, every: bool, environment: Environment | None = None
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The objects of a bundle, and what is wrong with what the rules name."""
    lock = read_lock(config.path("lock"))
    payload = to_api if environment is None else environment.payload
    production = [rule for rule in rules if every or rule.metadata.maturity == "production"]
    payloads = [
        (rule, versioned(rule, payload(rule), lock) if rule.rule_id in lock.entries else payload(rule))
        for rule in production
    ]
    attachments = attachments_of(config)
    objects, findings = bundle.with_attachments(payloads, attachments)
    return objects, [*attachments.findings, *findings]


def counted(objects: Sequence[dict[str, Any]]) -> str:
    """``24 rules, 1 exception list, 2 connectors``."""
    lists = sum("list_id" in one and "entries" not in one for one in objects)
    items = sum("entries" in one for one in objects)
    connectors = sum("attributes" in one for one in objects)
    parts = [plural(len(objects) - lists - items - connectors, "rule")]
    parts += [plural(count, name) for count, name in ((lists, "exception list"), (connectors, "connector")) if count]
    return ", ".join(parts)
