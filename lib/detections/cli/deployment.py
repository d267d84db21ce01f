"""What plan and apply need: the repo's rules as they are to be, the state of an environment, and what Kibana has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from detections.cli.common import failed, rules_at
from detections.cli.config import Config
from detections.errors import RuleError
from detections.kibana.client import Kibana
from detections.kibana.environment import Environment
from detections.kibana.plan import Options, Plan, make_plan, place
from detections.kibana.state import State, StateFile, rebuilt
from detections.payload import Lock, read_lock
from detections.report.count import plural

OVERWRITE = click.option(
    "--overwrite-drift", is_flag=True, help="Also write over rules that were edited in Kibana since the last apply."
)
ADOPT = click.option(
    "--adopt", is_flag=True, help="Also take over rules of the repo that are in Kibana without our tag."
)
PRUNE = click.option(
    "--prune", type=click.Choice(("disable", "delete")), help="What to do with rules of ours that left the repo."
)
REBUILD = click.option(
    "--rebuild-state", "rebuild", is_flag=True,
    help="Make the state file again: what is in Kibana now counts as applied.",
)  # fmt: skip


@dataclass(slots=True)
class Deployment:
    """One environment, with a connection to it."""

    environment: Environment
    kibana: Kibana
    file: StateFile
    desired: dict[str, dict[str, Any]]
    lock: Lock
    state: State = field(init=False)

    def plan(self, options: Options, *, rebuild: bool = False) -> Plan:
        """Read Kibana's rules and compare. With ``rebuild`` the state is made again, and written, before."""
        where = place(self.kibana.url, self.environment.space)
        rules = self.kibana.find_rules()
        if rebuild:
            known = self.desired.keys() | self.lock.entries.keys()
            ours = [one for one in rules if one["rule_id"] in known and self.environment.tag in one.get("tags", ())]
            self.state = rebuilt(where, ours, self.desired)
            self.file.replace()
            self.file.write(self.state)
            click.echo(f"{self.file.path}: {plural(len(ours), 'rule')} of Kibana count as applied", err=True)
        else:
            self.state = self.file.read(where)
        return make_plan(
            self.environment.name, self.state, self.desired.values(), rules, self.environment.tag,
            known=self.lock.entries.keys(), options=options,
        )  # fmt: skip


@contextmanager
def deployment(config: Config, environment: Environment) -> Iterator[Deployment]:
    """A deployment of the project's production rules to an environment.

    Raises:
        RuleError: a rule file is none; without it the rule would count as gone.
        UsageError: the lock file or the environment is not in order, or its space is not there.
        ServerError: Kibana cannot be reached.
    """
    loaded = rules_at((), config)
    if failed(loaded.findings, strict=False):
        raise RuleError(loaded.findings)
    lock = read_lock(config.path("lock"))
    desired = {}
    for rule in loaded:
        if rule.metadata.maturity == "production":
            desired[rule.rule_id] = environment.payload(rule) | {"version": lock.version(rule)}
    file = StateFile(config.path("state") / f"{environment.name}.json")
    with Kibana(environment.connection(), environment.space) as kibana:
        if warning := kibana.status().unsupported:
            click.echo(f"{click.style('warning', fg='yellow')}: {warning}", err=True)
        kibana.check_space()
        yield Deployment(environment, kibana, file, desired, lock)
