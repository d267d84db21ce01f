"""``detections test``"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from detections.case import Bases, CaseLibrary, Proof, prove
from detections.cli.common import RULES, STRICT, Warnings, cases_of, failed
from detections.cli.config import find_config
from detections.cli.engines import DOCKER, ELASTICSEARCH, ENVIRONMENT, ON, Settings, running
from detections.cli.output import format_option, report, tell
from detections.cli.watch import WATCH, watched
from detections.engine.embedded import UNKNOWN_INDEX
from detections.errors import Finding, UsageError
from detections.proof import Ground, read_baseline, without
from detections.rule import Rules, reload, rule_files


@click.command("test")
@RULES
@format_option("test")
@STRICT
@ON
@ELASTICSEARCH
@DOCKER
@ENVIRONMENT
@click.option("--mutate", is_flag=True, help="Also change each rule in one place at a time; list what no case notices.")
@WATCH
def command(
    rules: Sequence[Path], style: str, strict: bool, name: str, url: str | None, image: str | None,
    environment: str | None, mutate: bool, watch: bool,
) -> int:  # fmt: skip
    """Run the cases of RULES (files or folders; the project's by default).

    A rule fails when a case does not get its verdict, or when no case decides a clause of its query. What the engine
    cannot run is listed as not run, with the reason; coverage and mutants always use the embedded engine.
    """
    if watch and name != "embedded":
        raise UsageError("--watch runs the cases in this process, without --on")
    tests = _Tests(rules, style, strict, name, Settings(url, image, environment), mutate)
    return watched(tests.run, rules) if watch else tests.run()


@dataclass
class _Tests:
    """The command, which may run many times: what has not changed is not proved again."""

    paths: Sequence[Path]
    style: str
    strict: bool
    on: str
    settings: Settings
    mutate: bool
    _rules: Rules = field(default=Rules(()))
    _library: CaseLibrary | None = None
    _proofs: dict[str, Proof] = field(default_factory=dict)

    def run(self) -> int:
        """Report on all rules; the exit code."""
        config = find_config()
        files, findings = rule_files(*(self.paths or [config.path("rules")]))
        loaded = reload(self._rules, files, config.own_fields())
        library, bases = cases_of(loaded, self.paths, config, self._library)
        proofs, remarks = self._prove(loaded, library, bases)
        self._rules, self._library = loaded, library
        baseline = read_baseline(config.path("baseline"))
        proofs = without(proofs, baseline)
        findings += [*baseline.split(loaded.findings, loaded.unsound)[0], *library.findings]
        for remark in remarks:
            tell(remark)
        report("test", self.style, proofs, findings)
        return int(failed([*findings, *(finding for proof in proofs for finding in proof.findings)], self.strict))

    def _prove(self, rules: Rules, library: CaseLibrary, bases: Bases) -> tuple[list[Proof], Sequence[str]]:
        """The proof of each rule, and what is to be said of the engine."""
        ground = Ground(library, bases)
        digests = {rule.document.path: ground.digest(rule) for rule in rules}
        fresh = [rule for rule in rules if digests[rule.document.path] not in self._proofs]
        warnings = Warnings()
        settings = replace(self.settings, rules=fresh)
        with running(self.on, settings, _of_cases(warnings)) as on:
            made = list(prove(fresh, library, bases, on.engine, with_mutants=self.mutate))
            remarks = on.remarks()
        warnings.close()
        known = {**self._proofs, **{digests[proof.rule.document.path]: proof for proof in made}}
        self._proofs = {digest: known[digest] for digest in digests.values()}
        return [self._proofs[digests[rule.document.path]] for rule in rules], remarks


def _of_cases(report: Callable[[Finding], None]) -> Callable[[Finding], None]:
    """Without what is no matter: the events of a case need not say in which index they are."""
    return lambda finding: None if finding.code == UNKNOWN_INDEX else report(finding)
