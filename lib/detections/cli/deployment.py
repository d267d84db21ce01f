"""What plan and apply need: the repo's rules as they are to be in an environment, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from detections import bundle
from detections.cli.common import failed, rules_at
from detections.cli.config import Config
from detections.cli.environment import opened
from detections.deploy.attachments import Wanted, thing_of, value_lists_wanted
from detections.deploy.deployment import Deployment
from detections.deploy.environment import Environment
from detections.deploy.model import Thing
from detections.deploy.state import StateFile
from detections.errors import RuleError
from detections.payload import read_lock
from detections.report import text
from detections.rule import Rule

OVERWRITE = click.option(
    "--overwrite-drift", is_flag=True, help="Also write over rules that were edited in Kibana since the last apply."
)
ADOPT = click.option(
    "--adopt", is_flag=True, help="Also take over rules of the repo that are in Kibana without our tag."
)
PRUNE = click.option(
    "--prune", type=click.Choice(("disable", "delete")), help="What to do with our rules that are gone from the repo."
)
REBUILD = click.option(
    "--rebuild-state", "rebuild", is_flag=True,
    help="Rebuild the state file: what is in Kibana now counts as applied.",
)  # fmt: skip


@contextmanager
def deployment(config: Config, environment: Environment) -> Iterator[Deployment]:
    """A deployment of the project's production rules to an environment.

    Raises:
        RuleError: a rule file has errors; without it the rule would count as gone.
        UsageError: the lock file or the environment cannot be used, or its space does not exist.
        ServerError: Kibana cannot be reached.
    """
    loaded = rules_at((), config)
    if failed(loaded.findings, strict=False):
        raise RuleError(loaded.findings)
    for finding in environment.strays(loaded):
        click.echo(text.finding(finding), err=True)
    lock = read_lock(config.path("lock"))
    production = [rule for rule in loaded if rule.metadata.maturity == "production"]
    pairs = [(rule, environment.payload(rule) | {"version": lock.version(rule)}) for rule in production]
    wanted = _wanted(config, pairs)
    file = StateFile(config.path("state") / f"{environment.name}.json")
    with opened(environment) as kibana:
        desired = [payload for _, payload in pairs]
        yield Deployment(environment, kibana, file, desired, lock, wanted, lambda line: click.echo(line, err=True))


def _wanted(config: Config, rules: Sequence[tuple[Rule, dict[str, Any]]]) -> Wanted:
    """What these rules refer to and the repo holds.

    Raises:
        RuleError: a file of it has errors.
    """
    held = bundle.load_attachments(config.path("exceptions"), config.path("value_lists"), config.path("connectors"))
    if failed(held.findings, strict=False):
        raise RuleError(held.findings)
    objects = [thing for thing in bundle.with_attachments(rules, held)[0] if thing_of(thing) is not Thing.RULE]
    lists = [held.value_lists[name] for name in sorted(value_lists_wanted(objects) & held.value_lists.keys())]
    return Wanted(objects, [{**held.document.data["value_list"], "values": list(held.values)} for held in lists])
