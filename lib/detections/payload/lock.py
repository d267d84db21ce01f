"""Versions of rules, and the file that remembers them: ``etc/rules.lock.json``.

A rule's ``version`` grows by one when what Kibana is told about the rule changes, and only then. The lock file holds
the version and the hash of each production rule's payload; ``detections lock`` writes it. A ``version`` in the rule's
own file counts where it is higher than the one that would be given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from detections.errors import Finding, Location, UsageError
from detections.payload.api_object import said
from detections.payload.normalise import encode, normalise, without_version
from detections.payload.record import read_json, write_json
from detections.rule import Rule

CODE = "lock"
HINT = "run `detections lock`"
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Locked:
    """What is remembered of a rule. ``deprecated`` once its file said so; only then may the file go."""

    name: str
    version: int
    hash: str
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """The locked rules by rule_id."""

    entries: Mapping[str, Locked] = field(default_factory=lambda: MappingProxyType({}))

    def version(self, rule: Rule) -> int:
        """The version of a rule as it is now: the locked one, or the next one where the rule has changed since."""
        own, locked = rule.version or 1, self.entries.get(rule.rule_id)
        if locked is None:
            return own
        return max(own, locked.version if locked.hash == digest(rule) else locked.version + 1)

    def having(self, entries: Mapping[str, Locked]) -> Lock:
        """The lock with some entries in the place of what it has."""
        return Lock(MappingProxyType(dict(sorted({**self.entries, **entries}.items()))))


def digest(rule: Rule) -> str:
    """The SHA-256 of what a rule means to Kibana: its canonical payload without the version, and
    without what its file leaves to be worked out."""
    return hashlib.sha256(encode(without_version(normalise(said(rule))))).hexdigest()


def versioned(rule: Rule, payload: Mapping[str, Any], lock: Lock) -> dict[str, Any]:
    """A payload of the rule with the rule's version, in the place where the payload has it, else at its end."""
    return dict(payload) | {"version": lock.version(rule)}


def locked(rule: Rule, lock: Lock) -> bool:
    """Whether the lock is to remember a rule: one of production, and one that it remembers already."""
    return rule.metadata.maturity == "production" or rule.rule_id in lock.entries


def updated(lock: Lock, rules: Iterable[Rule], least: Mapping[str, int] = _NOTHING) -> Lock:
    """The lock as it is to be for these rules. Entries without a rule stay. ``least`` are versions, by rule_id, that
    are not to be lower."""
    entries = dict(lock.entries)
    for rule in rules:
        if locked(rule, lock):
            deprecated = rule.metadata.maturity == "deprecated"
            version = max(lock.version(rule), least.get(rule.rule_id, 1))
            entries[rule.rule_id] = Locked(rule.name, version, digest(rule), deprecated)
    return Lock(MappingProxyType(dict(sorted(entries.items()))))


class Elsewhere(msgspec.Struct):
    """What elastic/detection-rules' version lock says of a rule; ``previous`` are its branches for older stacks."""

    version: int
    previous: dict[str, Elsewhere] = msgspec.field(default_factory=dict)

    @property
    def highest(self) -> int:
        return max([self.version, *(branch.highest for branch in self.previous.values())])


def taken_from(lock: Lock, rules: Iterable[Rule], table: Mapping[str, Any], path: str) -> tuple[Lock, int]:
    """The lock with the versions of an elastic/detection-rules version lock, the JSON object in the file at ``path``,
    for each of these rules that it names; and how many that are.

    Of two versions the higher counts. Its hashes are of another form of a rule, so each rule is assumed to be what its
    version there stands for.

    Raises:
        UsageError: the object is no such lock.
    """
    try:
        theirs = msgspec.convert(table, dict[str, Elsewhere])
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is not a version lock: {error}") from None
    entries, taken = dict(lock.entries), 0
    for rule in rules:
        if rule.rule_id in theirs and locked(rule, lock):
            deprecated = rule.metadata.maturity == "deprecated"
            version = max(theirs[rule.rule_id].highest, lock.version(rule))
            entries[rule.rule_id] = Locked(rule.name, version, digest(rule), deprecated)
            taken += 1
    return Lock(MappingProxyType(dict(sorted(entries.items())))), taken


def problems(lock: Lock, rules: Iterable[Rule], path: str) -> list[Finding]:
    """What the lock, in the file at ``path``, and the rules (all of the project) say of each other that cannot be.

    Found are a rule that changed without a new version, or that is not locked; a version in a rule's file that is
    lower than the locked one, or that stands for something else there; and a locked rule without a file that was
    not deprecated before.
    """
    findings: list[Finding] = []
    seen: set[str] = set()
    for rule in rules:
        seen.add(rule.rule_id)
        if locked(rule, lock):
            findings += _about(rule, lock.entries.get(rule.rule_id))
    for rule_id, entry in lock.entries.items():
        if rule_id not in seen and not entry.deprecated:
            findings.append(removed(rule_id, entry, path))
    return sorted(findings, key=lambda finding: finding.location)


def removed(rule_id: str, entry: Locked, path: str) -> Finding:
    hint = 'restore its file with maturity = "deprecated" and run `detections lock`; then the file can be removed'
    return _finding(path, f"{entry.name} ({rule_id}) was removed without being deprecated first", hint)


def unusable(lock: Lock, rules: Iterable[Rule]) -> list[Finding]:
    """Versions in rules' files that cannot stand: locking does not mend these."""
    ours = (rule for rule in rules if locked(rule, lock))
    return [problem for rule in ours for problem in _own_version(rule, lock.entries.get(rule.rule_id))]


def _about(rule: Rule, entry: Locked | None) -> list[Finding]:
    if entry is None:
        return [rule.document.finding(CODE, "the rule is not in the lock file", ("rule", "rule_id"), hint=HINT)]
    return lapses(rule, entry)


def lapses(rule: Rule, entry: Locked) -> list[Finding]:
    """What the lock's entry and the rule say of each other that cannot be."""
    if problems := _own_version(rule, entry):
        return problems
    keys = ("rule", "version" if rule.version else "name")
    if entry.hash != digest(rule):
        text = f"the rule has changed, but its version is still {entry.version}"
        return [rule.document.finding(CODE, text, keys, hint=HINT)]
    if entry.version < (rule.version or 1):
        return [
            rule.document.finding(
                CODE, f"the version is {rule.version}, but {entry.version} is locked", keys, hint=HINT
            )
        ]
    deprecated = rule.metadata.maturity == "deprecated"
    if entry.deprecated != deprecated:
        text = "the rule is deprecated" if deprecated else "the rule is no longer deprecated"
        return [rule.document.finding(CODE, f"{text}, but the lock file does not say so", keys, hint=HINT)]
    return []


def _own_version(rule: Rule, entry: Locked | None) -> list[Finding]:
    """A version in the file that is lower than the locked one, or is the locked one of another payload."""
    if entry is None or rule.version is None:
        return []
    if rule.version < entry.version:
        text = f"the version was lowered to {rule.version}, but {entry.version} is locked"
        return [rule.document.finding(CODE, text, ("rule", "version"), hint=_LEAVE)]
    if rule.version == entry.version and entry.hash != digest(rule):
        text = f"version {rule.version} is taken: it is locked for an earlier form of the rule"
        return [rule.document.finding(CODE, text, ("rule", "version"), hint=_LEAVE)]
    return []


_LEAVE = "raise it, or remove it from the file: the lock file keeps the version"


def regressions(lock: Lock, before: Lock, path: str) -> list[Finding]:
    """What a lock may not do to an earlier one: lose a rule that was not deprecated, lower a version, or use one again
    for something else."""
    findings = []
    for rule_id, old in before.entries.items():
        new = lock.entries.get(rule_id)
        if new is None:
            if not old.deprecated:
                findings.append(removed(rule_id, old, path))
        elif new.version < old.version:
            findings.append(
                _finding(path, f"{new.name} ({rule_id}): version {old.version} was lowered to {new.version}")
            )
        elif new.version == old.version and new.hash != old.hash:
            findings.append(
                _finding(path, f"{new.name} ({rule_id}): version {old.version} was used for something else before")
            )
    return findings


def _finding(path: str, text: str, hint: str = "") -> Finding:
    return Finding(CODE, text, Location(path), hint=hint)


def read_lock(path: Path) -> Lock:
    """The lock in a file; an empty one where there is no file.

    Raises:
        UsageError: the file has conflict markers or is not a lock file. The message says where and what to do.
    """
    return lock_of(read_json(path, "keep the higher version of each rule, and run `detections lock`"), str(path))


def lock_of(table: Mapping[str, Any] | None, path: str) -> Lock:
    """The lock that a JSON object is.

    Raises:
        UsageError: it is none.
    """
    try:
        entries = msgspec.convert(table or {}, dict[str, Locked])
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is not a lock file: {error}") from None
    bad = next((rule_id for rule_id, entry in entries.items() if entry.version < 1), None)
    if bad is not None:
        raise UsageError(f"{path} is not a lock file: the version of {bad} is less than 1")
    return Lock(MappingProxyType(entries))


def write_lock(path: Path, lock: Lock) -> None:
    """Write the lock, all of it or nothing.

    Raises:
        UsageError: the file cannot be written.
    """
    write_json(path, {rule_id: _entry(entry) for rule_id, entry in lock.entries.items()})


def _entry(entry: Locked) -> dict[str, Any]:
    table: dict[str, Any] = {"name": entry.name, "version": entry.version, "hash": entry.hash}
    return table | {"deprecated": True} if entry.deprecated else table
