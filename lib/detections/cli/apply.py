"""``detections apply``"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from detections.cli.common import PathType
from detections.cli.config import find_config
from detections.cli.deployment import ADOPT, BUMP, EVERY, OVERWRITE, PRUNE, REBUILD, SKIP, deployment
from detections.cli.environment import ENVIRONMENT, chosen
from detections.cli.output import show, tell, write
from detections.deploy.apply import apply_plan
from detections.deploy.deployment import Deployment
from detections.deploy.model import Kind, Options, Plan, Prune
from detections.deploy.outcome import Outcome
from detections.deploy.saved import SavedPlan, read_plan
from detections.errors import DetectionsError, UsageError
from detections.payload.lock import write_lock
from detections.report import deployment as text
from detections.report.count import plural
from detections.report.sinks.terminal import line


@click.command("apply")
@click.argument("saved", metavar="[PLAN]", required=False, type=PathType())
@ENVIRONMENT
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@OVERWRITE
@ADOPT
@PRUNE
@SKIP
@BUMP
@EVERY
@REBUILD
def command(
    saved: Path | None, environment: str | None, yes: bool, overwrite_drift: bool, adopt: bool, prune: Prune | None,
    skip: str, bump: bool, every: bool, rebuild: bool,
) -> int:  # fmt: skip
    """Bring the project's production rules into Kibana: make a plan, show it, ask, apply it.

    What would be written is checked and proved, unless a build has proved the same bytes; a rule that fails, or that
    has changed without a new version, is refused.

    A PLAN saved by `detections plan --out` is applied without asking, unless it is stale. Run it again to finish an
    apply that was interrupted. Exit code 1: something could not be done, was refused, waits for a decision between the
    repo and Kibana, or was not confirmed.
    """
    options = Options(overwrite_drift, adopt, prune, skip, bump, every)
    kept = None if saved is None else read_plan(saved)
    if kept is not None:
        if rebuild or options != Options():
            raise UsageError("a saved plan has its own options: pass none with it")
        if environment not in (None, kept.environment):
            raise UsageError(f"{saved} is a plan for the environment {kept.environment}, not {environment}")
        environment, options = kept.environment, kept.options
    elif not yes and not (sys.stdin and sys.stdin.isatty()):
        raise UsageError("not a terminal: pass --yes, or apply a plan saved by `detections plan --out`")
    config = find_config()
    with deployment(config, chosen(_named(environment), config)) as ready:
        plan = ready.plan(options, rebuild=rebuild)
        if kept is not None:
            _unmoved(kept, plan)
        ask = plan.work and kept is None and not yes
        write(text.plan(plan, briefly=not ask))
        if ask and not _confirmed(plan):
            tell("nothing was applied")
            return 1
        if options.bump and plan.work:
            write_lock(config.path("lock"), ready.lock)
        return _apply(ready, plan)


def _named(environment: str | None) -> str | None:
    """The environment without a configuration has a name in plans only."""
    return None if environment == "default" and not find_config().environments else environment


def _confirmed(plan: Plan) -> bool:
    show()
    return click.confirm(line(f"Apply {plural(len(plan.work), 'change')} to {plan.environment}?"))


def _unmoved(kept: SavedPlan, plan: Plan) -> None:
    if moved := kept.moved(plan):
        raise DetectionsError("the saved plan is stale, and nothing was done: plan again", details=moved)


def _apply(ready: Deployment, plan: Plan) -> int:
    """Do it and tell each outcome; whatever ends it, say at the end what was done and what was not."""
    outcomes: list[Outcome] = []
    if plan.work:
        show()
    try:
        for outcome in apply_plan(ready.kibana, plan, ready.state, ready.file):
            outcomes.append(outcome)
            write([text.outcome(outcome, plan)])
    finally:
        told = {outcome.change.key for outcome in outcomes}
        missing = [change for change in plan.work if change.key not in told]
        show(text.done(outcomes, missing))
        if missing:
            tell("run it again to continue")
    waiting = [change for change in plan.of(Kind.CONFLICT, Kind.REFUSED) if change.action is None]
    return int(bool(waiting) or not all(outcome.done for outcome in outcomes))
