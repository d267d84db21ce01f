"""Three ways: what the repo has, what Kibana has, and what was applied last.

The same comparison says how a rule stands in a plan, which of its fields a pull takes, and what becomes of an exception
list: whoever asks gives the names to look at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from detections.deploy.model import Kind
from detections.deploy.state import Remembered
from detections.payload import Difference, diff, same

NO_RECORD = "no record of the last apply"
Canonical: TypeAlias = Mapping[str, Any]


class Base(NamedTuple):
    """What was applied last, and how Kibana stored it, both in canonical form."""

    sent: Canonical
    stored: Canonical


@dataclass(frozen=True, slots=True)
class Merge:
    """The canonical forms of the repo's (``mine``) and Kibana's (``theirs``), and the last apply; None: no record."""

    mine: Canonical
    theirs: Canonical
    base: Base | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What an apply would change in Kibana."""
        return diff(self.theirs, self.mine)

    @property
    def edits(self) -> tuple[Difference, ...]:
        """What was edited in Kibana since the last apply; nothing is known of it without a record."""
        return () if self.base is None else diff(self.base.stored, self.theirs)

    @property
    def kind(self) -> Kind:
        """How the whole stands: one of UNCHANGED, UPDATE, DRIFTED and CONFLICT."""
        if same(self.mine, self.theirs):
            return Kind.UNCHANGED
        if self.base is None:
            return Kind.DRIFTED
        if same(self.mine, self.base.sent):
            return Kind.DRIFTED if self.edits else Kind.UNCHANGED
        return Kind.CONFLICT if self.edits else Kind.UPDATE

    @property
    def note(self) -> str:
        """What a person should know of it besides."""
        return NO_RECORD if self.base is None and self.kind is Kind.DRIFTED else ""

    def take(self, names: Collection[str], *, prefer_theirs: bool) -> tuple[set[str], set[str]]:
        """Of these fields, which differ, those that Kibana's value takes over, and those that are in dispute: changed
        on both sides, or by nobody knows whom. ``prefer_theirs`` settles them for Kibana."""
        if self.base is None:
            edited = both = set(names)
        else:
            edited = {name for name in names if self._differs(name, self.base.stored, self.theirs)}
            both = {name for name in edited if self._differs(name, self.base.sent, self.mine)}
        return (edited, set()) if prefer_theirs else (edited - both, both)

    @staticmethod
    def _differs(name: str, old: Canonical, new: Canonical) -> bool:
        return not same(old.get(name), new.get(name))


def base_of(entry: Remembered | None, theirs: Canonical, left: Collection[str]) -> Base | None:
    """What was applied last and how Kibana stored it; None where that is unknown. ``left`` is left to Kibana.

    An apply that was interrupted has written what it was about to write, or not: Kibana tells. A field that was left
    to Kibana until now has no past: it counts as applied as it is there.
    """
    if entry is None:
        return None
    past = {name: theirs[name] for name in entry.kept if name in theirs}

    def whole(part: Canonical) -> dict[str, Any]:
        return {name: value for name, value in {**part, **past}.items() if name not in left}

    if entry.pending is not None and same(whole(entry.pending), theirs):
        return Base(theirs, theirs)
    if entry.sent is None:
        return None
    return Base(whole(entry.sent), whole(entry.sent if entry.stored is None else entry.stored))
