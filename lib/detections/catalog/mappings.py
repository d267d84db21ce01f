"""Fields of a cluster: what ``GET <index>/_mapping`` and ``_field_caps`` say (Elasticsearch 8.19 and 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, ValidationError, convert

from detections.catalog.own import PARAMETERS, TYPES
from detections.catalog.sources import Undeclared
from detections.errors import UsageError

_SCALAR_PARENTS = TYPES - {"object", "nested", "flattened", "passthrough"}


class Capability(Struct, frozen=True):
    """What ``_field_caps`` says of a field as one of its types."""

    searchable: bool = False
    metadata_field: bool = False


def from_answer(answer: Any) -> tuple[dict[str, Any], Undeclared]:
    """The fields in an answer of either kind, and what becomes of others there.

    Raises:
        UsageError: it is neither.
    """
    if isinstance(answer, dict) and isinstance(answer.get("fields"), dict):
        try:
            return _from_capabilities(convert(answer["fields"], dict[str, dict[str, Capability]])), "stack"
        except (ValidationError, UnicodeEncodeError) as error:
            raise UsageError(f"not an answer of _field_caps: {error}") from None
    return from_mapping(answer)


def from_mapping(answer: Any) -> tuple[dict[str, Any], Undeclared]:
    """The fields of all indices in an answer; one whose mapping differs between them has a list of mappings.

    Raises:
        UsageError: it is no such answer.
    """
    found = list(_mappings(answer))
    if not found:
        raise UsageError("not an answer of _mapping or _field_caps")
    fields: dict[str, list[Any]] = {}
    kinds: set[Undeclared] = set()
    for one in found:
        kinds.add(_undeclared(one))
        for name, kind in _properties(one.get("properties"), ""):
            known = fields.setdefault(name, [])
            if kind not in known:
                known.append(kind)
    most: Undeclared = "stack" if "stack" in kinds else "keyword" if "keyword" in kinds else "unmapped"
    return {name: some[0] if len(some) == 1 else some for name, some in sorted(fields.items())}, most


def _from_capabilities(capabilities: Mapping[str, Mapping[str, Capability]]) -> dict[str, Any]:
    """The fields in an answer of ``_field_caps``, which tells types only: no ``ignore_above``, no analyzers."""
    types: dict[str, list[str]] = {}
    hidden: set[str] = set()
    for name, by_type in capabilities.items():
        kept = {kind: said for kind, said in by_type.items() if kind in TYPES and not said.metadata_field}
        if kept and kept.keys() != {"object"}:
            types[name] = [kind for kind in kept if kind != "object"]
            if not any(said.searchable for said in kept.values()) and "nested" not in kept:
                hidden.add(name)
    fields: dict[str, Any] = {}
    for name in sorted(types):
        parent, _, suffix = name.rpartition(".")
        kinds: list[Any] = [{"type": kind, "index": False} if name in hidden else kind for kind in types[name]]
        if parent in types and _SCALAR_PARENTS.issuperset(types[parent]):
            known = fields.get(parent)
            given: dict[str, Any] = known if isinstance(known, dict) else {"type": types[parent][0]}
            fields[parent] = {**given, "fields": {**given.get("fields", {}), suffix: kinds[0]}}
        else:
            fields[name] = kinds[0] if len(kinds) == 1 else kinds
    return fields


def _mappings(answer: Any) -> Iterator[Mapping[str, Any]]:
    """The mappings of indices, or of templates, wherever an answer has them."""
    if not isinstance(answer, dict):
        return
    if isinstance(answer.get("mappings"), dict):
        yield answer["mappings"]
        return
    for value in answer.values():
        for one in value if isinstance(value, list) else [value]:
            yield from _mappings(one)


def _undeclared(mappings: Mapping[str, Any]) -> Undeclared:
    if mappings.get("dynamic") in (False, "false", "strict"):
        return "unmapped"
    templates = mappings.get("dynamic_templates")
    names = (
        [name for template in templates if isinstance(template, dict) for name in template]
        if isinstance(templates, list)
        else []
    )
    return "stack" if any(name.startswith("ecs_") for name in names) else "keyword"


def _properties(properties: Any, above: str) -> Iterator[tuple[str, Any]]:
    for name, given in (properties or {}).items() if isinstance(properties, dict | None) else ():
        if not isinstance(given, dict):
            continue
        full, kind = f"{above}{name}", given.get("type", "object")
        if not isinstance(kind, str) or kind not in TYPES:
            continue
        if given.get("enabled") is not False and kind != "object":
            yield full, _spec(kind, given)
        yield from _properties(given.get("properties"), f"{full}.")


def _spec(kind: str, given: Mapping[str, Any]) -> Any:
    spec: dict[str, Any] = {key: given[key] for key in PARAMETERS if key in given and key not in ("index", "fields")}
    spec = {key: str(value) if key in ("format", "value") else value for key, value in spec.items()} | {"type": kind}
    text = kind in ("text", "match_only_text")
    if given.get("index") is False and (text or given.get("doc_values") is False):
        spec["index"] = False
    if inner := {name: _spec(one["type"], one) for name, one in _typed(given.get("fields"))}:
        spec["fields"] = inner
    return kind if spec == {"type": kind} else spec


def _typed(fields: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Multi-fields of a type that is known."""
    for name, given in fields.items() if isinstance(fields, dict) else ():
        if isinstance(given, dict) and isinstance(given.get("type"), str) and given["type"] in TYPES:
            yield name, given
