"""A baseline: what stood when checks and cases were begun, and is let pass until somebody touches the rule.

The file has, for each rule, a hash of what it says, and its findings. A rule that says something else has none to be
let pass: comments and layout are no matter, and so is a finding in another file than the rule's own.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detections.errors import Finding, Level
from detections.payload.normalise import encode
from detections.payload.record import read_as, write_json
from detections.rule import Rule


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood of one rule: the hash of what it said, and its findings, ``code: message`` each."""

    content: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is let pass, by rule_id."""

    rules: Mapping[str, Stood] = field(default_factory=dict)

    def split(self, findings: Iterable[Finding], rules: Iterable[Rule]) -> tuple[list[Finding], list[Finding]]:
        """The findings that count, and those that stood before, each list in the order they came."""
        allowed: dict[str, Counter[str]] = {}
        for rule in rules if self.rules else ():
            stood = self.rules.get(rule.rule_id)
            if stood is not None and stood.content == content(rule):
                allowed[rule.document.path] = Counter(stood.findings)
        left: list[Finding] = []
        passed: list[Finding] = []
        for finding in findings:
            known = allowed.get(finding.location.path, Counter())
            if known[_text(finding)]:
                known[_text(finding)] -= 1
                passed.append(finding)
            else:
                left.append(finding)
        return left, passed

    def of(self, rule: Rule) -> str:
        """What is let pass of a rule, as text: a proof hangs on it, too."""
        stood = self.rules.get(rule.rule_id)
        return repr(stood.findings) if stood is not None and stood.content == content(rule) else ""


NOTHING = Baseline()


def taken(findings: Iterable[Finding], rules: Sequence[Rule]) -> Baseline:
    """The baseline that lets these findings pass: those of level error and warning in the files of rules."""
    by_path: dict[str, list[str]] = {}
    for finding in findings:
        if finding.level in (Level.ERROR, Level.WARNING):
            by_path.setdefault(finding.location.path, []).append(_text(finding))
    return Baseline({
        rule.rule_id: Stood(content(rule), tuple(sorted(by_path[rule.document.path])))
        for rule in sorted(rules, key=lambda one: one.rule_id)
        if rule.document.path in by_path
    })  # fmt: skip


def content(rule: Rule) -> str:
    """The hash of what a rule's file says, comments and layout aside."""
    data = {name: rule.document.data[name] for name in ("rule", "transform") if name in rule.document.data}
    return hashlib.sha256(encode(data)).hexdigest()


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; one that lets nothing pass where there is no file.

    Raises:
        UsageError: the file is not a baseline, or has conflict markers.
    """
    found = read_as(path, dict[str, Stood], "a baseline", "run `detections baseline` again")
    return NOTHING if found is None else Baseline(found)


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, all of it or nothing.

    Raises:
        UsageError: the file cannot be written.
    """
    table = {
        name: {"content": stood.content, "findings": list(stood.findings)} for name, stood in baseline.rules.items()
    }
    write_json(path, table)


def _text(finding: Finding) -> str:
    return f"{finding.code}: {finding.message}"
