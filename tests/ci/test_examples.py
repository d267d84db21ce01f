"""The examples of docs/ci.md, and the hooks for pre-commit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ci_files import commands, parsed, valid, valid_pre_commit
from detections.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ci.md").read_text()
GITHUB, PRE_COMMIT, GITLAB = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(JENKINS,) = re.findall(r"```groovy\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("schema", "text"), [("github-workflows", GITHUB), ("gitlab-ci", GITLAB)])
def test_examples_are_valid(tmp_path: Path, schema: str, text: str) -> None:
    (tmp_path / "ci.yml").write_text(text)
    valid(schema, tmp_path / "ci.yml")


def test_the_example_for_pre_commit_has_the_hooks_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(PRE_COMMIT)
    valid_pre_commit(tmp_path / "ci.yml")
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    used = yaml.safe_load(PRE_COMMIT)["repos"][0]["hooks"]
    assert [one["id"] for one in used] == [one["id"] for one in hooks]


def test_the_action_takes_the_inputs_of_its_example() -> None:
    (job,) = yaml.safe_load(GITHUB)["jobs"].values()
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    assert {name for step in job["steps"] for name in step.get("with", ())} <= inputs.keys()


@pytest.mark.parametrize("text", [GITLAB, JENKINS], ids=["gitlab", "jenkins"])
def test_examples_call_commands_that_there_are(text: str) -> None:
    called = commands(text)
    assert len(called) >= 5
    for arguments in called:
        parsed(arguments)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository of rules, its files added to git."""
    folder = tmp_path / "repository"
    monkeypatch.setattr(sys, "argv", ["detections", "init", str(folder), "--source", "okta"])
    with pytest.raises(SystemExit):
        main()
    capsys.readouterr()
    (folder / ".pre-commit-config.yaml").unlink()
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.chdir(folder)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    return folder


def git(*arguments: str, folder: Path | None = None) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def tried(hooks: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_pre_commit_runs_the_hooks(repository: Path, tmp_path: Path) -> None:
    # The environment of the tests stands in for the one that pre-commit would install from a package index.
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    (hooks / ".pre-commit-hooks.yaml").write_text(text.replace("language: python", "language: system"))
    git("init", "-q", folder=hooks)
    git("add", "-A", folder=hooks)
    git("commit", "-q", "-m", "hooks", folder=hooks)
    (rule,) = (repository / "rules").rglob("*.toml")
    path = str(rule.relative_to(repository))
    code, said = tried(hooks, "detections-check", "--files", path)
    assert code == 0 and "Passed" in said, said
    # The file alone is sound; that another rule has its id shows only beside the others.
    other = rule.with_name("credential_access_other.toml")
    other.write_text(rule.read_text())
    git("add", "-A")
    code, said = tried(hooks, "detections-check", "--files", path)
    assert code == 1 and "unique" in said and str(other.relative_to(repository)) in said
    other.unlink()
    code, said = tried(hooks, "detections-test", "--files", path)
    assert code == 0 and "Passed" in said, said
    rule.write_text(rule.read_text().replace("event.action: ", "event.action: x and event.action: "))
    code, said = tried(hooks, "detections-test", "--files", path)
    assert code == 1 and "the rule stays quiet" in said, said
    code, said = tried(hooks, "detections-check", "--files", "README.md")
    assert code == 0 and "Skipped" in said
