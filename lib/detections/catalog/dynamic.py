"""What a field becomes that nobody declared, by its name alone: the stack's rules for ``logs-*`` (``ecs@mappings``).

Elasticsearch asks them in order when the first value comes. Some look at the name only; what is left is decided by the
value: a JSON number is a long or a float, a boolean a boolean, a string a keyword.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from detections.catalog.extracts import extract
from detections.catalog.sources import Spec

DYNAMIC = "dynamic"
"""The type that stands for one that the value decides."""

IGNORE_ABOVE = 1024
PLAIN: Spec = {"type": DYNAMIC, "ignore_above": IGNORE_ABOVE}
_OBJECTS = frozenset({"flattened", "geo_point"})
"""Types that take objects: what stands below such a name is no matter here."""


def by_name(name: str) -> Spec:
    """The mapping that the stack's rules give a field, :data:`PLAIN` where its value decides; multi-fields in it."""
    for patterns, excluded, spec in _rules():
        if any(map(re.Pattern.fullmatch, patterns, [name] * len(patterns))) and not (
            excluded and excluded.fullmatch(name)
        ):
            return spec
    return PLAIN


def rules() -> list[dict[str, Any]]:
    """The stack's rules in order, as its component template has them (of a multi-field there is only its type)."""
    return [rule for _, rule in sorted(extract("fields/dynamic.json")["rules"].items())]


@functools.cache
def _rules() -> list[tuple[list[re.Pattern[str]], re.Pattern[str] | None, Spec]]:
    return [made for rule in rules() for made in _rule(rule)]


def _rule(rule: dict[str, Any]) -> Iterator[tuple[list[re.Pattern[str]], re.Pattern[str] | None, Spec]]:
    """A rule that decides by the name; those for numbers, and the last one for any string, decide nothing more."""
    if rule.get("match_mapping_type") in ("long", "double") or rule.get("path_match") == ["*"]:
        return
    given = rule["mapping"]
    if given["type"] in _OBJECTS:
        return
    # ``match`` is about the last part of a name.
    patterns = [_compiled(one) for one in rule.get("path_match", ())]
    patterns += [re.compile(rf"(?:.*\.)?{_text(one)}", re.DOTALL) for one in rule.get("match", ())]
    unmatched = rule.get("path_unmatch")
    spec = {key: value for key, value in given.items() if key in ("type", "scaling_factor")}
    if given["type"] == "keyword":
        # It is one whatever the value, but a number that equals a number equals its text, too.
        spec = {**spec, "ignore_above": IGNORE_ABOVE}
    if inner := given.get("fields"):
        spec["fields"] = {suffix: {"type": kind} for suffix, kind in inner.items()}
    yield patterns, _compiled(unmatched) if unmatched else None, spec


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_text(pattern), re.DOTALL)


def _text(pattern: str) -> str:
    return ".*".join(map(re.escape, pattern.split("*")))
