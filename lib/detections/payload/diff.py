"""What two payloads differ in, field by field, and how that reads."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from detections.payload.normalise import filled, normalise, same

_SHORT = 72
_MANY = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs: ``field`` with dots for fields of tables, ``old`` and ``new`` its values in canonical
    form or the default that Kibana fills in, None where there is neither (null is absent, too)."""

    field: str
    old: object
    new: object


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields in which two API objects differ, in alphabetical order; none exactly when their canonical forms are
    equal. Tables are looked into, lists are not."""
    return tuple(_differences(filled(normalise(old)), filled(normalise(new)), ""))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any], above: str) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if same(before, after):
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differences(before, after, f"{above}{name}.")
        else:
            yield Difference(f"{above}{name}", before, after)


def render(difference: Difference) -> list[str]:
    """A difference in lines, without colour. The first begins with ``~`` (changed), ``+`` (new) or ``-`` (gone) and
    names the field; texts of several lines and lists follow as a unified diff, each line with its sign."""
    old, new, name = difference.old, difference.new, difference.field
    if old is not None and new is not None and len(short := f"{_json(old)} -> {_json(new)}") <= _SHORT:
        return [f"~ {name}: {short}"]
    sign, value = ("+", new) if old is None else ("-", old)
    if (old is None or new is None) and len(short := _json(value)) <= _SHORT:
        return [f"{sign} {name}: {short}"]
    sign = "~" if old is not None and new is not None else sign
    return [f"{sign} {name}:", *(f"    {line}" for line in _unified(_lines(old), _lines(new)))]


def _lines(value: object) -> list[str]:
    if value is None:
        return []
    return value.split("\n") if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False).split("\n")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _unified(old: list[str], new: list[str]) -> list[str]:
    """The hunks of a unified diff. Of very long texts all between the first change and the last is one hunk: looking
    for the smallest one takes too long there."""
    if len(old) + len(new) <= _MANY:
        return list(difflib.unified_diff(old, new, lineterm=""))[2:]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    return [f"@@ -{start + 1},{len(gone)} +{start + 1},{len(come)} @@",
            *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]  # fmt: skip


def _common(old: list[str], new: list[str]) -> int:
    """How many lines both begin with."""
    for number, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after:
            return number
    return min(len(old), len(new))
