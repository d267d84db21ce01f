"""The command line run in this process, in a project of its own."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from detections.cli import main

REPO = Path(__file__).parents[2]
RULE = "defense_evasion_ec2_network_acl_created.toml"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["detections", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return Outcome(int(stop.value.code or 0), out, err)

    return call


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one rule of ours, its cases and the events they stand on; the working directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.detections]\nprofiles = ["house"]\n')
    for folder in ("rules", "tests/rules"):
        (tmp_path / folder / "aws").mkdir(parents=True)
        shutil.copy(REPO / folder / "aws" / RULE, tmp_path / folder / "aws" / RULE)
    shutil.copytree(REPO / "tests/events", tmp_path / "tests/events")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def records(project: Path) -> Path:
    """Two raw records: one the rule is for, and one it is not."""
    base = json.loads((project / "tests/events/cloudtrail/create_network_acl.json").read_text())
    other = {**base, "eventName": "DescribeVpcs", "eventID": "other"}
    path = project / "trail.json"
    path.write_text(json.dumps({"Records": [base, other]}))
    return path
