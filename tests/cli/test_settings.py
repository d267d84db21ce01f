"""Settings: every key described, in force, and told where it is wrong; the documentation at hand."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detections.checks.registry import PAGES
from detections.cli.config import Config
from detections.cli.settings import SETTINGS, page

Run = Callable[..., Any]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_is_described_and_the_page_is_made_of_them() -> None:
    keys = {field.name for field in dataclasses.fields(Config)} - {"root", "file", "said"}
    assert keys == set(SETTINGS)
    assert (ROOT / "docs/configuration.md").read_text() == page()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_example_is_taken(run: Run, folder: Path, name: str) -> None:
    (folder / "environments.toml").write_text("[prod]\n")
    (folder / "fields").mkdir()
    (folder / "fields/a.toml").write_text('[fields]\n"a.b" = "keyword"\n')
    (folder / "detections.toml").write_text(f"{name} = {SETTINGS[name].example}\n")
    shown = run("config", "--format", "json")
    assert shown.code == 0, shown
    found = json.loads(shown.out)
    assert found["file"] == str(folder / "detections.toml")
    assert {key for key, one in found["settings"].items() if one["from"] != "default"} == {name}


def test_what_is_in_force_is_told_with_its_place(run: Run, folder: Path) -> None:
    assert "no detections.toml and no [tool.detections] here or above" in run("config").out
    (folder / "pyproject.toml").write_text(
        '[tool.detections]\nrules = "r"\n[tool.detections.environments.prod]\nurl = "https://k"\n'
    )
    (folder / "below").mkdir()
    shown = run("config").out
    assert f"settings of {folder / 'pyproject.toml'}" in shown
    assert '"r"' in shown and '{"prod": "https://k"}' in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rulse = 'x'", "unknown setting rulse: did you mean rules?"),
        ("colour = 'x'", "unknown setting colour: available: rules, cases"),
        ("rules = 3", "rules has a value of the wrong type"),
        ("fields = 'x'", "fields has a value of the wrong type"),
        ("rules = ", "detections.toml: "),
    ],
)
def test_what_is_wrong_is_told(run: Run, folder: Path, text: str, said: str) -> None:
    (folder / "detections.toml").write_text(text)
    failed = run("config")
    assert failed.code == 2 and said in failed.err


def test_pages_can_be_read(run: Run) -> None:
    listed = run("docs").out
    assert "configuration" in listed and "deployment" in listed
    assert run("docs", "deployment").out == (ROOT / "docs/deployment.md").read_text()
    failed = run("docs", "deploymnt")
    assert failed.code == 2 and "did you mean deployment?" in failed.err


def test_each_check_is_explained(run: Run) -> None:
    for module in PAGES:
        assert run("explain-check", module.CODE).out == (ROOT / f"docs/checks/{module.CODE}.md").read_text()
    assert run("explain-check").out == (ROOT / "docs/checks/README.md").read_text()
    failed = run("explain-check", "unknown-feild")
    assert failed.code == 2 and "did you mean unknown-field?" in failed.err


def test_the_schema_is_printed_or_written(run: Run, folder: Path) -> None:
    schema = (ROOT / "etc/rule.schema.json").read_text()
    assert run("schema").out == schema
    assert run("schema", "-o", "x/schema.json").code == 0
    assert (folder / "x/schema.json").read_text() == schema
