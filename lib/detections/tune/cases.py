"""Quiet cases that show what an exception is for, so that whoever changes it is told."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from detections.case import Bases, CaseFile
from detections.case.outcomes import outcomes
from detections.case.read import read_cases
from detections.plan import Plan
from detections.rule import Rule
from detections.source import edit, parse
from detections.tune.model import Entry, Item, Kind

_VALUES = 10
"""Values of one entry that get a case each."""
_LONGEST = 120


def with_cases(rule: Rule, plan: Plan, changed: Plan, file: CaseFile, bases: Bases, items: Sequence[Item]) -> str:
    """The text of a case file with a quiet case for each value of the items: an alert case of the file with what the
    item asks for set in its event. A case that would not alert without the items, or not stay quiet with them, is left
    out."""
    data = copy.deepcopy(file.document.data)
    known = {case.get("name") for case in data["case"]}
    for name, values in _asked(items):
        if name in known:
            continue
        for old in [case for case in file.cases if case.verdict == "alert"]:
            case = _quiet(data["case"][old.index], name, values)
            if _shows({**data, "case": [case]}, rule, plan, changed, file, bases):
                data["case"].append(case)
                break
    return edit(file.document, data)


def _asked(items: Sequence[Item]) -> Iterator[tuple[str, dict[str, str]]]:
    """What the event of a case has, and what the case is called."""
    for item in items:
        for entry in item.entries:
            for value in entry.values[:_VALUES]:
                values = {one.field: _value(one, value if one is entry else one.values[0]) for one in item.entries}
                yield f"excepted: {', '.join(values.values())}"[:_LONGEST], values


def _value(entry: Entry, value: str) -> str:
    """A value that an entry asks for."""
    if entry.kind is Kind.NETWORK:
        return str(ip_network(value)[1])
    return f"{value[:-1]}x" if entry.kind is Kind.WILDCARD else value


def _quiet(old: dict[str, Any], name: str, values: dict[str, str]) -> dict[str, Any]:
    said = {"name": name, "verdict": "quiet"}
    left = {key: value for key, value in old.items() if key not in ("name", "verdict", "new_terms", "row")}
    return {**said, **copy.deepcopy(left), "set": {**left.get("set", {}), **values}}


def _shows(data: dict[str, Any], rule: Rule, plan: Plan, changed: Plan, file: CaseFile, bases: Bases) -> bool:
    """Whether the one case alerts without the items, and is quiet with them."""
    made = read_cases(parse(edit(file.document, data), file.document.path))
    if len(made.cases) != 1:
        return False
    (before,), (after,) = outcomes(rule, [plan, changed], made.cases, bases)
    return bool(before) and not after
