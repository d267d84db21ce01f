"""Where the extracts are, and reading them.

In a checkout they stand in ``etc/`` at its top; in an installed wheel in ``detections/_etc``.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from detections.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent.parent


@functools.cache
def etc_path(name: str = "") -> Path:
    """The path of the extract ``name`` (``"fields/ecs.json"``), or of the folder that holds them all.

    Raises UsageError where neither the wheel's nor a checkout's folder is there.
    """
    return _beside("etc", "the extracts") / name


@functools.cache
def docs_path() -> Path:
    """The folder of the documentation's pages. Raises UsageError where neither the wheel's nor a checkout's is
    there."""
    return _beside("docs", "the pages")


def _beside(name: str, what: str) -> Path:
    for folder in (_PACKAGE / f"_{name}", _PACKAGE.parent.parent / name):
        if folder.is_dir():
            return folder
    raise UsageError(f"{what} of this package are missing: no _{name} in {_PACKAGE}, no {name} beside lib")


@functools.cache
def extract(name: str) -> dict[str, Any]:
    """The JSON object in etc/``name``, read once."""
    read: dict[str, Any] = json.loads(etc_path(name).read_bytes())
    return read
