"""The settings of a project, one by one: what may stand in detections.toml or ``[tool.detections]``.

``python -m detections.cli.settings`` writes docs/configuration.md.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detections.cli.config import Config


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: its type in words, what it says, and a value as it is written."""

    kind: str
    about: str
    example: str


SETTINGS: Mapping[str, Setting] = {
    "rules": Setting("path", "The folder of the rules.", '"detections/rules"'),
    "cases": Setting("path", "The folder of the cases: one file a rule, at the same path below it.", '"cases"'),
    "events": Setting("path", "The folder of the events that cases start from.", '"cases/events"'),
    "output": Setting("path", "The bundle that `build` and `export` write.", '"build/rules.ndjson"'),
    "exceptions": Setting("path", "The folder of exception lists.", '"lists/exceptions"'),
    "value_lists": Setting("path", "The folder of value lists.", '"lists/values"'),
    "connectors": Setting("path", "The folder of connectors.", '"lists/connectors"'),
    "environments": Setting(
        "tables, or a path",
        "Where the rules go ([kibana](kibana.md)): a table an environment, or the path of the file that has them.",
        '"environments.toml"',
    ),
    "geoip": Setting(
        "path", "The folder of the databases that addresses are looked up in ([sources](sources.md)).", '"GeoLite2"'
    ),
    "tables": Setting("path", "The folder of lookup tables, for ES|QL rules that look something up.", '"tests/lookup"'),
    "lock": Setting("path", "The versions of the rules; `detections lock` writes it.", '"rules.lock.json"'),
    "state": Setting("path", "The folder of what was applied last to each environment.", '"state"'),
    "proofs": Setting(
        "path", "What was proved already ([deployment](deployment.md)); not to be committed.", '"proofs.json"'
    ),
    "cache": Setting("path", "The folder of what `check` found in files that have not changed since.", '"build/cache"'),
    "baseline": Setting(
        "path", "What stood when checks and cases were begun; `detections baseline` writes it.", '"baseline.json"'
    ),
    "site": Setting("path", "The folder that `detections site` writes.", '"public"'),
    "backtest": Setting("path", "The file of the last backtest.", '"build/backtest.json"'),
    "data": Setting(
        "table of paths",
        "Recorded events for backtests, by name: paths, or addresses in a store.",
        '{ quiet = "data/quiet" }',
    ),
    "profiles": Setting(
        "list of names", "Further checks: the profiles that [checks](checks/README.md) names.", '["house"]'
    ),
    "fields": Setting(
        "list of patterns", "Files that declare fields of your own ([fields](fields.md)).", '["fields/*.toml"]'
    ),
}  # fmt: skip

VARIABLES: Mapping[str, str] = {
    "KIBANA_URL, KIBANA_CLOUD_ID, KIBANA_SPACE, KIBANA_CA_FILE": (
        "the Kibana of a project that configures none, and what an environment's table leaves out"
    ),
    "KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD": (
        "credentials; with `_PROD` behind it, for the environment `prod` alone; with `_FILE` behind it, the path of a "
        "file that holds the value"
    ),
    "ELASTICSEARCH_URL, ELASTICSEARCH_CLOUD_ID, ELASTICSEARCH_CA_FILE": "the server of `--on elasticsearch`",
    "ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD": "its credentials",
    "NO_COLOR": "no colours, whatever it says",
}


def default(name: str) -> str:
    """The default of a setting as it is written; empty where there is none."""
    field = next(field for field in dataclasses.fields(Config) if field.name == name)
    value = () if field.default is dataclasses.MISSING else field.default
    return f'"{value}"' if value else ""


def page() -> str:
    """The page of the settings, in Markdown."""
    lines = [
        "# Configuration", "", "Made from `lib/detections/cli/settings.py` by `make generate`.", "",
        "Settings stand in `detections.toml`, or in the table `[tool.detections]` of `pyproject.toml`: of the working",
        "directory, or of the next folder above that has one. Paths are relative to that file. `detections config`",
        "prints what is in force, and from where. An unknown key is an error.", "",
        "| key | type | default | example | what it says |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, setting in SETTINGS.items():
        shown = f"`{default(name)}`" if default(name) else "none"
        lines.append(f"| `{name}` | {setting.kind} | {shown} | `{setting.example}` | {setting.about} |")
    lines += ["", "## Environment variables", "", "| variable | what for |", "|---|---|"]
    lines += [f"| {names} | {about} |" for names, about in VARIABLES.items()]
    lines += [
        "", "## Completion", "", "Shells complete commands and options once this is in their start file:", "",
        "```sh", 'eval "$(_DETECTIONS_COMPLETE=bash_source detections)"   # ~/.bashrc',
        'eval "$(_DETECTIONS_COMPLETE=zsh_source detections)"    # ~/.zshrc',
        "_DETECTIONS_COMPLETE=fish_source detections | source   # ~/.config/fish/completions/detections.fish",
        "```", "",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Write the page into docs of this checkout."""
    target = Path(__file__).resolve().parents[3] / "docs" / "configuration.md"
    target.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"docs/configuration.md: {len(SETTINGS)} settings\n")


if __name__ == "__main__":
    main()
