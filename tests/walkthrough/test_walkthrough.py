"""A team's own repository, from nothing to Kibana, with only the wheel; and what README shows of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from ci_files import commands, parsed, valid, valid_pre_commit

ROOT = Path(__file__).parents[2]
VARYING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"http://(127\.0\.0\.1|localhost):\d+"), "KIBANA"),
    (re.compile(r" +"), " "),
)


class Walked(NamedTuple):
    folder: Path
    printed: str


@pytest.fixture(scope="module")
def walked(wheel_only: Path, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """The folder that the script leaves, and what it printed."""
    if shutil.which("bash") is None:
        pytest.skip("the walkthrough is a script for bash")
    folder = tmp_path_factory.mktemp("repository")
    found = {"PATH": f"{wheel_only}:{os.environ['PATH']}", "HOME": str(folder.parent), "TMPDIR": str(folder.parent)}
    done = subprocess.run(
        ["bash", str(ROOT / "tests/walkthrough/walkthrough.sh"), sys.executable], cwd=folder, env=found, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stdout
    return Walked(folder, done.stdout)


def said(walked: Walked, command: str, nth: int = 0) -> str:
    """What a command printed, the ``nth`` time that it was run."""
    parts = re.split(r"^[$#] ", walked.printed, flags=re.MULTILINE)
    found = [part.partition("\n")[2] for part in parts if part.startswith(command)]
    return found[nth]


def test_it_goes_from_nothing_to_kibana_and_back(walked: Walked) -> None:
    assert "16 as expected" in said(walked, "detections build")
    assert "4 created" in said(walked, "detections apply --yes")
    assert said(walked, "detections plan", 1).endswith("4 unchanged\n")


def test_a_mistake_that_only_the_cases_know_is_refused(walked: Walked) -> None:
    refused = said(walked, "detections apply --bump --yes")
    assert "x refused   Okta API Token Created" in refused
    assert "the rule stays quiet, the case expects an alert" in refused
    assert refused.endswith("1 refused, 3 unchanged\nnothing to do\n\n")
    assert "or apply with --bump" in said(walked, "detections apply --yes", 1)
    assert 'severity: "medium" -> "high"' in said(walked, "detections apply --bump --yes", 1)


def test_what_was_edited_in_kibana_comes_back_into_the_file(walked: Walked) -> None:
    assert "last written by alice" in said(walked, "detections plan")
    assert "1 file changed, 0 new, 3 unchanged" in said(walked, "detections pull")
    text = (walked.folder / "rules/endpoint/credential_access_shadow_file_read.toml").read_text()
    assert 'severity = "critical"' in text and "risk_score = 99" in text


def plain(text: str) -> list[str]:
    for pattern, put in VARYING:
        text = pattern.sub(put, text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_what_readme_shows_is_what_it_prints(walked: Walked) -> None:
    readme = (ROOT / "README.md").read_text()
    chapter = readme.partition("## A repository of your own")[2].partition("\n## ")[0]
    shown = plain("".join(re.findall(r"```\n(.*?)```", chapter, re.DOTALL)))
    printed = iter(plain(walked.printed))
    assert len(shown) > 20
    # In this order; what is between them may be left out with dots.
    assert [line for line in shown if line != "..." and line not in printed] == []


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-workflows", ".github/workflows/detections.yml"), ("gitlab-ci", ".gitlab-ci.yml")],
)
def test_the_files_for_ci_are_valid(walked: Walked, schema: str, path: str) -> None:
    valid(schema, walked.folder / path)


def test_the_file_for_pre_commit_is_valid(walked: Walked) -> None:
    valid_pre_commit(walked.folder / ".pre-commit-config.yaml")


@pytest.mark.parametrize("path", [".github/workflows/detections.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml"])
def test_they_call_commands_that_there_are(walked: Walked, path: str) -> None:
    called = commands((walked.folder / path).read_text())
    assert len(called) >= 2
    for arguments in called:
        parsed(arguments)
