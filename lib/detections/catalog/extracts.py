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
    for folder in (_PACKAGE / "_etc", _PACKAGE.parent.parent / "etc"):
        if folder.is_dir():
            return folder / name
    raise UsageError(f"the extracts of this package are missing: no _etc in {_PACKAGE}, no etc beside lib")


@functools.cache
def extract(name: str) -> dict[str, Any]:
    """The JSON object in etc/``name``, read once."""
    read: dict[str, Any] = json.loads(etc_path(name).read_bytes())
    return read
