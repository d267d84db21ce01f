"""``detections test``"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from detections.case import prove
from detections.cli.common import FORMAT, RULES, STRICT, cases_of, failed, reporter, rules_at
from detections.cli.config import find_config
from detections.engine import Embedded


@click.command("test")
@RULES
@FORMAT
@STRICT
@click.option("--mutate", is_flag=True, help="Also change each rule in one place at a time; list what no case notices.")
def command(rules: Sequence[Path], style: str, strict: bool, mutate: bool) -> int:
    """Run the cases of RULES (files or folders; the project's by default) on the embedded engine.

    A rule fails when a case says otherwise than the rule, or when no case turns on a leaf of its query.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    library, bases = cases_of(loaded, rules, config)
    proofs = list(prove(loaded, library, bases, Embedded(), with_mutants=mutate))
    findings = [*loaded.findings, *library.findings]
    click.echo(reporter(style).test(proofs, findings))
    return int(failed([*findings, *(one for proof in proofs for one in proof.findings)], strict))
