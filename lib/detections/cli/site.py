"""``detections site``"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

import click

from detections.backtest import read_backtest
from detections.case import prove
from detections.cli.common import RULES, STRICT, PathType, cases_of, failed, rules_at
from detections.cli.config import find_config
from detections.cli.output import findings, show
from detections.cli.progress import progress
from detections.elastic.extra import demand
from detections.engine import Embedded
from detections.payload import read_lock
from detections.report.count import plural

_TITLE = "Detection rules"


@click.command("site")
@RULES
@STRICT
@click.option("-o", "--out", type=PathType(file_okay=False), help="The folder; the project's by default.")
@click.option("--title", default=_TITLE, show_default=True, help="The title of every page.")
@click.option("--mutate", is_flag=True, help="Also change each rule in one place at a time, as `test --mutate` does.")
@click.option(
    "--backtest", type=PathType(), metavar="FILE",
    help="Show this backtest.  [default: the one that `backtest --save` kept]",
)  # fmt: skip
@click.option(
    "--plan", "plans", type=PathType(), multiple=True, metavar="FILE",
    help="Show what `plan --format json` printed, once for each environment.",
)  # fmt: skip
@click.option(
    "--status", type=PathType(), metavar="FILE",
    help="Show which rules are enabled, and how they ran: what `status --format json` printed.",
)  # fmt: skip
def command(
    rules: Sequence[Path], strict: bool, out: Path | None, title: str, mutate: bool, backtest: Path | None,
    plans: Sequence[Path], status: Path | None,
) -> int:  # fmt: skip
    """Write pages of RULES (files or folders; the project's by default) that need no server.

    A catalogue with search, a page for each rule with its cases, and ATT&CK's matrix. What is wrong with a rule that
    does not load is told, and the others are written.
    """
    for package in ("jinja2", "markdown_it"):
        demand(package, "site")
    site = importlib.import_module("detections.site")
    config = find_config()
    kept = config.path("backtest")
    past = read_backtest(backtest) if backtest else read_backtest(kept) if kept.is_file() else None
    planned = tuple(map(site.read_plan, plans))
    executions = site.read_status(status) if status else None
    lock = read_lock(config.path("lock"))
    loaded = rules_at(rules, config)
    library, bases = cases_of(loaded, rules, config)
    # A rule without cases is shown as one; here it is not a mistake.
    wrong = [
        *loaded.findings,
        *(finding for finding in library.findings if finding.location.path not in set(loaded.files)),
    ]
    findings(wrong)
    with progress() as tell:
        proofs = []
        for proof in prove(loaded, library, bases, Embedded(), with_mutants=mutate):
            proofs.append(proof)
            if tell:
                tell(f"cases: {len(proofs):,} of {len(loaded):,} rules")
        history = site.read_history(loaded.rules, config.path("lock"))
        entries = site.gather(loaded.rules, proofs, lock, history, backtest=past, executions=executions)
        project = site.Project(
            title, entries, tuple(wrong), history.revision, past, planned, executions, history.shallow
        )
        folder = out or config.path("site")
        files, size = site.write(folder, site.pages(project, tell))
    show(f"{folder / 'index.html'}: {plural(len(entries), 'rule')}, {plural(files, 'file')}, {size / 1e6:,.1f} MB")
    return int(failed(wrong, strict))
