"""``detections apply``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from detections.cli.config import find_config
from detections.cli.deployment import ADOPT, OVERWRITE, PRUNE, REBUILD, Deployment, deployment
from detections.cli.environment import ENVIRONMENT, chosen
from detections.deploy.apply import apply_plan
from detections.deploy.outcome import Outcome
from detections.deploy.plan import Kind, Options, Plan, Prune
from detections.deploy.saved import SavedPlan, read_plan
from detections.errors import DetectionsError, UsageError
from detections.report import deployment as text
from detections.report.count import plural


@click.command("apply")
@click.argument("saved", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@ENVIRONMENT
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@OVERWRITE
@ADOPT
@PRUNE
@REBUILD
def command(
    saved: Path | None, environment: str | None, yes: bool, overwrite_drift: bool, adopt: bool, prune: Prune | None,
    rebuild: bool,
) -> int:  # fmt: skip
    """Bring the project's production rules into Kibana: make a plan, show it, ask, and do it.

    A PLAN that `detections plan --out` has kept is done without asking, unless something has moved since. An apply
    that was interrupted is finished by another one. Exit code 1: something could not be done, or waits for a decision
    between the repo and Kibana.
    """
    options = Options(overwrite_drift, adopt, prune)
    kept = None if saved is None else read_plan(saved)
    if kept is not None:
        if rebuild or options != Options():
            raise UsageError("a saved plan has its options already")
        if environment not in (None, kept.environment):
            raise UsageError(f"{saved} is a plan for the environment {kept.environment}")
        environment, options = kept.environment, kept.options
    elif not yes and not sys.stdin.isatty():
        raise UsageError("nobody is there to ask: say --yes, or apply a plan that `detections plan --out` has kept")
    config = find_config()
    with deployment(config, chosen(_named(environment), config)) as found:
        plan = found.plan(options, rebuild=rebuild)
        if kept is not None:
            _unmoved(kept, plan)
        ask = plan.work and kept is None and not yes
        click.echo(text.plan(plan, briefly=not ask))
        if ask:
            click.echo()
            click.confirm(f"Apply {plural(len(plan.work), 'change')} to {plan.environment}?", abort=True)
        return _apply(found, plan)


def _named(environment: str | None) -> str | None:
    """The environment without a configuration has a name in plans only."""
    return None if environment == "default" and not find_config().environments else environment


def _unmoved(kept: SavedPlan, plan: Plan) -> None:
    if moved := kept.moved(plan):
        raise DetectionsError("\n  ".join(["the plan is not true any more, and nothing was done: plan again", *moved]))


def _apply(found: Deployment, plan: Plan) -> int:
    """Do it and tell each outcome; whatever ends it, say at the end what was done and what was not."""
    outcomes: list[Outcome] = []
    if plan.work:
        click.echo()
    try:
        for one in apply_plan(found.kibana, plan, found.state, found.file):
            outcomes.append(one)
            click.echo(text.outcome(one, plan))
    finally:
        told = {one.change.key for one in outcomes}
        missing = [change for change in plan.work if change.key not in told]
        click.echo(text.done(outcomes, missing))
        if missing:
            click.echo("run it again: it goes on where it ended", err=True)
    waiting = [change for change in plan.of(Kind.CONFLICT) if change.action is None]
    return int(bool(waiting) or not all(one.done for one in outcomes))
