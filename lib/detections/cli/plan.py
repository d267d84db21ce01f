"""``detections plan``"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from detections.cli.common import PathType
from detections.cli.config import find_config
from detections.cli.deployment import ADOPT, BUMP, EVERY, OVERWRITE, PRUNE, REBUILD, SKIP, deployment
from detections.cli.environment import ENVIRONMENT, chosen
from detections.cli.output import failure, format_option, report, show
from detections.deploy.model import Kind, Options, Plan, Prune
from detections.deploy.plan import DISABLED
from detections.deploy.saved import write_plan
from detections.errors import DetectionsError


@click.command("plan")
@ENVIRONMENT
@format_option("plan")
@click.option("-o", "--out", type=PathType(), help="Save the plan to this file, for `detections apply`.")
@click.option(
    "--detailed-exitcode",
    "detailed",
    is_flag=True,
    help="Exit code 0: nothing differs, 2: something does, 1: an error.",
)
@OVERWRITE
@ADOPT
@PRUNE
@SKIP
@BUMP
@EVERY
@REBUILD
def command(
    environment: str | None, style: str, out: Path | None, detailed: bool, overwrite_drift: bool, adopt: bool,
    prune: Prune | None, skip: str, bump: bool, every: bool, rebuild: bool,
) -> int:  # fmt: skip
    """Show what `detections apply` would change in Kibana, and what others have changed there.

    Compares the project's production rules, what was applied last, and what is in Kibana. What would be written is
    checked and proved, unless a build has proved the same bytes. Nothing is sent. Exit code 1: something is refused.
    """
    options = Options(overwrite_drift, adopt, prune, skip, bump, every)
    try:
        config = find_config()
        with deployment(config, chosen(environment, config)) as ready:
            plan = ready.plan(options, rebuild=rebuild)
        if out is not None:
            write_plan(out, plan)
    except DetectionsError as error:
        if not detailed:
            raise
        failure(error)
        return 1
    report("plan", style, plan)
    if style == "text":
        for advice in _next(plan, environment, out):
            show(advice)
    if plan.refused:
        return 1
    return 2 if detailed and _differs(plan) else 0


def _differs(plan: Plan) -> bool:
    left = plan.of(Kind.DRIFTED, Kind.CONFLICT, Kind.GONE)
    return bool(plan.work) or any(change.note != DISABLED for change in left)


def _next(plan: Plan, environment: str | None, out: Path | None) -> Iterator[str]:
    """What to do now."""
    where = f" -e {environment}" if environment else ""
    if plan.work:
        options = [
            *(["--overwrite-drift"] if plan.options.overwrite_drift else []),
            *(["--adopt"] if plan.options.adopt else []),
            *([f"--prune {plan.options.prune}"] if plan.options.prune else []),
            *([f"--skip-proof {shlex.quote(plan.options.skip_proof)}"] if plan.options.skip_proof else []),
            *(["--bump"] if plan.options.bump else []),
        ]
        arguments = shlex.quote(str(out)) if out else " ".join(options)
        yield f"next: detections apply{where} {arguments}".rstrip()
    if any(change.action is None for change in plan.of(Kind.DRIFTED, Kind.CONFLICT)):
        yield f"drift: detections pull{where} brings it into the repo; --overwrite-drift writes over it"
    if any(change.action is None and change.payload for change in plan.of(Kind.FOREIGN)):
        yield "foreign: --adopt takes over rules with a rule_id of the repo"
    if plan.of(Kind.GONE) and not plan.options.prune:
        yield "gone: --prune disable or --prune delete removes them"
