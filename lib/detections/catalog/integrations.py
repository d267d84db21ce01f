"""Elastic's integrations: their packages, the integrations within, and the newest version of each that was known."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from detections.catalog.extracts import extract

Version = tuple[int, int, int]

_COMPARATOR = re.compile(r"(\^|~|>=|<=|>|<|=)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-[0-9A-Za-z.-]+)?")


@dataclass(frozen=True, slots=True)
class Package:
    """``integrations`` are named only where there are several. ``version`` is the newest that was known."""

    name: str
    version: Version
    integrations: tuple[str, ...] = ()

    @property
    def compatible(self) -> str:
        """The versions that are like the newest one, as a range of semver."""
        major, minor, _ = self.version
        return f"^{major}.0.0" if major else f"^0.{minor}.0"


@functools.cache
def packages() -> dict[str, Package]:
    """The packages that are known, by name."""
    return {
        name: Package(name, _version(said["version"]), tuple(said.get("integrations", ())))
        for name, said in extract("integrations.json")["packages"].items()
    }


def _version(text: str) -> Version:
    major, minor, patch = (int(part) for part in text.partition("-")[0].split("."))
    return major, minor, patch


def lowest(versions: str) -> Version | None:
    """The lowest version that a range of semver takes in; None where it is no such range.

    The syntax is npm's, as Kibana reads it: ``^6.0.0``, ``>=1.2 <3 || ~4.1``.
    """
    least: list[Version] = []
    for alternative in versions.split("||"):
        found = _comparators(alternative.partition(" - ")[0])  # of a hyphen range its lower end
        if found is None:
            return None
        least.append(max((low for operator, low in found if operator not in ("<", "<=")), default=(0, 0, 0)))
    return min(least)


def _comparators(text: str) -> list[tuple[str, Version]] | None:
    found, end = [], 0
    for match in _COMPARATOR.finditer(text):
        if text[end : match.start()].strip():
            return None
        major, minor, patch = (int(part) if part and part.isdigit() else 0 for part in match.groups()[1:])
        operator, low = match[1] or "", (major, minor, patch)
        found.append((operator, (major, minor, patch + 1) if operator == ">" else low))
        end = match.end()
    return found if found and not text[end:].strip() else None
