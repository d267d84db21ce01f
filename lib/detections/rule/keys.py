"""Keys that a schema does not have: misspelt ones, and those that nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from detections.errors import Finding, Level
from detections.rule.fields import schema_of
from detections.rule.schemas import RESPONSE_ONLY, SCHEMAS, FileSchema, schema
from detections.source import Document, Keys

UNKNOWN = "unknown-key"


class Shape(NamedTuple):
    """The keys of a schema, and the schemas of the tables below some of them."""

    names: frozenset[str]
    below: Mapping[str, type[Schema]]


@cache
def shape(of: type[Schema]) -> Shape:
    """The shape of a schema class, read off once."""
    below = {}
    names = set()
    for name, one in schema(of).fields.items():
        key = one.data_key or name
        names.add(key)
        inner = schema_of(one) if isinstance(one, fields.Nested | fields.List) else None
        if inner is not None:
            below[key] = inner
    return Shape(frozenset(names), below)


def unknown_keys(
    document: Document, kind: type[Schema], table: Mapping[str, Any], keys: Keys = ()
) -> Iterator[Finding]:
    """A finding for each key of the table, and of the tables below it, that its schema does not have."""
    names, below = shape(kind)
    for name in table.keys() - names:
        yield _finding(document, name, names, keys)
    for name in table.keys() & below.keys():
        value = table[name]
        many = isinstance(value, list)
        for index, item in enumerate(value if many else [value]):
            if isinstance(item, dict):
                yield from unknown_keys(document, below[name], item, (*keys, name, index) if many else (*keys, name))


def unknown_tables(document: Document) -> Iterator[Finding]:
    """The same for the tables of the file; ``[rule]`` itself is left to its own schema."""
    names, below = shape(FileSchema)
    for name in document.data.keys() - names - {"rule"}:
        yield _finding(document, name, names | {"rule"}, ())
    for name, kind in below.items():
        if isinstance(document.data.get(name), dict):
            yield from unknown_keys(document, kind, document.data[name], (name,))


def _finding(document: Document, name: str, names: Collection[str], keys: Keys) -> Finding:
    place = (*keys, name)
    where = f" in [{dotted(keys)}]" if keys else ""
    near = None if _known_elsewhere(name) else nearest(name, names)
    if near is not None:
        message, level, hint = f"unknown key {name}{where}", Level.ERROR, f"did you mean {near}?"
    else:
        message, level, hint = f"unknown key {name}{where}", Level.WARNING, _advice(name, keys)
    return document.finding(UNKNOWN if near is None else "schema", message, place, 0, None, level, hint, at_key=True)


def _advice(name: str, keys: Keys) -> str:
    if len(keys) > 1:
        return ""
    if keys == ("rule",):
        types = [kind for kind, one in SCHEMAS.items() if name in shape(one).names]
        if types:
            return f"rules of type {', '.join(types)} have it"
        if name in RESPONSE_ONLY:
            return "Kibana sets it itself and ignores it in an import"
        if name in ("new_terms_fields", "history_window_start"):
            return "in TOML it stands in [rule.new_terms]"
    for table, kind in _tables().items():
        if (table,) != keys and name in shape(kind).names:
            return f"it belongs in [{table}]"
    return ""


def _known_elsewhere(name: str) -> bool:
    """A key of another rule type or table, or of the API, is not a misspelling of one here."""
    if name in RESPONSE_ONLY or name in ("new_terms_fields", "history_window_start"):
        return True
    return any(name in shape(kind).names for kind in (*SCHEMAS.values(), *_tables().values()))


def _tables() -> Mapping[str, type[Schema]]:
    return {"rule": SCHEMAS["query"], **shape(FileSchema).below}


def nearest(name: str, names: Collection[str]) -> str | None:
    """The name that this one was meant to be: the same but for case, hyphens, and two slips (one in a short name)."""
    plain = _plain(name)
    allowed = 1 if len(plain) <= 5 else 2
    distance, near = min(((_distance(plain, _plain(one), allowed), one) for one in sorted(names)), default=(99, ""))
    return near if distance <= allowed else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


def _distance(one: str, other: str, most: int) -> int:
    """How many letters are added, left out, changed, or swapped with their neighbour; ``most + 1`` if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, against in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)


def dotted(keys: Keys) -> str:
    """Keys as a person writes them: ``rule.threat[0].tactic``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")
