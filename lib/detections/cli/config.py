"""Where things are: detections.toml, or ``[tool.detections]`` in pyproject.toml, found from the working directory
upwards."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detections.catalog import Source, read_sources
from detections.errors import UsageError
from detections.rule.keys import nearest

OWN = "detections.toml"
"""A file of our own, for a project whose pyproject.toml is for something else, or that has none."""
_PATHS = (
    "rules",
    "cases",
    "events",
    "tables",
    "output",
    "exceptions",
    "value_lists",
    "connectors",
    "environments",
    "geoip",
    "lock",
    "state",
    "proofs",
    "cache",
    "baseline",
    "site",
    "backtest",
)


@dataclass(frozen=True, slots=True)
class Config:
    """Paths are relative to the project's folder (``root``), or to the working directory without a configuration.

    ``geoip`` is the folder of the databases that addresses are looked up in, empty if there are none.
    ``environments`` is the file that holds them: one of their own, or pyproject.toml with their tables; empty if none.
    ``fields`` are patterns of files that declare the project's own fields. ``data`` are recorded events by the name of
    their set: paths. ``file`` is where the settings stand, ``said`` the keys that it has.
    """

    root: Path = Path()
    rules: str = "rules"
    cases: str = "tests/rules"
    events: str = "tests/events"
    tables: str = "tests/tables"
    output: str = "dist/detections.ndjson"
    exceptions: str = "exceptions"
    value_lists: str = "value_lists"
    connectors: str = "connectors"
    environments: str = ""
    geoip: str = ""
    lock: str = "etc/rules.lock.json"
    state: str = ".detections/state"
    proofs: str = ".detections/proofs.json"
    cache: str = ".detections/cache"
    baseline: str = "etc/baseline.json"
    site: str = "dist/site"
    backtest: str = "dist/backtest.json"
    profiles: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    said: frozenset[str] = frozenset()

    def path(self, name: str) -> Path:
        """A configured path, as :meth:`near` gives it."""
        return self.near(str(getattr(self, name)))

    def near(self, name: str) -> Path:
        """A path of the project, relative to the working directory where it lies below it."""
        path = self.root / name
        here = Path.cwd()
        return path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path

    def own_fields(self) -> tuple[Source, ...]:
        """What the files of the project's own fields declare.

        Raises:
            UsageError: a pattern finds no file, or a file is none of fields.
        """
        found: dict[Path, None] = {}
        for pattern in self.fields:
            files = sorted(self.root.glob(pattern))
            if not files:
                raise UsageError(f"[tool.detections] fields: no file matches {pattern}")
            found.update(dict.fromkeys(files))
        return read_sources(found)


def find_config() -> Config:
    """The configuration of the project around the working directory.

    Raises:
        UsageError: there is an unknown key or a value of the wrong type.
    """
    try:
        here = Path.cwd()
    except FileNotFoundError:
        raise UsageError("the working directory has been deleted") from None
    for folder in (here, *here.parents):
        if (file := folder / OWN).is_file():
            return _config(file, _read(file))
        if (file := folder / "pyproject.toml").is_file() and (table := _table(file)) is not None:
            return _config(file, table)
    return Config()


def _table(file: Path) -> dict[str, Any] | None:
    """``[tool.detections]``; None where the file is about other things."""
    tools = _read(file).get("tool", {})
    table = tools.get("detections") if isinstance(tools, dict) else None
    if not isinstance(tools, dict) or not isinstance(table, dict | None):
        raise UsageError(f"{file}: [tool.detections] must be a table")
    return table


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: {error}") from None


def _config(file: Path, table: dict[str, object]) -> Config:
    settings: dict[str, object] = {}
    for name, value in table.items():
        if name in ("profiles", "fields") and isinstance(value, list) and all(isinstance(one, str) for one in value):
            settings[name] = tuple(value)
        elif name == "data" and isinstance(value, dict) and all(_is_path(one) for one in value.values()):
            settings[name] = value
        elif name == "environments" and isinstance(value, dict):
            settings[name] = file.name  # read by those commands only that deal with environments
        elif name in _PATHS and _is_path(value):
            settings[name] = value
        else:
            raise UsageError(f"{file}: {'' if file.name == OWN else '[tool.detections] '}{_problem(name)}")
    return Config(root=file.parent, file=file, said=frozenset(table), **settings)  # type: ignore[arg-type]


def _problem(name: str) -> str:
    """What is wrong with a setting that was not taken."""
    known = (*_PATHS, "profiles", "fields", "data")
    if name in known:
        return f"{name} has a value of the wrong type: `detections docs configuration` has examples"
    near = nearest(name, known)
    return f"unknown setting {name}: {f'did you mean {near}?' if near else 'available: ' + ', '.join(known)}"


def _is_path(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value
