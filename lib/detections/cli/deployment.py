"""What plan and apply need: the repo's rules as they are to be, the state of an environment, and what Kibana has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from detections import bundle
from detections.cli.common import failed, rules_at
from detections.cli.config import Config
from detections.cli.environment import opened
from detections.deploy.attachments import (
    Present,
    Wanted,
    attachment_changes,
    check_references,
    read_present,
    taken,
    thing_of,
    value_lists_wanted,
)
from detections.deploy.environment import Environment
from detections.deploy.plan import Options, Plan, Thing, make_plan, place
from detections.deploy.state import Entry, State, StateFile, rebuilt
from detections.errors import RuleError, UsageError
from detections.kibana.client import Kibana
from detections.payload import Lock, read_lock
from detections.report import text
from detections.report.count import plural
from detections.rule import Rule

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
    desired: list[dict[str, Any]]
    lock: Lock
    wanted: Wanted
    state: State = field(init=False)

    def plan(self, options: Options, *, rebuild: bool = False) -> Plan:
        """Read Kibana and compare. With ``rebuild`` the state is made again, and written, before."""
        rules = self.kibana.find_rules()
        present = read_present(self.kibana, self.wanted, self.desired)
        where = place(self.kibana.url, self.environment.space)
        self.state = self._rebuilt(where, rules, present) if rebuild else self.file.read(where)
        check_references(self.desired, self.wanted, present)
        return make_plan(
            self.environment.name, self.state, self.desired, rules, self.environment.tag,
            known=self.lock.entries.keys(), options=options,
            attachments=attachment_changes(self.wanted, present, self.state, options),
        )  # fmt: skip

    def _rebuilt(self, where: str, rules: Sequence[dict[str, Any]], present: Present) -> State:
        payloads = {one["rule_id"]: one for one in self.desired}
        known = payloads.keys() | self.lock.entries.keys()
        ours = [one for one in rules if one["rule_id"] in known and self.environment.tag in one.get("tags", ())]
        found = rebuilt(where, ours, payloads)
        state = found.having(self._unfinished(where, found), taken(self.wanted, present))
        self.file.replace()
        self.file.write(state)
        click.echo(f"{self.file.path}: {plural(len(ours), 'rule')} of Kibana count as applied", err=True)
        return state

    def _unfinished(self, where: str, found: State) -> dict[str, Entry]:
        """Rules that an apply has deleted and not yet created anew: nobody but the old state knows of them, if it can
        be read."""
        try:
            old = self.file.read(where).rules
        except UsageError:
            return {}
        return {name: one for name, one in old.items() if one.replaced is not None and name not in found.rules}


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
    for finding in environment.strays(loaded):
        click.echo(text.finding(finding), err=True)
    lock = read_lock(config.path("lock"))
    production = [rule for rule in loaded if rule.metadata.maturity == "production"]
    pairs = [(rule, environment.payload(rule) | {"version": lock.version(rule)}) for rule in production]
    wanted = _wanted(config, pairs)
    file = StateFile(config.path("state") / f"{environment.name}.json")
    with opened(environment) as kibana:
        yield Deployment(environment, kibana, file, [payload for _, payload in pairs], lock, wanted)


def _wanted(config: Config, rules: Sequence[tuple[Rule, dict[str, Any]]]) -> Wanted:
    """What these rules refer to and the repo holds.

    Raises:
        RuleError: a file of it is not in order.
    """
    held = bundle.load_attachments(config.path("exceptions"), config.path("value_lists"), config.path("connectors"))
    if failed(held.findings, strict=False):
        raise RuleError(held.findings)
    objects = [one for one in bundle.with_attachments(rules, held)[0] if thing_of(one) is not Thing.RULE]
    ids = sorted(value_lists_wanted(objects) & held.value_lists.keys())
    values = [held.value_lists[one] for one in ids]
    return Wanted(objects, [{**one.document.data["value_list"], "values": list(one.values)} for one in values])
