"""Environments at the command line: in pyproject.toml, in a file of their own, chosen by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

TAG = "Managed by: detections"
Run = Callable[..., Any]


def exported(project: Path) -> dict[str, Any]:
    lines = (project / "dist/detections.ndjson").read_text().splitlines()
    assert len(lines) == 1
    rule: dict[str, Any] = json.loads(lines[0])
    return rule


def test_a_bundle_is_the_repos_unless_an_environment_is_named(run: Run, project: Path) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text
        + '[tool.detections.environments.dev]\n[tool.detections.environments.prod]\ntag = "Ours"\n'
        + "[tool.detections.environments.prod.overrides]\nenabled = true\n"
    )
    assert run("export").code == 0
    plain = exported(project)
    assert TAG not in plain["tags"] and "enabled" not in plain
    assert run("export", "-e", "prod").code == 0
    assert exported(project)["tags"] == [*plain["tags"], "Ours"]
    assert exported(project)["enabled"] is True
    assert run("export", "-e", "dev").code == 0
    assert exported(project) == plain | {"tags": [*plain["tags"], TAG]}


def test_they_may_have_a_file_of_their_own(run: Run, project: Path) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text + 'environments = "conf/places.toml"\n')
    missing = run("export", "-e", "dev")
    assert (missing.code, "conf/places.toml: toml cannot be read" in missing.err) == (2, True)
    (project / "conf").mkdir()
    (project / "conf/places.toml").write_text("[dev]\nspcae = 'x'\n")
    wrong = run("export", "-e", "dev")
    assert wrong.code == 2
    assert "conf/places.toml:2:1" in wrong.err and "did you mean space?" in wrong.err
    (project / "conf/places.toml").write_text("[dev]\nspace = 'x'\n")
    assert run("export", "-e", "dev").code == 0


def test_a_name_is_needed_where_there_are_several(run: Run, project: Path, monkeypatch: Any) -> None:
    monkeypatch.delenv("KIBANA_URL", raising=False)
    none = run("pull", "-e", "prod")
    assert (none.code, "unknown environment prod (none is configured)" in none.err) == (2, True)
    bare = run("pull")
    assert (bare.code, "KIBANA_URL is not set" in bare.err) == (2, True)
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text + "[tool.detections.environments.dev]\n[tool.detections.environments.prod]\n"
    )
    several = run("pull")
    assert (several.code, "choose an environment with --environment (available: dev, prod)" in several.err) == (2, True)
    other = run("pull", "-e", "live")
    assert (other.code, "unknown environment live (available: dev, prod)" in other.err) == (2, True)


def test_a_bundle_with_a_list_that_is_not_there_is_not_written(run: Run, project: Path) -> None:
    path = next((project / "rules").rglob("*.toml"))
    reference = '[[rule.exceptions_list]]\nid = "x"\nlist_id = "l"\ntype = "detection"\nnamespace_type = "single"\n'
    path.write_text(f"{path.read_text()}\n{reference}")
    found = run("export")
    assert found.code == 1
    assert "the exception list l (single) has no file" in found.err and "nothing was written" in found.err
    assert run("build").code == 1
    assert not (project / "dist").exists()
