"""What a Kibana keeps: spaces with their rules, lists and connectors; ids, clocks, users."""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]


class Refused(Exception):
    """An error in the SIEM shape, ``{status_code, message}``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Space:
    """One space. Everything is by saved-object id, value lists and their values by list id."""

    id: str
    rules: dict[str, Object] = field(default_factory=dict)
    lists: dict[str, Object] = field(default_factory=dict)
    items: dict[str, Object] = field(default_factory=dict)
    connectors: dict[str, Object] = field(default_factory=dict)
    value_lists: dict[str, Object] | None = None
    values: dict[str, list[str]] = field(default_factory=dict)
    previews: dict[str, list[Object]] = field(default_factory=dict)

    def rule(self, rule_id: str) -> Object | None:
        return next((one for one in self.rules.values() if one["rule_id"] == rule_id), None)


@dataclass
class World:
    """All of a Kibana. ``skew`` is how wrong its clock is. ``phantoms`` are spaces that are not there and that Kibana
    takes things into all the same: it looks for the space of pages only, not for that of the API."""

    version: str = "9.2.0"
    user: str = "elastic"
    skew: timedelta = timedelta()
    spaces: dict[str, Space] = field(default_factory=lambda: {"default": Space("default")})
    phantoms: dict[str, Space] = field(default_factory=dict)
    agnostic: Space = field(default_factory=lambda: Space("*"))
    prebuilt: dict[str, Object] = field(default_factory=dict)
    count: int = 0
    clock: datetime = datetime(2026, 1, 15, 9, tzinfo=UTC)

    def new_id(self) -> str:
        self.count += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"object {self.count}"))

    def now(self) -> str:
        """The time; it goes on by 250 ms each time it is asked for."""
        self.clock += timedelta(milliseconds=250)
        return (self.clock + self.skew).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def place(self, space: Space, namespace: str) -> Space:
        """Where the exception lists of a namespace are kept."""
        return self.agnostic if namespace == "agnostic" else space


def page_of(found: list[Object], args: Any, size: str = "per_page") -> Object:
    """One page of what was found, as the find routes answer."""
    page, each = int(args.get("page", 1)), int(args.get("per_page", 20))
    if page * each > 10_000 and (page - 1) * each >= 10_000:
        raise Refused(400, "Result window is too large, from + size must be less than or equal to: [10000]")
    part = found[(page - 1) * each : page * each]
    return {"page": page, size: each, "total": len(found), "data": copy.deepcopy(part)}
