"""What surrounds the code: the workflows, the version, the Makefile, links in the documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import detections

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
LINKS = re.compile(r"\[[^\]]*\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


def test_the_workflows_are_sound() -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint is not installed (https://github.com/rhysd/actionlint)")
    done = subprocess.run([program, "-no-color", *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_workflow_runs_what_every_commit_has_to_pass() -> None:
    assert any(".ci/run" in path.read_text() for path in WORKFLOWS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text())
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in used)


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project and project["dynamic"] == ["version"]
    assert f"## {detections.__version__} " in (ROOT / "CHANGELOG.md").read_text()


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    (targets,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == sorted(targets.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    absent = [link for link in LINKS.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not absent


def test_the_example_of_a_case_file_names_an_event_that_is_there() -> None:
    text = (ROOT / "tests" / "rules" / "README.md").read_text()
    named = re.findall(r'base *= "([^"]+)"', text)
    assert named
    assert [name for name in named if not (ROOT / "tests" / "events" / name).is_file()] == []
