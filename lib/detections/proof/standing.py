"""How rules stand: checked, and proved on their cases, unless the same bytes were proved before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from detections import checks
from detections.case import Bases, CaseLibrary, Proof, prove
from detections.checks import unique
from detections.engine import Embedded
from detections.errors import Finding, Level
from detections.proof.baseline import NOTHING, Baseline
from detections.proof.record import Record, digest
from detections.rule import Rule, Rules


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one rule. ``said`` are a few words: how many cases, or why they were not run. ``findings`` are
    those of the checks, then those of its cases; none where it was taken from the record, which keeps sound rules only.
    """

    rule: Rule
    said: str
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it out of Kibana."""
        return tuple(finding for finding in self.findings if finding.level is Level.ERROR)


@dataclass(frozen=True, slots=True)
class Ground:
    """What rules are proved on: their cases, the base events, the profiles of checks; and what is let pass."""

    library: CaseLibrary
    bases: Bases
    profiles: Sequence[str] = ()
    baseline: Baseline = NOTHING

    def digest(self, rule: Rule) -> str:
        """The hash of all that the proof of a rule hangs on."""
        tables = self.library.tables
        looked_up = [repr((name, tables[name].rows, tables[name].match)) for name in sorted(tables)]
        named = [*sorted(self.profiles), *looked_up, self.baseline.of(rule), self.library.exceptions.text(rule)]
        besides = [part.encode("utf-8", "surrogatepass") for part in named]
        return digest(rule, self.library.files.get(rule.document.path), self.bases, besides)


def standings(rules: Rules, wanted: Sequence[Rule], ground: Ground, record: Record) -> list[Standing]:
    """How each of the ``wanted`` rules stands, in their order; ``rules`` are all rules of the project. What holds is
    added to the record, which is not saved.

    Raises:
        UsageError: a profile does not exist.
    """
    alike = {finding.location.path for finding in unique.check_all(rules)}
    known = {}
    for rule in wanted:
        said = record.said(rule, ground.digest(rule))
        if said is not None and rule.document.path not in alike:
            known[rule.rule_id] = Standing(rule, said)
    fresh = [rule for rule in wanted if rule.rule_id not in known]
    if fresh:
        alone = Rules(tuple(fresh), tuple(rule.document.path for rule in fresh))
        beside = [rule for rule in rules if rule.document.path not in alone.files]
        findings = checks.run(alone, ground.profiles, beside)
        made = assembled(findings, list(prove(fresh, ground.library, ground.bases, Embedded())), ground)
        remember(made, ground, record)
        known |= {standing.rule.rule_id: standing for standing in made}
    return [known[rule.rule_id] for rule in wanted]


def assembled(findings: Iterable[Finding], proofs: Sequence[Proof], ground: Ground) -> list[Standing]:
    """What the checks, the case files and the proofs say, rule by rule, without what is let pass."""
    library = ground.library
    by_path: dict[str, list[Finding]] = {}
    left, _ = ground.baseline.split(findings, [proof.rule for proof in proofs])
    for finding in (*left, *library.findings):
        by_path.setdefault(finding.location.path, []).append(finding)
    return [
        Standing(proof.rule, _said(proof, library), (
            *by_path.get(proof.rule.document.path, ()), *by_path.get(str(library.path(proof.rule)), ()),
            *proof.findings,
        ))
        for proof in without(proofs, ground.baseline)
    ]  # fmt: skip


def without(proofs: Iterable[Proof], baseline: Baseline) -> list[Proof]:
    """The proofs without the findings that are let pass."""
    return [replace(proof, findings=tuple(baseline.split(proof.findings, [proof.rule])[0])) for proof in proofs]


def remember(standings: Iterable[Standing], ground: Ground, record: Record) -> None:
    """Add the rules that nothing is wrong with to the record."""
    for standing in standings:
        if not standing.errors:
            record.add(standing.rule, ground.digest(standing.rule), standing.said)


def _said(proof: Proof, library: CaseLibrary) -> str:
    """A proof in a few words: ``proved by 14 cases, 9 of 9 clauses covered``."""
    if proof.not_run:
        return f"not proved: {proof.not_run}"
    covered = sum(clause.covered for clause in proof.clauses)
    file = library.files.get(proof.rule.document.path)
    cases = f"proved by {_plural(len(proof.verdicts), 'case')}"
    if file is not None and file.scaffolded:
        cases += " made from the query"
    return f"{cases}, {covered} of {_plural(len(proof.clauses), 'clause')} covered" if proof.clauses else cases


def _plural(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
