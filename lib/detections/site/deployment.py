"""What the page of a plan shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from detections.payload import Difference, render
from detections.site.kibana import Change, Plan
from detections.site.project import ListedRule

KINDS = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "disable": "to disable",
    "drifted": "drifted",
    "conflict": "in conflict",
    "gone": "gone from the repo",
    "foreign": "foreign",
    "unchanged": "unchanged",
}
"""How rules stand, in the order of the page, and in words."""
_SIGNS = {"+": "added", "-": "removed", "@": "place", "~": "changed"}


@dataclass(frozen=True, slots=True)
class Step:
    """A change, with its differences in lines of (class, text), each list under a heading."""

    change: Change
    entry: ListedRule | None
    said: str
    sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Group:
    kind: str
    words: str
    steps: Sequence[Step]


def groups(plan: Plan, by_id: Mapping[str, ListedRule]) -> list[Group]:
    """The changes by how they stand, in the order of :data:`KINDS`; kinds that nobody knows here come last."""
    kinds = dict.fromkeys([*KINDS, *(change.kind for change in plan.changes)])
    found = []
    for kind in kinds:
        steps = [_step(change, by_id) for change in plan.changes if change.kind == kind]
        if steps:
            found.append(Group(kind, KINDS.get(kind, kind), steps))
    return found


def _step(change: Change, by_id: Mapping[str, ListedRule]) -> Step:
    return Step(change, by_id.get(change.rule_id), "; ".join(_said(change)), list(_sections(change)))


def _said(change: Change) -> Iterator[str]:
    if change.edited_by or change.edited_at:
        yield f"last written by {change.edited_by or 'unknown'} at {change.edited_at or 'an unknown time'}"
    if change.note:
        yield change.note
    if change.action and change.action != change.kind:
        yield f"an apply will {change.action} it"


def _sections(change: Change) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    if change.edits:
        yield "Edited in Kibana", _lines(change.edits)
    if change.differences and not (change.edits and change.kind == "drifted"):
        yield "From Kibana to the repo", _lines(change.differences)


def _lines(differences: Sequence[Difference]) -> list[tuple[str, str]]:
    lines = []
    for difference in differences:
        for line in render(difference):
            sign = line[4:5] if line.startswith("    ") else line[:1]
            lines.append((_SIGNS.get(sign, "same"), line))
    return lines
