"""A repository of rules from nothing: its files, with a first rule that is proved."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from detections.catalog import etc_path
from detections.errors import UsageError
from detections.scaffold.cases import scaffold
from detections.scaffold.rule import example, made
from detections.scaffold.sources import SOURCES
from detections.source import read_file, save

_FILES: Mapping[str, str] = {
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    ".taplo.toml": "taplo.toml",
    "tombi.toml": "tombi.toml",
    ".vscode/settings.json": "settings.json",
    ".vscode/extensions.json": "extensions.json",
    ".github/workflows/detections.yml": "github.yml",
    ".gitlab-ci.yml": "gitlab-ci.yml",
    "README.md": "README.md",
    "requirements.txt": "requirements.txt",
}
"""Files of a repository, and the templates that they are made of."""
_PLACEHOLDER = re.compile(r"\{(version|folder|rule)\}")


@dataclass(frozen=True, slots=True)
class Written:
    """A file of a repository. ``there``: it was there before, and was left alone."""

    path: str
    there: bool


def init(folder: Path, source: str, version: str, today: datetime.date) -> list[Written]:
    """Make a repository in a folder, which need not be there; files that are there stay as they are.

    ``source`` is the log source of the first rule, which is made where the folder has no rule yet.

    Raises:
        UsageError: there is no such source, or a file cannot be written.
    """
    files = dict(_files(folder, source, version, today))
    done = []
    for name, text in files.items():
        path = folder / name
        there = path.exists() or path.is_symlink()
        if not there:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"{path.parent} cannot be made: {error.strerror}") from None
            save(path, text.encode())
        done.append(Written(name, there))
    return done


def _files(folder: Path, source: str, version: str, today: datetime.date) -> Iterator[tuple[str, str]]:
    """The files by name, and what they say where they are new."""
    if source not in SOURCES:
        raise UsageError(f"unknown source {source} (available: {', '.join(SOURCES)})")
    wanted = example(SOURCES[source])
    # The same rule each time, so that running it again changes nothing.
    rule = made(wanted, today, str(uuid.uuid5(uuid.NAMESPACE_URL, f"detections:init:{source}")))
    path = Path(rule.document.path)
    yield _settings(folder)
    words = {"version": version, "folder": path.parent.as_posix(), "rule": f"rules/{path.as_posix()}"}
    for name, template in _FILES.items():
        yield name, _PLACEHOLDER.sub(lambda found: words[found[1]], _template(template))
    yield "etc/rule.schema.json", etc_path("rule.schema.json").read_text(encoding="utf-8")
    if any((folder / "rules").rglob("*.toml")) and not (folder / words["rule"]).exists():
        return
    cases = scaffold(rule, path.with_suffix("").as_posix())
    assert cases is not None, f"the example of {source} has cases"
    yield words["rule"], rule.document.text
    yield f"tests/rules/{path.as_posix()}", cases.text
    for name, text in cases.events.items():
        yield f"tests/events/{name}", text


def _settings(folder: Path) -> tuple[str, str]:
    """Where the settings stand: a pyproject.toml that is there for something else is left alone."""
    try:
        known = read_file(folder / "pyproject.toml")
    except FileNotFoundError:
        return "pyproject.toml", _template("pyproject.toml")
    if re.search(rb"^\s*\[tool\.detections\b", known, re.MULTILINE):
        return "pyproject.toml", ""
    return "detections.toml", _template("detections.toml")


def _template(name: str) -> str:
    return resources.files("detections.scaffold").joinpath("files", name).read_text(encoding="utf-8")
