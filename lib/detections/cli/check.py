"""``detections check``"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from detections import check
from detections.cli.common import PROFILE, RULES, STRICT, chosen_profiles, failed, rules_at
from detections.cli.config import Config, find_config
from detections.cli.output import format_option, report, tell
from detections.proof import read_baseline
from detections.report.count import plural
from detections.rule import Rule, Rules


@click.command("check")
@RULES
@format_option("check")
@STRICT
@PROFILE
def command(rules: Sequence[Path], style: str, strict: bool, profiles: Sequence[str]) -> int:
    """Check RULES (files or folders; the project's by default).

    Every problem of every file is reported, as path:line:column: code message. `# detections: allow CODE: reason` in a
    rule file silences a finding.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    beside = _beside(loaded, rules, config) if rules else []
    findings = check.run(loaded, chosen_profiles(profiles, config), beside)
    findings, passed = read_baseline(config.path("baseline")).split(findings, [*loaded, *loaded.unsound])
    if passed:
        tell(f"{plural(len(passed), 'finding')} of the baseline left out")
    report("check", style, findings, loaded.files)
    return int(failed(findings, strict))


def _beside(loaded: Rules, paths: Sequence[Path], config: Config) -> list[Rule]:
    """The project's other rules, where these are some of it."""
    home = config.path("rules").resolve()
    if not any(path.resolve().is_relative_to(home) for path in paths):
        return []
    places = {Path(file).resolve() for file in loaded.files}
    return [rule for rule in rules_at((), config) if Path(rule.document.path).resolve() not in places]
