"""What may stand at the cursor: keys, values, tactics and techniques, and in queries fields, operations, functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from marshmallow import Schema, fields
from marshmallow.validate import Validator

from detections.catalog import attack, aws
from detections.catalog.fields import Catalog
from detections.functions import FUNCTIONS
from detections.functions.aggregates import AGGREGATES
from detections.lsp.cursor import Cursor
from detections.mapping import Mapping
from detections.rule.fields import OneOf, schema_of
from detections.rule.schemas import SCHEMAS, CommonSchema, FileSchema, schema

Kind = Literal["key", "table", "value", "field", "function", "operation", "tactic", "technique"]

EQL_FUNCTIONS = (
    "add", "between", "cidrMatch", "concat", "divide", "endsWith", "indexOf", "length", "modulo", "multiply", "number",
    "startsWith", "string", "stringContains", "substring", "subtract",
)  # fmt: skip
MOST = 200
"""Items in one answer; a client asks again when more is typed."""

QUERIES = ("query", "threat_query")
_NEAR = 2000
"""Characters before the cursor in which the operator is looked for whose value is typed: the search tries each."""
_ASKED = re.compile(r"""([\w.@-]+)\s*(?:==|!=|:|\bin~?|\blike~?)\s*(?:\([^()]*|"?[\w.*:-]*)$""")
_ACTIONS = "event.action"
_PROVIDERS = "event.provider"
_PROVIDER_IN = re.compile(r"""event\.provider["`]?\s*(?::|==)\s*"?([\w.-]+)""")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that may stand there; ``text`` takes the place of what is typed."""

    text: str
    kind: Kind
    detail: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of the file: the rule's type and language, and the fields of its indices."""

    type: str
    language: str
    mapping: Mapping
    catalog: Catalog


def complete(at: Cursor, subject: Subject) -> tuple[list[Item], bool]:
    """What may stand at the cursor, the best first, and whether that is all."""
    typed = at.typed.lower()
    found = [one for one in _items(at, subject) if typed in one.text.lower() or typed in one.detail.lower()]
    found.sort(key=lambda item: (not item.text.lower().startswith(typed), item.text))
    return found[:MOST], len(found) <= MOST


def _items(at: Cursor, subject: Subject) -> Iterable[Item]:
    if not at.key:
        return _keys(at, subject)
    if at.key in QUERIES and at.table == ("rule",):
        return _query(at, subject)
    if at.table[:2] == ("rule", "threat") and at.key in ("id", "name", "reference"):
        return _attack(at)
    return _values(at, subject)


def _keys(at: Cursor, subject: Subject) -> Iterator[Item]:
    if not at.table:
        for name in ("metadata", "transform", "rule"):
            yield Item(f"[{name}]", "table")
        return
    known = schema_at(at.table, subject.type)
    for name, one in _fields(known).items() if known is not None else ():
        inner = schema_of(one) if isinstance(one, fields.Nested | fields.List) else None
        detail = "required" if one.required else ""
        yield Item(name, "table" if inner is not None else "key", detail, one.metadata.get("description", ""))


@cache
def schema_at(table: tuple[str, ...], kind: str) -> type[Schema] | None:
    """The schema of a table of a rule file, None where nothing is known of it."""
    known: type[Schema] = SCHEMAS.get(kind, CommonSchema) if table[:1] == ("rule",) else FileSchema
    for name in table[1:] if table[:1] == ("rule",) else table:
        one = _fields(known).get(name)
        inner = schema_of(one) if isinstance(one, fields.Nested | fields.List) else None
        if inner is None:
            return None
        known = inner
    return known


def _fields(known: type[Schema]) -> dict[str, fields.Field[object]]:
    return {one.data_key or name: one for name, one in schema(known).fields.items()}


def _values(at: Cursor, subject: Subject) -> Iterator[Item]:
    if at.table == ("rule",) and at.key == "type":
        yield from (Item(kind, "value") for kind in SCHEMAS)
        return
    known = schema_at(at.table, subject.type) if at.table else None
    one = _fields(known).get(at.key) if known is not None else None
    if one is None:
        return
    inner = one.inner if isinstance(one, fields.List) else one
    for validator in _validators(inner):
        if isinstance(validator, OneOf):
            yield from (Item(str(choice), "value") for choice in validator.choices)
    if at.key in ("value", "field", "group_by", "field_names", "timestamp_override", "rule_name_override"):
        yield from _field_names(at, subject)


def _validators(one: fields.Field[object]) -> Iterable[Validator]:
    return [validator for validator in one.validators if isinstance(validator, Validator)]


def _attack(at: Cursor) -> Iterator[Item]:
    below = at.table[-1]
    for known in attack.tactics() if below == "tactic" else ():
        yield Item(_of(at.key, known.id, known.name, known.reference), "tactic", f"{known.id} {known.name}")
    if below in ("technique", "subtechnique"):
        for technique in attack.techniques():
            if ("." in technique.id) == (below == "subtechnique"):
                yield Item(
                    _of(at.key, technique.id, technique.name, technique.reference),
                    "technique",
                    f"{technique.id} {technique.name}",
                )


def _of(key: str, identifier: str, name: str, reference: str) -> str:
    return {"id": identifier, "name": name}.get(key, reference)


def _query(at: Cursor, subject: Subject) -> Iterator[Item]:
    asked = _ASKED.search((at.before + at.typed)[-_NEAR:])
    if asked and asked[1] == _PROVIDERS:
        yield from (Item(name, "value", "event.provider") for name in sorted(aws.providers()))
    elif asked and asked[1] == _ACTIONS:
        for provider in sorted(set(_PROVIDER_IN.findall(at.value))):
            yield from (Item(name, "operation", provider) for name in sorted(aws.events(provider)))
    else:
        yield from _field_names(at, subject)
        for name in functions(subject.language):
            yield Item(f"{name}(", "function")


def functions(language: str) -> list[str]:
    """The functions of a query language, as one writes them."""
    if language == "esql":
        return sorted(name.upper() for name in (*FUNCTIONS, *AGGREGATES))
    return list(EQL_FUNCTIONS) if language == "eql" else []


def _field_names(at: Cursor, subject: Subject) -> Iterator[Item]:
    for name, types in fields_beginning(subject.mapping, at.typed):
        sources = ", ".join(dict.fromkeys(field.source.name for field in subject.catalog.fields(name)))
        yield Item(name, "field", f"{types} ({sources})" if sources else types)


def fields_beginning(mapping: Mapping, typed: str) -> Iterator[tuple[str, str]]:
    """The fields that begin with what is typed, with their types; nothing is guessed."""
    if not typed or "*" in typed:
        return
    for field in mapping.matching(f"{typed}*"):
        if field.declared:
            yield field.name, ", ".join(field.types)
