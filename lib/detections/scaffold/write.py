"""Drafts as files: base events in JSON, and the case file that changes them a little."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from detections.scaffold.candidates import ABSENT
from detections.scaffold.draft import Draft
from detections.scaffold.frame import Happened
from detections.scaffold.solve import document
from detections.source import render

HEAD = (
    "# Made from the query by `detections scaffold`, not seen in any log. Look at each case, put real events in the\n"
    "# place of the made ones, add what else the rule must stay quiet about; then remove the next line.\n"
)
Base: TypeAlias = tuple[str, Mapping[str, object]]
"""A base event: the name of its file, and its fields."""
_FEW = 2
_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))


def bases_of(draft: Draft, stem: str, context: Mapping[str, object]) -> list[Base]:
    """The base events of a draft, each with the name of its file, the own one last: an event that differs from all
    others in much has one of its own."""
    *others, own = draft.events
    bases: list[Base] = []
    for event in others:
        known = [*(values for _, values in bases), own.values]
        if all(_size(_changes(values, event.values, context)) > _FEW for values in known):
            bases.append((f"{stem}_{len(bases) + 1}.json", event.values))
    return [*bases, (f"{stem}.json", own.values)]


def _size(changes: Mapping[str, Collection[object]]) -> int:
    return sum(map(len, changes.values()))


def case_file(drafts: Sequence[Draft], bases: Sequence[Base], context: Mapping[str, object]) -> str:
    """The case file of drafts; ``context`` are the fields that the base events have besides."""
    parts = [f"{HEAD}scaffolded = true\n\nbase = {render.inline(bases[-1][0])}\n"]
    for draft in drafts:
        *history, own = draft.events
        lines = ["[[case]]\n", render.entry(draft.name, "name"), render.entry(draft.verdict, "verdict")]
        lines += [render.entry(value, key) for key, value in _changes(bases[-1][1], own.values, context).items()]
        if history:
            told = [render.inline(_past(event, own, bases, context)) for event in history]
            lines.append(f"history = [{told[0]}]\n" if len(told) == 1 else _listed("history", told))
        parts.append("".join(lines))
    return "\n".join(parts)


def _listed(name: str, values: Sequence[str]) -> str:
    return "".join([f"{name} = [\n", *(f"    {value},\n" for value in values), "]\n"])


def _past(event: Happened, own: Happened, bases: Sequence[Base], context: Mapping[str, object]) -> dict[str, object]:
    """An event of the history: the own one again, or another base with the fewest changes."""
    at: dict[str, object] = {"at": _offset(event.at)}
    if not _changes(own.values, event.values, context):
        return at
    made = [(name, _changes(base, event.values, context)) for name, base in bases]
    name, changes = min(made, key=lambda one: _size(one[1]))
    return {**at, "base": name, **changes}


def _changes(
    base: Mapping[str, object], wanted: Mapping[str, object], context: Mapping[str, object]
) -> dict[str, dict[str, object] | list[str]]:
    """What makes one event of another, as a case says it."""
    before = {**context, **base}
    after = {**context, **wanted}
    changed = {
        path: value for path, value in after.items() if value is not ABSENT and before.get(path, ABSENT) != value
    }
    gone = [path for path, value in before.items() if value is not ABSENT and after.get(path, ABSENT) is ABSENT]
    made: dict[str, dict[str, object] | list[str]] = {}
    if gone:
        made["unset"] = gone
    if changed:
        made["set"] = changed
    return made


def event_file(values: Mapping[str, object], context: Mapping[str, object]) -> str:
    """A base event as JSON."""
    return json.dumps(document({**context, **values}), indent=2, ensure_ascii=False) + "\n"


def _offset(milliseconds: int) -> str:
    """A time relative to now as a case writes it: ``-7d``."""
    unit, size = next((one for one in _UNITS if milliseconds and milliseconds % one[1] == 0), ("s", 1_000))
    return f"{'-' if milliseconds <= 0 else '+'}{abs(milliseconds) // size}{unit}"
