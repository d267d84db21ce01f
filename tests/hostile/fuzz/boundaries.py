"""All boundaries, by name."""

from __future__ import annotations

from collections.abc import Mapping

from fuzz import declarations, logs, queries, records, servers, tables
from fuzz.boundary import Boundary

BOUNDARIES: Mapping[str, Boundary] = {
    one.name: one
    for module in (queries, tables, declarations, logs, records, servers)
    for one in module.BOUNDARIES  # type: ignore[attr-defined]
}
