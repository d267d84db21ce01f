"""A repository from nothing: init, new and scaffold at the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
QUERY = 'event.action: "user.session.start" and event.outcome: "failure"'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_init_makes_is_built_at_once_and_made_once(run: Run, folder: Path) -> None:
    done = run("init", "--source", "okta")
    assert done.code == 0 and "next: detections build" in done.out
    before = texts(folder)
    assert {"pyproject.toml", ".gitignore", ".github/workflows/detections.yml", ".gitlab-ci.yml", "README.md",
            ".pre-commit-config.yaml", "etc/rule.schema.json", ".vscode/settings.json"} <= before.keys()  # fmt: skip
    built = run("build")
    assert built.code == 0, built
    assert "scaffolded these cases were generated from the query" in built.out
    again = run("init", "--source", "okta")
    assert again.code == 0 and "+ " not in again.out
    run("init", "--source", "aws")
    after = {name: data for name, data in texts(folder).items() if not name.startswith(("dist/", ".detections"))}
    assert after == before


def test_it_may_make_the_folder(run: Run, folder: Path) -> None:
    assert run("init", "team/rules repo").code == 0
    assert (folder / "team/rules repo/rules/aws").is_dir()


def test_what_is_there_stays(run: Run, folder: Path) -> None:
    (folder / "README.md").write_text("mine\r\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "other"\n')
    (folder / "rules").mkdir()
    (folder / "rules/own.toml").write_text("")
    done = run("init")
    assert done.code == 0 and "README.md (left as it is)" in done.out
    assert (folder / "README.md").read_bytes() == b"mine\r\n"
    assert (folder / "pyproject.toml").read_text() == '[project]\nname = "other"\n'
    assert tomllib.loads((folder / "detections.toml").read_text())["rules"] == "rules"
    assert [path.name for path in (folder / "rules").rglob("*.toml")] == ["own.toml"]


def test_a_file_where_a_folder_should_be_is_an_error(run: Run, folder: Path) -> None:
    (folder / ".vscode").write_text("")
    failed = run("init")
    assert failed.code == 2 and ".vscode cannot be made" in failed.err


def test_settings_may_have_a_file_of_their_own(run: Run, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "other"\n')
    run("init", "--source", "github")
    (folder / "detections.toml").write_text('output = "out/x.ndjson"\n[environments.prod]\nspace = "x"\n')
    assert run("build").code == 0
    assert (folder / "out/x.ndjson").is_file()
    assert run("export", "-e", "prod").code == 0
    (folder / "detections.toml").write_text('outptu = "x"\n')
    assert "detections.toml: unknown setting outptu" in run("build").err


def test_new_makes_a_rule_with_cases_that_hold(run: Run, folder: Path) -> None:
    run("init", "--source", "okta")
    made = run(
        "new", "Many Failures", "--type", "threshold", "--source", "okta", "--query", QUERY, "--by", "source.ip",
        "--threshold", 3, "--technique", "T1110.003",
    )  # fmt: skip
    assert made.code == 0, made
    assert "1 alert, 3 quiet, 2 of 2 clauses covered" in made.out
    path = folder / "rules/okta/credential_access_many_failures.toml"
    assert tomllib.loads(path.read_text())["rule"]["threshold"] == {"field": ["source.ip"], "value": 3}
    assert run("build").code == 0
    again = run("new", "Many Failures", "--source", "okta", "--query", "a: b", "--technique", "T1110")
    assert again.code == 2 and "is there already" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "NAME is missing"),
        (("X", "--type", "query"), "--source is missing"),
        (("X", "--type", "query", "--source", "aws"), "--query is missing"),
        (("X", "--type", "threshold", "--source", "aws", "--query", "a: b"), "--threshold is missing"),
        (("X", "--type", "new_terms", "--source", "aws", "--query", "a: b"), "--by is missing"),
    ],
)
def test_what_a_script_leaves_out_is_named(run: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    failed = run("new", *arguments)
    assert failed.code == 2 and said in failed.err


def test_a_query_that_is_wrong_writes_nothing(run: Run, folder: Path) -> None:
    run("init")
    before = texts(folder)
    failed = run("new", "X", "--type", "eql", "--source", "endpoint", "--query", 'process where process.name == "x')
    assert failed.code == 1 and "query-syntax" in failed.err
    failed = run("new", "X", "--type", "query", "--source", "aws", "--query", "source.ip: x*")
    assert failed.code == 1 and "field-type" in failed.err
    assert texts(folder) == before


def test_rules_that_have_none_get_cases(run: Run, folder: Path) -> None:
    run("init", "--source", "aws")
    (cases,) = (folder / "tests/rules").rglob("*.toml")
    kept = cases.read_bytes()
    assert "cases for 0 rules; 0 without, 1 had some" in run("scaffold").out
    cases.unlink()
    made = run("scaffold")
    assert made.code == 0 and "cases for 1 rule" in made.out
    assert cases.read_bytes() != kept  # the events that were there are kept, and new ones have other names
    assert run("build").code == 0
