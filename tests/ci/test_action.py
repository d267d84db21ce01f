"""The GitHub Action: each of its scripts, run as the runner runs it, with a `gh` that keeps the comments in a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from detections.cli import main

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step.get("name"): step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(not (shutil.which("bash") and shutil.which("jq")), reason="needs bash and jq")


class Ran(NamedTuple):
    code: int
    out: str


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A repository as `detections init` makes it, committed on main."""
    folder = tmp_path / "repository"
    monkeypatch.setattr(sys, "argv", ["detections", "init", str(folder), "--source", "okta"])
    with pytest.raises(SystemExit):
        main()
    capsys.readouterr()
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "rules"]):
        name = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *name, *command], cwd=folder, check=True)
    subprocess.run(["git", "remote", "add", "origin", str(folder)], cwd=folder, check=True)
    return folder


@pytest.fixture
def step(project: Path, tmp_path: Path) -> Callable[..., Ran]:
    """Run a step by its name; inputs have their defaults."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "gh").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).parent / "gh.py"}" "$@"\n')
    (programs / "gh").chmod(0o755)

    def run(name: str, inputs: dict[str, str] | None = None, **env: str) -> Ran:
        values = {f"inputs.{key}": one.get("default", "") for key, one in ACTION["inputs"].items()}
        values |= {f"inputs.{key}": value for key, value in (inputs or {}).items()}
        values |= {"github.base_ref": "main", "github.event.pull_request.number": "7", "github.token": "t"}
        given = {
            key: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], value)
            for key, value in STEPS[name].get("env", {}).items()
        }
        found = {
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_REPOSITORY": "team/rules", "GH_STORE": str(tmp_path / "comments.json"),
        }  # fmt: skip
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[name]["run"]], cwd=project,
            env=found | given | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout)

    return run


@pytest.fixture
def kibana() -> Iterator[dict[str, str]]:
    """The settings of a stand-in for a Kibana."""
    command = [sys.executable, "-u", str(ROOT / "tests/kibana/serve.py"), "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        said = re.fullmatch(r"export KIBANA_URL=(\S+) KIBANA_API_KEY=(\S+)\n", started.stdout.readline())
        assert said is not None
        yield {"KIBANA_URL": said[1], "KIBANA_API_KEY": said[2]}
        started.kill()


def comments(folder: Path) -> list[str]:
    store = folder / "comments.json"
    return [one["body"] for one in json.loads(store.read_text())] if store.exists() else []


def test_it_is_a_sound_action_with_pinned_steps() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout + done.stderr
    used = [one["uses"] for one in ACTION["runs"]["steps"] if "uses" in one]
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)


def test_no_value_from_outside_becomes_part_of_a_script() -> None:
    assert [name for name, one in STEPS.items() if "${{" in one.get("run", "")] == []


def test_sound_rules_pass(step: Callable[..., Ran], tmp_path: Path) -> None:
    done = step("Check and prove")
    assert done.code == 0, done.out
    assert "ok  bundle" in (tmp_path / "summary.md").read_text()
    assert json.loads((tmp_path / "detections.sarif").read_text())["version"] == "2.1.0"


def test_a_mistake_is_annotated_and_fails(step: Callable[..., Ran], project: Path, tmp_path: Path) -> None:
    (rule,) = (project / "rules").rglob("*.toml")
    rule.write_text(rule.read_text().replace("event.action", "evnet.action").replace('severity = "', 'severity = "x'))
    done = step("Check and prove")
    assert done.code == 1 and "::error file=rules/okta/" in done.out
    codes = {one["ruleId"] for one in json.loads((tmp_path / "detections.sarif").read_text())["runs"][0]["results"]}
    assert {"schema", "unknown-field"} <= codes


def test_one_comment_is_kept_up_to_date(
    step: Callable[..., Ran], project: Path, tmp_path: Path, kibana: dict[str, str]
) -> None:
    events = {"backtest": "tests/events\n\n"}
    done = step("Plan and backtest", events, **kibana)
    assert done.code == 0, done.out
    assert step("Comment").code == 0
    (first,) = comments(tmp_path)
    assert first.startswith("<!-- detections -->\n") and "to create" in first
    (rule,) = (project / "rules").rglob("*.toml")
    rule.write_text(rule.read_text().replace('severity = "', 'severity = "low" #'))
    rule.write_text(re.sub(r"(?m)^query = .*", "query = 'event.action: *'", rule.read_text()))
    assert step("Plan and backtest", events, **kibana).code == 0
    assert step("Comment").code == 0
    (second,) = comments(tmp_path)
    assert second != first and "refused" in second
    assert (tmp_path / "summary.md").read_text().count("to create") >= 1


def test_without_kibana_and_events_nothing_is_said(step: Callable[..., Ran], tmp_path: Path) -> None:
    assert step("Plan and backtest").code == 0
    assert step("Comment").code == 0
    assert comments(tmp_path) == []


def test_a_kibana_that_is_not_there_is_said(step: Callable[..., Ran], tmp_path: Path) -> None:
    gone = {"KIBANA_URL": "http://127.0.0.1:9", "KIBANA_API_KEY": "a"}
    assert step("Plan and backtest", {"environment": "nowhere"}, **gone).code == 0
    assert "`detections plan` could not be run" in (tmp_path / "detections.md").read_text()


def test_a_long_report_is_cut_between_letters(step: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "detections.md").write_text("x" + "ü" * 40_000)
    assert step("Comment").code == 0
    (body,) = comments(tmp_path)
    assert len(body.encode()) < 65_536 and body.endswith("... the rest is in the summary of the run.\n")


def test_a_token_that_may_not_comment_fails_nothing(step: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "detections.md").write_text("a plan")
    done = step("Comment", GH_REFUSES="1")
    assert done.code == 0 and "::warning::" in done.out
