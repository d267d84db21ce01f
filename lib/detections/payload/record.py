"""Records: JSON files that the project keeps beside its rules, one line a value, so that they merge and read well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from detections.errors import UsageError
from detections.source import save

_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")


def read_json(path: Path, advice: str) -> dict[str, Any] | None:
    """The object in a file, None where there is no file. ``advice`` says what to do with conflict markers.

    Raises:
        UsageError: the file cannot be read, has conflict markers, or is no JSON object. The message names the line.
    """
    try:
        return parse_json(path.read_bytes(), str(path), advice)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def parse_json(data: bytes, path: str, advice: str) -> dict[str, Any]:
    """The object that a file's bytes are; see :func:`read_json`."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            if line.startswith(_MARKERS):
                raise UsageError(f"{path}:{number}: a merge left its conflict markers here; {advice}") from None
        raise UsageError(f"{path} is no JSON: {error}; {advice}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} holds no JSON object; {advice}")
    return found


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write an object, all of it or nothing.

    Raises:
        UsageError: the file cannot be written.
    """
    save(path, json.dumps(table, indent=2, ensure_ascii=False).encode() + b"\n")
