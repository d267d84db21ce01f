"""The index template of a mapping: ECS and the AWS integration as etc/fields has them, or any other.

Where a server lacks a field type the nearest one stands in for it, and is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.elastic.capabilities import PARAMETERS
from detections.mapping import DATE_FORMAT, DYNAMIC_IGNORE_ABOVE, Field, Mapping

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

_SCALARS = ("string", "long", "double", "boolean")


@dataclass(frozen=True, slots=True)
class Substitution:
    """Fields of a type that the server lacks, and what stands in for it."""

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


def template(mapping: Mapping, lacking: Iterable[str] = ()) -> Template:
    """The template for the fields of a mapping, on a server that lacks some types.

    A field that has several types gets its first. Where the mapping is dynamic, a scalar in a field nobody declared
    is a keyword; otherwise it is not indexed.
    """
    absent = frozenset(lacking)
    replaced: dict[str, list[str]] = {}
    root: Properties = {}
    for path in sorted(mapping.nested_paths):
        object_at(root, path)["type"] = "nested"
    fields = list(mapping)
    known = {field.name: field for field in fields}
    for field in fields:
        if field.type in absent:
            replaced.setdefault(field.type, []).append(field.name)
        if field.path == field.name:
            object_at(root, field.name).update(_parameters(field, absent))
        elif field.name.startswith(f"{field.path}.") and field.path in known:
            inner = object_at(root, field.path).setdefault("fields", {})
            inner[field.name.removeprefix(f"{field.path}.")] = _parameters(field, absent)
        else:
            object_at(root, field.name).update({"type": "alias", "path": field.path})
    substitutions = [
        Substitution(kind, str(NEAREST[kind]["type"]), tuple(names)) for kind, names in sorted(replaced.items())
    ]
    return Template(dict(SETTINGS), _mappings(root, mapping.dynamic), tuple(substitutions))


def _mappings(root: Properties, dynamic: bool) -> dict[str, Any]:
    common = {"date_detection": False, "properties": root}
    if not dynamic:
        return {"dynamic": False, **common}
    keyword = {"type": "keyword", "ignore_above": DYNAMIC_IGNORE_ABOVE}
    undeclared = [{f"undeclared_{one}": {"match_mapping_type": one, "mapping": keyword}} for one in _SCALARS]
    return {"dynamic": True, "dynamic_templates": undeclared, **common}


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
    if not field.searchable:
        made["index"] = False
        if made["type"] != "text":
            made["doc_values"] = False
    return made
