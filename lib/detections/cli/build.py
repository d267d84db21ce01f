"""``detections build``: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from detections import bundle, checks
from detections.case import prove
from detections.cli import export
from detections.cli.common import STRICT, cases_of, chosen_profiles, failed, rules_at
from detections.cli.config import find_config
from detections.cli.output import findings as show_findings
from detections.cli.output import show, write
from detections.engine import Embedded
from detections.proof import Ground, Record, assembled, read_baseline, remember, without
from detections.report import text
from detections.report.count import Tally, found, plural, tally
from detections.report.sinks import Styled


@click.command("build")
@STRICT
def command(strict: bool) -> int:
    """Check the project's rules, prove them on their cases, and write the bundle for Kibana.

    With a finding of level error, or a case that fails, no bundle is written. What was proved is remembered, so that
    `detections plan` and `apply` do not prove the same bytes again.
    """
    config = find_config()
    rules = rules_at((), config)
    findings = checks.run(rules, chosen_profiles((), config))
    library, bases = cases_of(rules, (), config)
    baseline = read_baseline(config.path("baseline"))
    ground = Ground(library, bases, config.profiles, baseline)
    proofs = list(prove(rules, library, bases, Embedded()))
    record = Record(config.path("proofs"))
    remember(assembled(findings, proofs, ground), ground, record)
    record.save()
    everything = [*findings, *(finding for proof in proofs for finding in proof.findings)]
    passed = baseline.split(everything, [*rules, *rules.unsound])[1]
    findings, proofs = baseline.split(findings, [*rules, *rules.unsound])[0], without(proofs, baseline)
    proved = [*library.findings, *(finding for proof in proofs for finding in proof.findings)]
    objects, lacking = export.bundled(rules, config, every=False)
    show_findings(dict.fromkeys([*findings, *proved, *lacking]), err=False)
    write(text.not_run(proof) for proof in proofs if proof.not_run)
    broken = failed([*findings, *proved, *lacking], strict)
    counts = tally(proofs)
    _line("rules", f"{len(rules.files)} checked", found(findings), not failed(findings, strict))
    _line(
        "cases",
        f"{counts.cases} run on the embedded engine",
        f"{counts.passed} as expected",
        counts.passed == counts.cases,
    )
    _line("clauses", f"{counts.clauses} in the rules' queries", _covered(counts), not failed(proved, strict))
    if baseline.rules:
        uncased = sum(one.message.startswith("no cases") for one in passed)
        left = f"{plural(len(passed), 'finding')} left, {uncased:,} of them rules without cases"
        _line("baseline", str(config.path("baseline")), left, True)
    target = config.path("output")
    if broken:
        _line("bundle", str(target), "not written: fix the errors above", False)
        return 1
    bundle.write(target, objects)
    _line("bundle", str(target), f"{export.counted(objects)}, {_size(target)}", True)
    return 0


def _covered(counts: Tally) -> str:
    return f"{counts.covered} covered" + (f", {counts.excused} excused" if counts.excused else "")


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1000:,.0f} kB"


def _line(name: str, what: str, result: str, fine: bool) -> None:
    mark = Styled("ok", "green") if fine else Styled("!!", "red", bold=True)
    show(mark, f"  {name:<8} {what:<40} {result}")
