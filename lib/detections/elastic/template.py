"""The index template of a mapping: the fields of the catalog as etc/fields has them, or any other.

Where a server lacks a field type the nearest one stands in for it, and is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.catalog.dynamic import rules
from detections.elastic.capabilities import ANALYZERS, PARAMETERS
from detections.engine.column import names
from detections.events import Document
from detections.mapping import DATE_FORMAT, Field, Mapping

Properties: TypeAlias = dict[str, Any]

NEAREST: dict[str, dict[str, Any]] = {
    "constant_keyword": {"type": "keyword"},
    "match_only_text": {"type": "text"},
    "wildcard": {"type": "keyword"},
    "version": {"type": "keyword"},
    "flattened": {"type": "object", "dynamic": False},
    "scaled_float": {"type": "double"},
    "unsigned_long": {"type": "long"},
    "search_as_you_type": {"type": "text"},
    "histogram": {"type": "object", "enabled": False},
}
"""What stands in for a type that a server lacks."""

SETTINGS = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "index.mapping.ignore_malformed": True,
    "index.mapping.total_fields.limit": 20_000,
}
"""One shard keeps documents in the order in which they came. The integrations' templates ignore malformed values."""

_STRINGS = {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 1024}}}
"""What Beats make of strings that nobody declared."""


@dataclass(frozen=True, slots=True)
class Substitution:
    """Fields of a type, or with an analyzer, that the server lacks, and what stands in for it."""

    type: str
    instead: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.fields[:3]) + (f" and {len(self.fields) - 3} more" if len(self.fields) > 3 else "")
        return f"{self.instead} instead of {self.type} ({shown})"


@dataclass(frozen=True, slots=True)
class Template:
    """What creates an index. ``mappings`` and ``settings`` are in Elasticsearch's form."""

    settings: dict[str, Any]
    mappings: dict[str, Any]
    substitutions: tuple[Substitution, ...]


def template(mapping: Mapping, lacking: Iterable[str] = (), declared: Iterable[str] | None = None) -> Template:
    """The template for a mapping, on a server that lacks some types and analyzers.

    ``declared`` are the names of the fields that it declares, None all that the mapping lists. A field that has several
    types gets its first. What else documents have is what the mapping says of fields that nobody declared.
    """
    absent = frozenset(lacking)
    replaced: dict[tuple[str, str], list[str]] = {}
    root: Properties = {}
    fields = {field.name: field for field in (mapping if declared is None else _fields(mapping, declared))}
    for path in mapping.nested_paths if declared is None else _around(mapping, fields):
        object_at(root, path)["type"] = "nested"
    for field in fields.values():
        for lack, instead in _lacks(field, absent):
            replaced.setdefault((lack, instead), []).append(field.name)
        if field.path == field.name:
            object_at(root, field.name).update(_parameters(field, absent))
        elif field.name.startswith(f"{field.path}.") and field.path in fields:
            inner = object_at(root, field.path).setdefault("fields", {})
            inner[field.name.removeprefix(f"{field.path}.")] = _parameters(field, absent)
        else:
            object_at(root, field.name).update({"type": "alias", "path": field.path})
    substitutions = [Substitution(*pair, tuple(some)) for pair, some in sorted(replaced.items())]
    settings = {**SETTINGS, "analysis": {"analyzer": {name: ANALYZERS[name] for name in ANALYZERS.keys() - absent}}}
    return Template(settings, _mappings(root, mapping.undeclared, absent), tuple(substitutions))


def needed(mapping: Mapping, documents: Iterable[Document]) -> dict[str, None] | None:
    """The fields to declare for some documents where the mapping is the catalog, which has thousands: those that they
    have, and those that queries asked of it. None where all of them are."""
    if not mapping.dynamic:
        return None
    return dict.fromkeys([*mapping.asked, *(name for document in documents for name in names(document))])


def _fields(mapping: Mapping, declared: Iterable[str]) -> list[Field]:
    """The declared ones of some names' fields, their multi-fields, and what an alias stands for."""
    found = {field.name: field for name in declared for field in mapping.at(name) if _is_mapped(field)}
    for path in [field.path for field in found.values()]:
        found.update((field.name, field) for field in mapping.at(path) if _is_mapped(field))
    return sorted(found.values(), key=lambda field: field.name)


def _is_mapped(field: Field) -> bool:
    return field.declared and not field.key


def _around(mapping: Mapping, fields: Iterable[str]) -> list[str]:
    above = {name[:at] for name in fields for at, character in enumerate(name) if character == "."}
    return sorted(filter(mapping.declares_nested, above))


def _mappings(root: Properties, undeclared: str, absent: frozenset[str]) -> dict[str, Any]:
    common = {"date_detection": False, "properties": root}
    if undeclared == "unmapped":
        return {"dynamic": False, **common}
    if undeclared == "keyword":
        return {"dynamic": True, "dynamic_templates": [_STRINGS], **common}
    made = [{f"undeclared_{number}": _dynamic(rule, absent)} for number, rule in enumerate(rules())]
    return {"dynamic": True, "dynamic_templates": made, **common}


def _dynamic(rule: dict[str, Any], absent: frozenset[str]) -> dict[str, Any]:
    given = dict(rule["mapping"])
    inner = {suffix: {"type": kind} for suffix, kind in given.pop("fields", {}).items()}
    kind = {**given, **NEAREST[given["type"]]} if given["type"] in absent else given
    if kind["type"] == "double":
        kind.pop("scaling_factor", None)
    if inner:
        kind["fields"] = {suffix: NEAREST.get(one["type"], one) if one["type"] in absent else one
                          for suffix, one in inner.items()}  # fmt: skip
    return {**rule, "mapping": kind}


def _lacks(field: Field, absent: frozenset[str]) -> Iterator[tuple[str, str]]:
    if field.type in absent:
        yield field.type, str(NEAREST[field.type]["type"])
    if field.analyzer in absent:
        yield f"the analyzer {field.analyzer}", "the standard one"


def object_at(root: Properties, path: str) -> dict[str, Any]:
    """The place in the mappings of what stands at a dotted path, made where it is not there."""
    *way, last = path.split(".")
    here = root
    for step in way:
        here = here.setdefault(step, {}).setdefault("properties", {})
    found: dict[str, Any] = here.setdefault(last, {})
    return found


def _parameters(field: Field, absent: frozenset[str]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": field.type, **PARAMETERS.get(field.type, {})}
    if field.type in absent:
        made = dict(NEAREST[field.type])
    if field.ignore_above is not None:
        made["ignore_above"] = field.ignore_above
    if field.null_value is not None:
        made["null_value"] = field.null_value
    if field.format is not None:
        made["format"] = f"{field.format}||{DATE_FORMAT}"
    if field.constant is not None and made["type"] == field.type:
        made["value"] = field.constant
    if field.normalizer is not None:
        made["normalizer"] = field.normalizer
    if field.analyzer is not None and field.analyzer not in absent:
        made["analyzer"] = field.analyzer
    if field.scaling_factor is not None and made["type"] == "scaled_float":
        made["scaling_factor"] = field.scaling_factor
    if not field.searchable:
        made["index"] = False
        if made["type"] != "text":
            made["doc_values"] = False
    return made
