"""Exceptions of the project's files: in cases, coverage and mutation, replay and explain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

RULE = Path("rules/aws/defense_evasion_ec2_network_acl_created.toml")
CASES = Path("tests/rules/aws/defense_evasion_ec2_network_acl_created.toml")
REFERENCE = """
[[rule.exceptions_list]]
id = "x"
list_id = "pipelines"
type = "detection"
namespace_type = "single"
"""
ITEMS = """[exception_list]
list_id = "pipelines"
name = "pipelines"
description = "What deploys networks."
type = "detection"

[[items]]
item_id = "deploy"
name = "deploys"
type = "simple"
comments = [{ comment = "asked for by the network team" }]

[[items.entries]]
field = "user.name"
type = "wildcard"
operator = "included"
value = "network-*"

[[items.entries]]
field = "source.ip"
type = "list"
operator = "included"
list = { id = "offices", type = "ip_range" }
"""
OFFICES = '[value_list]\nid = "offices"\nname = "offices"\ndescription = "Ours."\ntype = "ip_range"\n'
CASE = """
[[case]]
name = "a pipeline from an office"
verdict = "quiet"
base = "cloudtrail/create_network_acl.json"
set = { "source.ip" = "203.0.113.7" }

[[case]]
name = "a pipeline from elsewhere"
verdict = "alert"
base = "cloudtrail/create_network_acl.json"
set = { "source.ip" = "198.51.100.7" }
"""


@pytest.fixture
def excepted(project: Path) -> Path:
    """The project, with a rule that refers to a list whose item looks into a value list."""
    with RULE.open("a") as rule, CASES.open("a") as cases:
        rule.write(REFERENCE)
        cases.write(CASE)
    for folder, files in {
        "exceptions": {"pipelines.toml": ITEMS},
        "value_lists": {"offices.toml": OFFICES, "offices.txt": "203.0.113.0/24\n192.0.2.1-192.0.2.9\n"},
    }.items():
        (project / folder).mkdir()
        for name, text in files.items():
            (project / folder / name).write_text(text)
    return project


def test_a_case_is_quiet_by_an_exception(run: Any, excepted: Path) -> None:
    tested = run("test", "--mutate")
    assert tested.code == 0, tested.out
    assert "without the exception deploys" not in tested.out  # a case notices it
    (excepted / "exceptions/pipelines.toml").unlink()
    without = run("test")
    assert without.code == 1
    assert "a pipeline from an office: the rule alerts, the case expects quiet" in without.out
    assert "the exception list pipelines has no file: its items exclude nothing here" in without.out


def test_why_a_case_is_quiet(run: Any, excepted: Path) -> None:
    CASES.write_text(CASES.read_text().replace('office"\nverdict = "quiet"', 'office"\nverdict = "alert"'))
    assert "the exception 'deploys' excludes its event" in run("test").out


def test_mutants_of_exceptions_are_listed(run: Any, excepted: Path) -> None:
    CASES.write_text(CASES.read_text().split(CASE.strip())[0])
    tested = run("test", "--mutate")
    assert "without the exception deploys" in tested.out


def test_a_replay_passes_over_what_is_excepted(run: Any, excepted: Path, records: Path) -> None:
    (excepted / "value_lists/offices.txt").write_text("0.0.0.0/0\n::/0\n")
    for arguments in ([], ["--schedule"]):
        assert run("replay", records, *arguments).out == ""
    (excepted / "value_lists/offices.txt").write_text("203.0.113.0/24\n")
    for arguments in ([], ["--schedule"]):
        assert run("replay", records, *arguments).out != ""


def test_explain_shows_exceptions(run: Any, excepted: Path) -> None:
    shown = run("explain", RULE).out
    assert "exceptions: none of\n    deploys" in shown
    assert "source.ip in one of 1 ranges" in shown or "source.ip >= " in shown


def test_a_broken_list_is_told_and_the_rest_is_done(run: Any, excepted: Path) -> None:
    (excepted / "exceptions/pipelines.toml").write_text("[exception_list")
    tested = run("test")
    assert tested.code == 1
    assert "exceptions/pipelines.toml:1" in tested.out
    assert "a pipeline from elsewhere" not in tested.out


def test_check_tells_what_is_wrong_with_exceptions(run: Any, excepted: Path) -> None:
    assert run("check").code == 0
    items = excepted / "exceptions/pipelines.toml"
    items.write_text(ITEMS.replace('operator = "included"', 'operator = "include"'))
    found = run("check")
    assert found.code == 1
    assert "exceptions/pipelines.toml:" in found.out
    assert "has no file" not in run("check", RULE).out, "only the whole project is asked what its rules refer to"
    items.unlink()
    found = run("check")
    assert found.out.count("the exception list pipelines") == 1
    assert f"{RULE}:" in found.out
    items.write_text(ITEMS)
    (excepted / "value_lists/offices.txt").unlink()
    assert "the file of its values does not exist" in run("check").out
