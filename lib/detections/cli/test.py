"""``detections test``"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from detections.case import prove
from detections.cli.common import RULES, STRICT, Warnings, cases_of, failed, rules_at
from detections.cli.config import find_config
from detections.cli.engines import DOCKER, ELASTICSEARCH, ENVIRONMENT, ON, Settings, running
from detections.cli.output import format_option, report, tell
from detections.engine.embedded import UNKNOWN_INDEX
from detections.errors import Finding
from detections.proof import read_baseline, without


@click.command("test")
@RULES
@format_option("test")
@STRICT
@ON
@ELASTICSEARCH
@DOCKER
@ENVIRONMENT
@click.option("--mutate", is_flag=True, help="Also change each rule in one place at a time; list what no case notices.")
def command(
    rules: Sequence[Path], style: str, strict: bool, name: str, url: str | None, image: str | None,
    environment: str | None, mutate: bool,
) -> int:  # fmt: skip
    """Run the cases of RULES (files or folders; the project's by default).

    A rule fails when a case does not get its verdict, or when no case decides a clause of its query. What the engine
    cannot run is listed as not run, with the reason; coverage and mutants always use the embedded engine.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    library, bases = cases_of(loaded, rules, config)
    warnings = Warnings()
    with running(name, Settings(url, image, environment, loaded), _of_cases(warnings)) as on:
        proofs = list(prove(loaded, library, bases, on.engine, with_mutants=mutate))
        remarks = on.remarks()
    warnings.close()
    baseline = read_baseline(config.path("baseline"))
    proofs = without(proofs, baseline)
    findings = [*baseline.split(loaded.findings, loaded.unsound)[0], *library.findings]
    for remark in remarks:
        tell(remark)
    report("test", style, proofs, findings)
    return int(failed([*findings, *(one for proof in proofs for one in proof.findings)], strict))


def _of_cases(report: Callable[[Finding], None]) -> Callable[[Finding], None]:
    """Without what is no matter: the events of a case need not say in which index they are."""
    return lambda finding: None if finding.code == UNKNOWN_INDEX else report(finding)
