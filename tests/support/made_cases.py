"""Small cases for tests: base events in a folder, a case file from its text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from detections.case import Bases
from detections.case.model import CaseFile
from detections.case.read import read_cases
from detections.source import parse

TIME = "2026-01-14T10:00:00Z"


def event(action: str, **more: Any) -> dict[str, Any]:
    """An event of alice's with this action; ``more`` are tables beside ``event`` and ``user``."""
    fields = {"action": action, "outcome": "success", "id": action}
    return {"@timestamp": TIME, "event": fields, "user": {"name": "alice"}, **more}


def bases_of(folder: Path, *events: dict[str, Any]) -> Bases:
    """Base events, each in a file named after its action."""
    folder.mkdir(exist_ok=True)
    for one in events:
        (folder / f"{one['event']['action']}.json").write_text(json.dumps(one))
    return Bases(folder)


def cases_of(text: str, base: str) -> CaseFile:
    """The cases of a file whose events start from a base, if they do not name their own."""
    file = read_cases(parse(f'base = "{base}.json"\n{text}', "cases.toml"))
    assert not file.findings, file.findings
    return file


def case(name: str, verdict: str, *lines: str) -> str:
    """One case; ``lines`` are its further keys."""
    return "\n".join(["[[case]]", f'name = "{name}"', f'verdict = "{verdict}"', *lines, ""])
