"""``detections baseline``"""

from __future__ import annotations

import click

from detections import checks
from detections.case import prove
from detections.cli.common import cases_of, chosen_profiles, rules_at
from detections.cli.config import find_config
from detections.cli.output import show
from detections.engine import Embedded
from detections.proof.baseline import taken, write_baseline
from detections.report.count import plural


@click.command("baseline")
def command() -> int:
    """Let pass what stands today: rules without cases, and findings in the files of rules.

    `build`, `check`, `test`, `plan` and `apply` then fail only on what is new, and on every finding of a rule that is
    touched. Cases that fail always count. Run it again to take out what was mended; it also takes in what is new.
    """
    config = find_config()
    rules = rules_at((), config)
    library, bases = cases_of(rules, (), config)
    findings = checks.run(rules, chosen_profiles((), config))
    findings += [finding for proof in prove(rules, library, bases, Embedded()) for finding in proof.findings]
    baseline = taken(findings, [*rules, *rules.unsound])
    path = config.path("baseline")
    write_baseline(path, baseline)
    stood = [text for rule in baseline.rules.values() for text in rule.findings]
    uncased = sum("no cases: " in text for text in stood)
    show(f"{path}: {plural(len(stood), 'finding')} of {plural(len(baseline.rules), 'rule')} accepted, "
               f"{uncased:,} of them rules without cases")  # fmt: skip
    return 0
