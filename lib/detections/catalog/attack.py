"""MITRE ATT&CK Enterprise v18.1, with what is known of v19 beside it; from etc/attack.

ATT&CK v19 renamed tactics and split techniques; rules name v18.1, and :class:`Technique` says where each goes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from detections.catalog.extracts import extract

VERSION = "v18.1"
_V18 = "attack/v18.json"
_V19 = "attack/v19.json"


@dataclass(frozen=True, slots=True)
class Tactic:
    """``v19_name`` is its name in v19, where it is known to differ."""

    id: str
    name: str
    v19_name: str | None = None

    @property
    def reference(self) -> str:
        return f"https://attack.mitre.org/tactics/{self.id}/"


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique.

    ``tactics`` are ids. ``revoked`` and ``deprecated`` as in v18.1; ``successor`` is the technique that replaced a
    revoked one. ``v19`` and ``v19_tactic`` are its id and tactic in v19, where they are known to differ.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    revoked: bool = False
    deprecated: bool = False
    successor: str | None = None
    v19: str | None = None
    v19_tactic: str | None = None

    @property
    def parent(self) -> str | None:
        """The id of the technique that a sub-technique belongs to."""
        parent, dot, _ = self.id.partition(".")
        return parent if dot else None

    @property
    def reference(self) -> str:
        return f"https://attack.mitre.org/techniques/{self.id.replace('.', '/')}/"


@functools.cache
def tactic(identifier: str) -> Tactic | None:
    """The tactic with this id (``TA0005``), None where v18.1 has none."""
    entry = extract(_V18)["tactics"].get(identifier)
    if entry is None:
        return None
    return Tactic(identifier, entry["name"], extract(_V19)["tactics"].get(identifier, {}).get("name"))


@functools.cache
def technique(identifier: str) -> Technique | None:
    """The technique or sub-technique with this id (``T1562.007``), None where v18.1 has none."""
    entry = extract(_V18)["techniques"].get(identifier)
    if entry is None:
        return None
    later = extract(_V19)["techniques"].get(identifier, {})
    return Technique(
        identifier, entry["name"], tuple(entry["tactics"]),
        revoked="revoked" in entry, deprecated=entry.get("deprecated", False),
        successor=entry.get("revoked") or None, v19=later.get("successor"), v19_tactic=later.get("tactic"),
    )  # fmt: skip


def tactics() -> tuple[Tactic, ...]:
    """Every tactic, by id."""
    return tuple(found for known in extract(_V18)["tactics"] if (found := tactic(known)))
