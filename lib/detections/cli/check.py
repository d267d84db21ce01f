"""``detections check``"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from detections.bundle import with_attachments
from detections.bundle.exceptions import exception_lists
from detections.checks import Cache, Files, run_on
from detections.cli.common import PROFILE, RULES, STRICT, chosen_profiles, failed
from detections.cli.config import Config, find_config
from detections.cli.exceptions import attachments_of, problems_of
from detections.cli.output import format_option, report, tell
from detections.cli.watch import WATCH, watched
from detections.errors import Finding, Level
from detections.payload import to_api
from detections.proof import Baseline, read_baseline
from detections.report.count import plural
from detections.rule import load_files, rule_files
from detections.source import content_of, user_cache

_CACHE = "check.json"
_NAMES = re.compile(rb"\b(?:exceptions_list|actions)\b")


@click.command("check")
@RULES
@format_option("check")
@STRICT
@PROFILE
@click.option(
    "--no-cache", is_flag=True, help="Look at every file, also where it has not changed since the last check."
)
@WATCH
def command(
    rules: Sequence[Path], style: str, strict: bool, profiles: Sequence[str], no_cache: bool, watch: bool
) -> int:
    """Check RULES (files or folders; the project's by default).

    Every problem of every file is reported, as path:line:column: code message. `# detections: allow CODE: reason` in a
    rule file silences a finding.
    """
    cache = Cache(None if no_cache else _cache_of(find_config()))

    def run() -> int:
        return _check(rules, style, strict, profiles, cache)

    return watched(run, rules) if watch else run()


def _check(rules: Sequence[Path], style: str, strict: bool, profiles: Sequence[str], cache: Cache) -> int:
    config = find_config()
    files, findings = rule_files(*(rules or [config.path("rules")]))
    fields = config.own_fields()
    findings += run_on(Files(files, _beside(files, rules, config)), chosen_profiles(profiles, config), fields, cache)
    cache.save()
    findings += [] if rules else _attached(files, config)
    findings, passed = _split(read_baseline(config.path("baseline")), sorted(findings, key=lambda one: one.location))
    if passed:
        tell(f"{plural(len(passed), 'finding')} of the baseline left out")
    report("check", style, findings, files)
    return int(failed(findings, strict))


def _cache_of(config: Config) -> Path | None:
    """The project's, else the user's."""
    folder = config.path("cache") if config.file else user_cache()
    return folder / _CACHE if folder else None


def _beside(files: Sequence[str], paths: Sequence[Path], config: Config) -> tuple[str, ...]:
    """The files of the project's other rules, where these are some of it."""
    home = config.path("rules")
    if not any(path.resolve().is_relative_to(home.resolve()) for path in paths):
        return ()
    places = {Path(file).resolve() for file in files}
    return tuple(file for file in rule_files(home)[0] if Path(file).resolve() not in places)


def _attached(files: Sequence[str], config: Config) -> Iterable[Finding]:
    """What is wrong with the project's exceptions, value lists and connectors, and with how its rules refer to them."""
    attachments = attachments_of(config)
    referring = load_files([file for file in files if _refers(Path(file))])
    lacking = with_attachments([(rule, to_api(rule)) for rule in referring], attachments)[1]
    astray = {finding.location.path for finding in lacking if finding.level is Level.ERROR}
    found = [rule for rule in referring if rule.document.path not in astray]
    return [*attachments.findings, *lacking, *problems_of(found, exception_lists(attachments))]


def _refers(file: Path) -> bool:
    """Whether a rule may name something that is not in its file."""
    with contextlib.suppress(OSError):
        return _NAMES.search(content_of(file)) is not None
    return False


def _split(baseline: Baseline, findings: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings that count, and those that stood before."""
    if not baseline.rules:
        return findings, []
    rules = load_files(sorted({finding.location.path for finding in findings}))
    return baseline.split(findings, [*rules, *rules.unsound])
