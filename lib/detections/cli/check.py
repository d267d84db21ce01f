"""``detections check``"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from detections import check
from detections.cli.common import FORMAT, PROFILE, RULES, STRICT, chosen_profiles, failed, reporter, rules_at
from detections.cli.config import find_config


@click.command("check")
@RULES
@FORMAT
@STRICT
@PROFILE
def command(rules: Sequence[Path], style: str, strict: bool, profiles: Sequence[str]) -> int:
    """Check RULES (files or folders; the project's by default).

    Every problem of every file is reported, as path:line:column: code message. `# detections: allow CODE: reason` in a
    rule file silences a finding.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    home = config.path("rules").resolve()
    ours = any(path.resolve().is_relative_to(home) for path in rules)  # no part of the project has nothing beside it
    beside = rules_at((), config) if ours else ()
    findings = check.run(loaded, chosen_profiles(profiles, config), beside)
    click.echo(reporter(style).check(findings, loaded.files))
    return int(failed(findings, strict))
