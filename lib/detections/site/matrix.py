"""ATT&CK's matrix: which techniques the rules look for, how many rules each one has, and how many are proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detections.catalog import attack
from detections.site.project import ListedRule, Project, State

_STEPS = (1, 2, 3, 5, 10)
"""How many rules each colour begins at."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A technique or sub-technique under a tactic. A technique's ``rules`` are those of its ``parts``, too."""

    technique: attack.Technique
    rules: tuple[ListedRule, ...] = ()
    parts: tuple[Cell, ...] = ()

    @property
    def proved(self) -> int:
        return sum(entry.state is State.PROVED for entry in self.rules)

    @property
    def level(self) -> int:
        """Which colour its number of rules has: 0 for none, 5 for ten and more."""
        return sum(len(self.rules) >= step for step in _STEPS)

    @property
    def proof(self) -> str:
        """Whether all of the rules, some, or none are proved; empty where there is no rule."""
        if not self.rules:
            return ""
        return "all" if self.proved == len(self.rules) else "some" if self.proved else "none"


@dataclass(frozen=True, slots=True)
class Column:
    tactic: attack.Tactic
    cells: tuple[Cell, ...]
    rules: int

    @property
    def covered(self) -> int:
        return sum(bool(cell.rules) for cell in self.cells)


def matrix(entries: Iterable[ListedRule]) -> list[Column]:
    """The matrix, a column a tactic. A technique that a rule has under a tactic that is not its own has a cell there
    too; ids that ATT&CK does not have are left out (:func:`unknown`)."""
    rules: defaultdict[str, defaultdict[str, list[ListedRule]]] = defaultdict(lambda: defaultdict(list))
    tactics: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for tactic, technique in entry.placed:
            rules[tactic][technique].append(entry)
        for threat in entry.threats:
            tactics[str(threat["tactic"]["id"])].add(entry.slug)
    columns = []
    for one in attack.tactics():
        own = _cells(one.id, rules[one.id])
        columns.append(Column(one, own, len(tactics[one.id])))
    return columns


def unknown(entries: Iterable[ListedRule]) -> list[str]:
    """The ids of tactics and techniques that rules name and ATT&CK does not have, or has no more."""
    known = {technique.id for technique in attack.techniques()} | {tactic.id for tactic in attack.tactics()}
    return sorted({name for entry in entries for pair in entry.placed for name in pair} - known)


def _cells(tactic: str, rules: Mapping[str, Sequence[ListedRule]]) -> tuple[Cell, ...]:
    cells: dict[str, Cell] = {}
    parts: defaultdict[str, list[Cell]] = defaultdict(list)
    for technique in attack.techniques():
        found = tuple(rules.get(technique.id, ()))
        if technique.parent is not None:
            if found:
                parts[technique.parent].append(Cell(technique, found))
        elif found or tactic in technique.tactics:
            cells[technique.id] = Cell(technique, found)
    for name, below in parts.items():
        whole = {entry.slug: entry for cell in (*below, cells.get(name)) if cell for entry in cell.rules}
        above = attack.technique(name)
        if above is not None:
            cells[name] = Cell(above, tuple(whole.values()), tuple(below))
    return tuple(sorted(cells.values(), key=lambda cell: cell.technique.name))


def layer(project: Project) -> dict[str, Any]:
    """A layer for ATT&CK Navigator (layer format 4.5): the score of a technique is how many rules it has."""
    techniques = []
    for column in matrix(project.running):
        for cell in column.cells:
            techniques += [_scored(one, column.tactic) for one in (cell, *cell.parts) if one.rules]
    most = max((technique["score"] for technique in techniques), default=1)
    return {
        "name": project.title,
        "versions": {"attack": attack.VERSION.lstrip("v").partition(".")[0], "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": f"{len(project.running)} rules{f' at {project.revision}' if project.revision else ''}",
        "techniques": techniques,
        "gradient": {"colors": ["#dbeafe", "#1d4ed8"], "minValue": 0, "maxValue": most},
        "legendItems": [{"label": "The score is the number of rules", "color": "#1d4ed8"}],
        "hideDisabled": False,
    }


def _scored(cell: Cell, tactic: attack.Tactic) -> dict[str, Any]:
    names = "\n".join(entry.rule.name for entry in cell.rules[:50])
    more = len(cell.rules) - 50
    return {
        "techniqueID": cell.technique.id,
        "tactic": tactic.shortname,
        "score": len(cell.rules),
        "comment": names + (f"\nand {more} more" if more > 0 else ""),
        "enabled": True,
        "showSubtechniques": bool(cell.parts),
        "metadata": [{"name": "proved", "value": f"{cell.proved} of {len(cell.rules)}"}],
    }
