"""The history of rules, from a repository that is made here."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from detections.rule import Rule, load_rules
from detections.site import read_history
from detections.site.history import Version
from made_rules import QUERY, rule_text

Commit = Callable[..., None]


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commit:
    """Commits what is in the working directory."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_AUTHOR_NAME": "a",
                        "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "a",
                        "GIT_COMMITTER_EMAIL": "a@example.com"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    subprocess.run(["git", "init", "-q", "."], check=True)

    def made(subject: str, day: int) -> None:
        when = f"2026-01-{day:02}T12:00:00Z"
        monkeypatch.setenv("GIT_AUTHOR_DATE", when)
        monkeypatch.setenv("GIT_COMMITTER_DATE", when)
        subprocess.run(["git", "add", "-A"], check=True)
        subprocess.run(["git", "commit", "-qm", subject], check=True)

    return made


def rule(name: str, risk: str = "") -> Rule:
    path = Path("rules") / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(rule_text(risk + QUERY, "r"))
    return load_rules(path).rules[0]


def lock(version: int) -> None:
    Path("lock.json").write_text(json.dumps({"r": {"name": "r", "version": version, "hash": str(version)}}))


def told(versions: tuple[Version, ...]) -> list[tuple[int | None, list[str]]]:
    return [(version.number, [f"{one.date} {one.subject}" for one in version.commits]) for version in versions]


def test_a_commit_belongs_to_the_version_of_the_next_lock(commit: Commit) -> None:
    rule("r.toml")
    commit("Add it", 1)
    rule("r.toml", "# a\n")
    commit("Change it", 2)
    lock(1)
    commit("Lock", 3)
    rule("r.toml", "# b\n")
    commit("Change it again", 4)
    rule("r.toml", "# c\n")
    lock(2)
    commit("Change and lock", 5)
    found = rule("r.toml", "# d\n")
    commit("Not locked yet", 6)
    history = read_history([found], Path("lock.json"))
    assert told(history.versions(found, 3)) == [
        (3, ["2026-01-06 Not locked yet"]),
        (2, ["2026-01-05 Change and lock", "2026-01-04 Change it again"]),
        (1, ["2026-01-02 Change it", "2026-01-01 Add it"]),
    ]
    assert history.revision.endswith(", 2026-01-06")
    assert not history.shallow


def test_a_rule_is_followed_to_its_earlier_name(commit: Commit) -> None:
    rule("old.toml")
    commit("Add it", 1)
    Path("rules/old.toml").rename('rules/nëw "x".toml')
    commit("Rename it", 2)
    rule("old.toml", "# another\n")
    commit("Another under the old name", 3)
    found = load_rules('rules/nëw "x".toml').rules[0]
    assert told(read_history([found], Path("lock.json")).versions(found, 1)) == [
        (1, ["2026-01-02 Rename it", "2026-01-01 Add it"])
    ]


def test_before_the_lock_knew_the_rule_it_had_no_version(commit: Commit) -> None:
    found = rule("r.toml")
    commit("Add it", 1)
    Path("lock.json").write_text("{}")
    commit("Lock others", 2)
    lock(1)
    commit("Lock it", 3)
    assert told(read_history([found], Path("lock.json")).versions(found, 1)) == [(None, ["2026-01-01 Add it"])]


def test_a_lock_that_cannot_be_read_is_passed_over(commit: Commit) -> None:
    found = rule("r.toml")
    commit("Add it", 1)
    Path("lock.json").write_text("<<<<<<< ours")
    commit("Break the lock", 2)
    lock(1)
    commit("Mend it", 3)
    assert told(read_history([found], Path("lock.json")).versions(found, 1)) == [(1, ["2026-01-01 Add it"])]


def test_changes_that_are_not_committed_are_said(commit: Commit) -> None:
    rule("r.toml")
    commit("Add it", 1)
    found = rule("r.toml", "# x\n")
    assert read_history([found], Path("lock.json")).revision.endswith(", 2026-01-01, with changes since")


def test_a_subject_may_hold_anything(commit: Commit) -> None:
    found = rule("r.toml")
    commit("Add \x1e it <script>", 1)
    rule("r.toml", "# x\n")
    commit("Change it", 2)
    shown = told(read_history([found], Path("lock.json")).versions(found, 1))
    assert shown[0][1][0] == "2026-01-02 Change it"


def test_a_shallow_clone_says_so(commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule("r.toml")
    commit("Add it", 1)
    rule("r.toml", "# x\n")
    commit("Change it", 2)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", tmp_path.as_uri(), str(clone)], check=True)
    monkeypatch.chdir(clone)
    found = load_rules("rules").rules[0]
    history = read_history([found], Path("lock.json"))
    assert history.shallow
    assert told(history.versions(found, 1)) == [(1, ["2026-01-02 Change it"])]


def test_without_a_repository_there_is_no_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = rule("r.toml")
    history = read_history([found], Path("lock.json"))
    assert (history.revision, history.versions(found, 1)) == ("", ())
    monkeypatch.setenv("PATH", "")
    assert read_history([found], Path("lock.json")).revision == ""
    assert read_history([], Path("lock.json")).revision == ""
