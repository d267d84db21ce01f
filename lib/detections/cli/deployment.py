"""What plan and apply need: the repo's rules as they are to be in an environment, and the way there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from detections import bundle
from detections.cli.common import cases_of, failed, rules_at
from detections.cli.config import Config
from detections.cli.environment import opened
from detections.cli.exceptions import attachments_of
from detections.cli.output import findings, tell
from detections.deploy.attachments import Wanted, thing_of, value_lists_wanted
from detections.deploy.deployment import Deployment, Prove
from detections.deploy.environment import Environment
from detections.deploy.model import Thing
from detections.deploy.state import StateFile
from detections.errors import RuleError
from detections.payload import read_lock
from detections.proof import Ground, Record, Standing, read_baseline, standings
from detections.rule import Rule, Rules

OVERWRITE = click.option(
    "--overwrite-drift", is_flag=True, help="Also overwrite rules that were edited in Kibana since the last apply."
)
ADOPT = click.option("--adopt", is_flag=True, help="Also take over rules of the repo that Kibana has without our tag.")
PRUNE = click.option(
    "--prune", type=click.Choice(("disable", "delete")), help="What to do with our rules that are gone from the repo."
)
SKIP = click.option(
    "--skip-proof", "skip", metavar="REASON", default="",
    help="Apply rules that were not checked and proved. The plan and the state say why.",
)  # fmt: skip
BUMP = click.option("--bump", is_flag=True, help="Give rules that have changed their next version, as `lock` does.")
EVERY = click.option("--all", "every", is_flag=True, help="Check and prove every rule, not only those to be written.")
REBUILD = click.option(
    "--rebuild-state", "rebuild", is_flag=True,
    help="Rebuild the state file: what is in Kibana now counts as applied.",
)  # fmt: skip


@contextmanager
def deployment(config: Config, environment: Environment) -> Iterator[Deployment]:
    """A deployment of the project's production rules to an environment.

    Raises:
        RuleError: a rule file has errors; without it the rule would count as gone. Or a rule is none with what the
            environment says of it.
        UsageError: the lock file or the environment cannot be used, or its space does not exist.
        ServerError: Kibana cannot be reached.
    """
    environment.connection()  # whether there is a way at all is told first
    loaded = rules_at((), config)
    if failed(loaded.findings, strict=False):
        raise RuleError(loaded.findings)
    findings(environment.strays(loaded))
    production = [rule for rule in loaded if rule.metadata.maturity == "production"]
    if contradictions := [finding for rule in production for finding in environment.rule(rule)[1]]:
        raise RuleError(contradictions)
    wanted = _wanted(config, [(rule, environment.payload(rule)) for rule in production])
    file = StateFile(config.path("state") / f"{environment.name}.json")
    lock, prove = read_lock(config.path("lock")), _prover(config, loaded, environment)
    with opened(environment) as kibana:
        yield Deployment(environment, kibana, file, production, lock, wanted, prove, tell)


def _prover(config: Config, loaded: Rules, environment: Environment) -> Prove:
    """What proves rules as they are to be in the environment."""

    def prove(rules: Sequence[Rule]) -> Sequence[Standing]:
        there = [environment.rule(rule)[0] for rule in rules]
        project = replace(loaded, rules=tuple(environment.rule(rule)[0] for rule in loaded)) if there else loaded
        library, bases = cases_of(there, [config.path("rules")], config)
        record = Record(config.path("proofs"))
        ground = Ground(library, bases, config.profiles, read_baseline(config.path("baseline")))
        found = standings(project, there, ground, record)
        record.save()
        return found

    return prove


def _wanted(config: Config, rules: Sequence[tuple[Rule, dict[str, Any]]]) -> Wanted:
    """What these rules refer to and the repo holds.

    Raises:
        RuleError: a file of it has errors.
    """
    held = attachments_of(config)
    if failed(held.findings, strict=False):
        raise RuleError(held.findings)
    objects = [thing for thing in bundle.with_attachments(rules, held)[0] if thing_of(thing) is not Thing.RULE]
    lists = [held.value_lists[name] for name in sorted(value_lists_wanted(objects) & held.value_lists.keys())]
    return Wanted(objects, [{**held.document.data["value_list"], "values": list(held.values)} for held in lists])
