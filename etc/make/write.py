"""How the extracts in etc/ are written: JSON, sorted, one line an entry, so that a new version is a readable diff."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ETC = Path(__file__).resolve().parent.parent


def write(path: str, made_from: Mapping[str, str], **tables: Mapping[str, Any]) -> None:
    """Write etc/``path``: what it was made from, then each table with one line an entry, or an entry of an entry."""
    parts = [f'"made_from": {json.dumps(made_from)}']
    for name, table in tables.items():
        lines = ",\n".join(f"  {json.dumps(key)}: {_entry(table[key])}" for key in sorted(table))
        parts.append(f'"{name}": {{\n{lines}\n}}')
    (ETC / path).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"etc/{path}: {(ETC / path).stat().st_size / 1000:.0f} kB\n")


def _entry(value: Any) -> str:
    """A value on one line; a table of tables on a line for each of these."""
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        return json.dumps(value)
    lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value[key])}" for key in sorted(value))
    return f"{{\n{lines}\n  }}"
