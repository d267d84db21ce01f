"""``detections scaffold``"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from detections.case import CaseLibrary
from detections.cli import output
from detections.cli.common import RULES, failed, rules_at
from detections.cli.config import Config, find_config
from detections.errors import NotEvaluated, QueryError
from detections.report.count import plural
from detections.report.sinks import Output, Styled
from detections.report.sinks.terminal import line
from detections.rule import Rule
from detections.scaffold import Scaffold, scaffold
from detections.source import save

ADDED = Styled("+", "green")
"""What stands before a file that was made."""


@dataclass(frozen=True, slots=True)
class Made:
    """Cases made for a rule, and the files that hold them."""

    files: Mapping[Path, str]
    cases: Scaffold
    path: Path

    def told(self) -> Iterator[Output]:
        """What was made, in lines."""
        made = self.cases
        covered = f"{len(made.clauses) - len(made.open)} of {plural(len(made.clauses), 'clause')} covered"
        kinds = f"{plural(made.alerts, 'alert')}, {made.quiet} quiet"
        for path in self.files:
            yield line(ADDED, f" {path}", f"  {kinds}, {covered}" if path == self.path else "")
        for clause in made.open:
            yield line(f"    no case was found that turns on `{clause}` alone: write one")
        for name in made.unlike:
            yield line(f"    left out, for the engine says otherwise: {name}")


@click.command("scaffold")
@RULES
def command(rules: Sequence[Path]) -> int:
    """Make cases for RULES (files or folders; the project's by default) that have none, from their queries.

    The conditions of a query are solved for an event that alerts and a near-miss for each of them; then the engine is
    asked. Each file says `scaffolded = true` until somebody has looked at it. Nothing that is there is changed.
    """
    config = find_config()
    loaded = rules_at(rules, config)
    output.findings(loaded.findings)
    library = CaseLibrary(config.path("cases"), config.path("rules"), loaded)
    lacking = [rule for rule in loaded if not library.path(rule).exists()]
    count = 0
    for rule in lacking:
        made, why = made_for(rule, config)
        if made is None:
            output.show(Styled("no cases", "yellow"), f" {rule.document.path}: {why}")
            continue
        write(made.files)
        count += 1
        output.write(made.told())
    output.show(
        f"cases for {plural(count, 'rule')}; {len(lacking) - count} without, {len(loaded) - len(lacking)} had some"
    )
    return int(failed(loaded.findings, strict=False))


def made_for(rule: Rule, config: Config) -> tuple[Made | None, str]:
    """The cases of a rule, and where they are to be; else why there are none."""
    library = CaseLibrary(config.path("cases"), config.path("rules"), ())
    path = library.path(rule)
    stem = path.relative_to(config.path("cases")).with_suffix("").as_posix()
    events = config.path("events")
    number = 1
    name = stem
    while (events / f"{name}.json").exists() or (events / f"{name}_1.json").exists():
        number += 1
        name = f"{stem}_{number}"
    try:
        made = scaffold(rule, name)
    except NotEvaluated as error:
        return None, str(error)
    except QueryError as error:
        return None, f"the query cannot be used: {error.message}"
    if made is None:
        return None, "no event was found that the rule alerts on"
    files = {path: made.text} | {events / one: content for one, content in made.events.items()}
    return Made(files, made, path), ""


def write(files: Mapping[Path, str]) -> None:
    for path, content in files.items():
        save(path, content.encode())
