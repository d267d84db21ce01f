"""Every case in tests/corpus/check, through the one door that everybody uses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from detections import checks
from detections.checks.registry import PAGES
from detections.errors import Finding
from detections.rule import load_rules

CORPUS = Path(__file__).parents[2] / "corpus" / "check"
BASE = (CORPUS / "base.toml").read_text(encoding="utf-8")
KEY = re.compile(r"^([a-z_]+) *=", re.MULTILINE)


def cases() -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
        for path in sorted(CORPUS.glob("*.toml"))
        if path.stem != "base"
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def compose(case: dict[str, Any]) -> str:
    """A rule file: what the case says, the rest from the base."""
    metadata, _, rest = BASE.partition("[rule]\n")
    body, header, threat = rest.partition("[[rule.threat]]")
    said = case.get("rule", "")
    if "[[rule.threat]]" in said:
        header = threat = ""
    own, table, tables = said.partition("\n[")
    parts = ["[metadata]", case.get("metadata") or metadata.removeprefix("[metadata]\n")]
    parts += ["[rule]", without(body, set(KEY.findall(own))), own, table[1:] + tables, header + threat]
    return "\n".join(parts)


def without(body: str, keys: set[str]) -> str:
    """The body's lines but those of the given keys, whose values may take several lines."""
    kept, dropping = [], False
    for line in body.splitlines():
        key = KEY.match(line)
        if key:
            dropping = key[1] in keys
        if not dropping:
            kept.append(line)
    return "\n".join(kept)


def underlined(finding: Finding) -> str:
    start = finding.location.column - 1
    return finding.excerpt[start : start + finding.length]


def find(folder: Path, case: dict[str, Any]) -> list[Finding]:
    path = folder / case.get("path", "defense_evasion_base.toml")
    path.write_text(compose(case), encoding="utf-8")
    return checks.run(load_rules(path), ("house",))


@pytest.mark.parametrize(("code", "case"), cases())
def test_a_check_finds_what_it_should_and_nothing_else(code, case, tmp_path):
    every = find(tmp_path, case)
    found = [finding for finding in every if finding.code == code]
    told = "\n".join(finding.render() for finding in every)
    assert len(found) == len(case.get("finds", [])), told
    for finding, expected in zip(found, case.get("finds", []), strict=True):
        assert expected["says"] in f"{finding.message}\n{finding.hint}", told
        assert finding.level == expected.get("level", "error"), told
        if "at" in expected:
            assert underlined(finding) == expected["at"], told


def test_no_check_has_anything_against_the_base(tmp_path):
    assert find(tmp_path, {}) == []


def test_every_check_has_cases_of_both_kinds():
    for module in PAGES:
        if module.CODE == "unique":  # takes several rules: test_unique.py
            continue
        some = tomllib.loads((CORPUS / f"{module.CODE}.toml").read_text(encoding="utf-8"))["case"]
        assert {bool(case.get("finds")) for case in some} == {True, False}, module.CODE
