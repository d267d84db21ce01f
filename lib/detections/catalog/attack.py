"""MITRE ATT&CK Enterprise v18.1, which rules name, with what is known of v19 beside it; from etc/attack."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from detections.catalog.extracts import extract

VERSION = "v18.1"
_V18 = "attack/v18.json"
_V19 = "attack/v19.json"
_ORDER = (
    "TA0043", "TA0042", "TA0001", "TA0002", "TA0003", "TA0004", "TA0005", "TA0006", "TA0007", "TA0008", "TA0009",
    "TA0011", "TA0010", "TA0040",
)  # fmt: skip
"""The tactics of the matrix, from left to right."""


@dataclass(frozen=True, slots=True)
class Tactic:
    id: str
    name: str

    @property
    def reference(self) -> str:
        return f"https://attack.mitre.org/tactics/{self.id}/"

    @property
    def shortname(self) -> str:
        """As STIX and the Navigator have it: ``command-and-control``."""
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique.

    ``tactics`` are ids. ``revoked`` and ``deprecated`` as in v18.1; ``successor`` is the technique that replaced a
    revoked one. ``v19`` is the technique that takes its place in v19, where that is known and another one.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    revoked: bool = False
    deprecated: bool = False
    successor: str | None = None
    v19: str | None = None

    @property
    def parent(self) -> str | None:
        """The id of the technique that a sub-technique belongs to."""
        parent, dot, _ = self.id.partition(".")
        return parent if dot else None

    @property
    def reference(self) -> str:
        return f"https://attack.mitre.org/techniques/{self.id.replace('.', '/')}/"


@functools.cache
def tactics() -> tuple[Tactic, ...]:
    """The tactics in the order of ATT&CK's matrix, which is that of an intrusion."""
    known = extract(_V18)["tactics"]
    order = [one for one in _ORDER if one in known] + [one for one in known if one not in _ORDER]
    return tuple(Tactic(one, known[one]["name"]) for one in order)


@functools.cache
def techniques() -> tuple[Technique, ...]:
    """The techniques and sub-techniques in use, by name; each sub-technique behind its technique."""
    found = [technique(one) for one in extract(_V18)["techniques"]]
    used = [one for one in found if one and not (one.revoked or one.deprecated)]
    names = {one.id: one.name for one in used}
    return tuple(sorted(used, key=lambda one: (names.get(one.parent or one.id, ""), one.parent is not None, one.name)))


@functools.cache
def tactic(identifier: str) -> Tactic | None:
    """The tactic with this id (``TA0005``), None where v18.1 has none."""
    entry = extract(_V18)["tactics"].get(identifier)
    return Tactic(identifier, entry["name"]) if entry else None


@functools.cache
def technique(identifier: str) -> Technique | None:
    """The technique or sub-technique with this id (``T1562.007``), None where v18.1 has none."""
    entry = extract(_V18)["techniques"].get(identifier)
    if entry is None:
        return None
    return Technique(
        identifier,
        entry["name"],
        tuple(entry["tactics"]),
        revoked="revoked" in entry,
        deprecated=entry.get("deprecated", False),
        successor=entry.get("revoked") or None,
        v19=extract(_V19)["techniques"].get(identifier, {}).get("successor"),
    )


def before_v19(identifier: str) -> list[Technique]:
    """The techniques of v18.1 that a technique of v19 took the place of, or that moved to a tactic of v19."""
    moved = extract(_V19)["techniques"]
    found = (technique(old) for old, to in moved.items() if identifier in (to.get("successor"), to["tactic"]))
    return [one for one in found if one]
