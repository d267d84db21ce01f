"""What the pages are made of: a project's rules, with all that is known of each."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from detections.backtest import Backtest, Noise
from detections.case import Proof
from detections.catalog import attack
from detections.errors import Finding
from detections.payload import Lock
from detections.rule import Rule
from detections.site.history import History, Version
from detections.site.kibana import Execution, Plan

ATTACK = "MITRE ATT&CK"
_KINDS = {
    "eql": "EQL", "esql": "ES|QL", "machine_learning": "machine learning", "new_terms": "new terms",
    "saved_query": "saved query", "threat_match": "indicator match",
}  # fmt: skip
_DATA_SOURCE = "Data Source: "
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_DEVICES = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])")
"""Names that no file may have on Windows."""


class State(enum.StrEnum):
    """What the cases say of a rule."""

    PROVED = "proved"
    FAILING = "failing"
    NOT_PROVED = "not proved"


@dataclass(frozen=True)
class ListedRule:
    """A rule and what is known of it. ``slug`` names its page; ``proof`` is None where its cases were not run;
    ``versions`` are the newest first."""

    rule: Rule
    slug: str
    proof: Proof | None
    version: int
    versions: Sequence[Version] = ()
    noise: Noise | None = None
    execution: Execution | None = None

    @property
    def url(self) -> str:
        return f"rules/{self.slug}.html"

    @cached_property
    def state(self) -> State:
        """Proved: the cases say what they should, and every clause is covered or excused."""
        if self.proof is None or self.proof.not_run or not self.proof.verdicts:
            return State.NOT_PROVED
        fine = self.proof.passed == len(self.proof.verdicts)
        fine &= all(clause.covered or clause.excuse for clause in self.proof.clauses)
        return State.PROVED if fine else State.FAILING

    @property
    def kind(self) -> str:
        """The type of the rule in words, as Kibana has them."""
        return _KINDS.get(self.rule.type, self.rule.type)

    @cached_property
    def tactics(self) -> tuple[str, ...]:
        """The names of the tactics of ATT&CK, as the rule has them."""
        return tuple(dict.fromkeys(str(threat["tactic"]["name"]) for threat in self.threats))

    @property
    def threats(self) -> Iterator[Mapping[str, Any]]:
        """What the rule says of ATT&CK, a table a tactic."""
        return (threat for threat in self.rule.threat if threat["framework"] == ATTACK)

    @cached_property
    def placed(self) -> frozenset[tuple[str, str]]:
        """The techniques with the tactic that each stands under: pairs of ids. With a sub-technique its technique."""
        found = set()
        for threat in self.threats:
            for technique in threat.get("technique", ()):
                for one in (technique, *technique.get("subtechnique", ())):
                    found.add((str(threat["tactic"]["id"]), str(one["id"])))
        return frozenset(found)

    @property
    def techniques(self) -> list[str]:
        """The ids of techniques and sub-techniques, sorted."""
        return sorted({technique for _, technique in self.placed})

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its events come from: the integrations, or what the tags say where the file names none."""
        if self.rule.metadata.integration:
            return self.rule.metadata.integration
        return tuple(tag.removeprefix(_DATA_SOURCE) for tag in self.rule.tags if tag.startswith(_DATA_SOURCE))

    @property
    def deployed(self) -> bool:
        """Whether the rule is one that a deployment brings into Kibana."""
        return self.rule.metadata.maturity == "production"


@dataclass(frozen=True)
class Project:
    """All that the site shows. ``revision`` names the commit it was made of, empty where there is none. ``executions``
    is None where nobody asked Kibana how the rules ran. ``findings`` are about files that gave no rule. ``shallow``: of
    the history a part is not in this clone."""

    title: str
    entries: tuple[ListedRule, ...]
    findings: tuple[Finding, ...] = ()
    revision: str = ""
    backtest: Backtest | None = None
    plans: tuple[Plan, ...] = ()
    executions: Mapping[str, Execution] | None = None
    shallow: bool = False

    @cached_property
    def by_id(self) -> Mapping[str, ListedRule]:
        """The rules by rule_id, of several with one id the first."""
        return {entry.rule.rule_id: entry for entry in reversed(self.entries)}

    @cached_property
    def running(self) -> tuple[ListedRule, ...]:
        """The rules that are enabled in Kibana, where that is known, else those that a deployment brings there."""
        if self.executions is None:
            return tuple(entry for entry in self.entries if entry.deployed)
        return tuple(entry for entry in self.entries if entry.execution and entry.execution.enabled)


def gather(
    rules: Sequence[Rule],
    proofs: Sequence[Proof],
    lock: Lock,
    history: History,
    *,
    backtest: Backtest | None,
    executions: Mapping[str, Execution] | None,
) -> tuple[ListedRule, ...]:
    """The rules sorted by name, each with what is known of it."""
    proved = {proof.rule.document.path: proof for proof in proofs}
    noise = {one.rule_id: one for one in backtest.rules} if backtest else {}
    taken: set[str] = set()
    entries = []
    for rule in sorted(rules, key=lambda one: (one.name.casefold(), one.name, one.document.path)):
        version = lock.version(rule)
        entries.append(
            ListedRule(
                rule, _slug(rule, taken), proved.get(rule.document.path), version,
                history.versions(rule, version), noise.get(rule.rule_id), (executions or {}).get(rule.rule_id),
            )
        )  # fmt: skip
    return tuple(entries)


def _slug(rule: Rule, taken: set[str]) -> str:
    """The rule_id where it can name a file: an alert in Kibana carries it. Names that differ in case only are one file
    on some systems."""
    slug = rule.rule_id
    if not _SAFE.fullmatch(slug) or _DEVICES.fullmatch(slug):
        slug = f"rule-{hashlib.sha256(rule.rule_id.encode(errors='replace')).hexdigest()[:16]}"
    number, free = 1, slug
    while free.casefold() in taken:
        number += 1
        free = f"{slug}-{number}"
    taken.add(free.casefold())
    return free


def order_of_tactics(names: Sequence[str]) -> list[str]:
    """Names of tactics in ATT&CK's order, unknown ones behind them by name."""
    rank = {tactic.name: number for number, tactic in enumerate(attack.tactics())}
    return sorted(names, key=lambda name: (rank.get(name, len(rank)), name))
