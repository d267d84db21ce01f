"""Records: JSON files that the project keeps beside its rules, one line a value, so that they merge and read well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from detections.errors import UsageError
from detections.source import read_file, save
from detections.source.reader import is_deep
from detections.source.scan import MAX_DEPTH

T = TypeVar("T")
_DEPTH = MAX_DEPTH + 10
"""A record holds rules, which may be nested MAX_DEPTH deep, some levels down."""
_MARKERS = ("<<<<<<< ", "=======", ">>>>>>> ", "||||||| ")


def read_json(path: Path, advice: str) -> dict[str, Any] | None:
    """The object in a file, None where there is no file. ``advice`` says what to do with conflict markers.

    Raises:
        UsageError: the file cannot be read, has conflict markers, or is not a JSON object. The message names the line.
    """
    try:
        return parse_json(read_file(path), str(path), advice)
    except FileNotFoundError:
        return None


def read_as(path: Path, kind: type[T], what: str, advice: str) -> T | None:
    """The value of a type in a file, None where there is no file. ``what`` names what the file should be.

    Raises:
        UsageError: as :func:`read_json`, or the file holds something else.
    """
    table = read_json(path, advice)
    try:
        return None if table is None else msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is not {what}: {error}; {advice}") from None


def parse_json(data: bytes, path: str, advice: str) -> dict[str, Any]:
    """The object that a file's bytes are; see :func:`read_json`."""
    try:
        table = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        for number, line in enumerate(data.decode(errors="replace").splitlines(), 1):
            if line.startswith(_MARKERS):
                raise UsageError(f"{path}:{number}: unresolved merge conflict; {advice}") from None
        raise UsageError(f"{path} is not valid JSON: {error}; {advice}") from None
    if not isinstance(table, dict):
        raise UsageError(f"{path} is not a JSON object; {advice}")
    if is_deep(table, _DEPTH):
        raise UsageError(f"{path} is nested more than {_DEPTH} levels deep; {advice}")
    return table


def write_json(path: Path, table: Mapping[str, Any], *, private: bool = False) -> None:
    """Write an object, all of it or nothing; ``private``: a new file is for its owner alone.

    Raises:
        UsageError: the file cannot be written.
    """
    save(path, json.dumps(table, indent=2, ensure_ascii=False).encode() + b"\n", private=private)
