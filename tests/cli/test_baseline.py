"""A baseline: a repository with many findings and no cases can start today, and fails on what is new or touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def old(run: Run, project: Path) -> Path:
    """A project whose one rule has no cases, and a tag that the house does not know; its rule."""
    shutil.rmtree(project / "tests/rules")
    (path,) = (project / "rules").rglob("*.toml")
    path.write_text(path.read_text().replace('"Domain: Cloud"', '"domain cloud"'))
    assert run("build").code == 1
    made = run("baseline")
    assert made.code == 0 and "1 of them rules without cases" in made.out, made
    return path


def test_the_build_passes_and_says_how_many_are_left(run: Run, old: Path) -> None:
    built = run("build")
    assert built.code == 0, built
    assert "ok  baseline etc/baseline.json" in built.out and "1 of them rules without cases" in built.out
    assert "no cases: " not in built.out
    checked = run("check")
    assert checked.code == 0 and "of the baseline left out" in checked.err
    assert run("test").code == 0


def test_comments_and_layout_touch_nothing(run: Run, old: Path) -> None:
    old.write_text(f"# ours\n{old.read_text()}")
    assert run("build").code == 0


def test_a_rule_that_is_touched_has_all_its_findings(run: Run, old: Path) -> None:
    old.write_text(old.read_text().replace("max_signals", "max_signals").replace('interval = "5m"', 'interval = "6m"'))
    built = run("build")
    assert built.code == 1
    assert "no cases: " in built.out and "domain cloud" in built.out


def test_a_new_rule_has_no_baseline(run: Run, old: Path) -> None:
    other = old.with_name("defense_evasion_other.toml")
    other.write_text(old.read_text().replace("7666efda", "00000000").replace("AWS EC2 Network", "AWS Other"))
    built = run("build")
    assert built.code == 1
    assert "defense_evasion_other.toml" in built.out and f"{old.name}:" not in built.out


def test_cases_that_fail_always_count(run: Run, old: Path, project: Path) -> None:
    path = project / "tests/rules/aws" / old.name
    path.parent.mkdir(parents=True)
    path.write_text('base = "cloudtrail/create_network_acl.json"\n[[case]]\nname = "x"\nverdict = "quiet"\n')
    assert run("test").code == 1
    assert run("baseline").code == 0
    assert run("test").code == 1


def test_a_finding_that_is_mended_does_not_come_back(run: Run, old: Path, project: Path) -> None:
    before = json.loads((project / "etc/baseline.json").read_text())
    run("scaffold")
    run("baseline")
    (after,) = json.loads((project / "etc/baseline.json").read_text()).values()
    (was,) = before.values()
    assert any("no cases" in text for text in was["findings"])
    assert not any("no cases" in text for text in after["findings"])


def test_a_file_that_is_no_baseline_is_told(run: Run, old: Path, project: Path) -> None:
    (project / "etc/baseline.json").write_text("[]")
    failed = run("build")
    assert failed.code == 2 and "etc/baseline.json" in failed.err
