"""Field mappings: what Elasticsearch and Kibana know of a field's type.

Two views of the same mapping matter. Elasticsearch resolves more names than Kibana's field list shows: a flattened
field answers for every key under it, but only its root is listed; so Kibana writes ``match`` for a sub-key (a name it
does not know) and Elasticsearch answers it.
"""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from detections import catalog

FieldSpec: TypeAlias = "str | list[str] | AbstractMapping[str, Any]"

DYNAMIC_IGNORE_ABOVE = 1024
"""``ignore_above`` that the ``logs-*`` templates give to string fields nobody declared."""

FAMILIES = {
    "keyword": "keyword", "constant_keyword": "keyword", "wildcard": "keyword", "flattened": "flattened",
    "text": "text", "match_only_text": "text", "search_as_you_type": "text", "annotated_text": "text",
    "long": "number", "integer": "number", "short": "number", "byte": "number", "unsigned_long": "number",
    "double": "number", "float": "number", "half_float": "number", "scaled_float": "number",
    "date": "date", "date_nanos": "date", "boolean": "boolean", "ip": "ip", "version": "version",
}  # fmt: skip

KIBANA_TYPES = {"string": "text", "number": "long", "conflict": "keyword"}
"""Kibana's own type names, accepted where a caller gives a Kibana field list instead of a mapping."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a query names it.

    ``path`` is where its value stands in a document: an alias leads to its target, a multi-field (``x.text``) to its
    parent, a flattened sub-key to itself. ``types`` are the types it has in the indices searched, ``type`` the first.
    ``key`` is the part of the name below a flattened root (``""`` for the root, None for every other type).
    ``ignore_above`` counts UTF-16 units. ``nested`` is the path of the nested object that holds it.
    """

    name: str
    type: str
    path: str = ""
    types: tuple[str, ...] = ()
    ignore_above: int | None = None
    null_value: Any = None
    nested: str | None = None
    key: str | None = None
    declared: bool = True

    def __post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", self.name)
        if not self.types:
            object.__setattr__(self, "types", (self.type,))

    @property
    def family(self) -> str:
        """keyword, flattened, text, number, date, boolean, ip, version, or the type itself."""
        return FAMILIES.get(self.type, self.type)


class Mapping:
    """The fields of the indices that a query searches.

    ``get`` answers as Elasticsearch resolves a name, ``listed`` as Kibana's field list does. ``dynamic``: a string
    field nobody declared is a keyword (the catalog's view of ``logs-*``); otherwise it is unmapped.
    """

    def __init__(self, fields: AbstractMapping[str, Field], *, dynamic: bool = False) -> None:
        self._fields = fields
        self._dynamic = dynamic
        self._resolved: dict[str, Field | None] = {}

    @classmethod
    def of(cls, fields: AbstractMapping[str, FieldSpec] | None) -> Mapping:
        """A mapping from the API's ``fields`` argument; None is the catalog.

        Each value is a type, a list of types (they differ between indices), or a dict with ``type`` and, as in an
        Elasticsearch mapping, ``ignore_above``, ``null_value``, ``path`` (of an alias), ``fields`` (multi-fields), and
        ``nested`` (the path of the nested object).
        """
        if fields is None:
            return catalog_mapping()
        made: dict[str, Field] = {}
        for name, spec in fields.items():
            for field in _declare(name, spec):
                made[field.name] = field
        return cls(_follow_aliases(made, fields))

    def get(self, name: str) -> Field | None:
        """The field that Elasticsearch finds under this name, None where it is unmapped."""
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name)
        return self._resolved[name]

    def listed(self, name: str) -> Field | None:
        """The field as Kibana's field list has it: no flattened sub-keys."""
        field = self.get(name)
        return None if field is not None and field.key else field

    def matching(self, pattern: str) -> list[Field]:
        """The listed fields whose names match a pattern with ``*``, in the mapping's order."""
        found = re.compile(fnmatch.translate(pattern.replace("[", "[[]").replace("?", "[?]")))
        return [field for name, field in self._fields.items() if found.match(name)]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    @property
    def dynamic(self) -> bool:
        return self._dynamic

    def _resolve(self, name: str) -> Field | None:
        declared = self._fields.get(name)
        if declared is not None:
            return declared
        at = name.rfind(".")
        while at > 0:
            root = self._fields.get(name[:at])
            if root is not None and root.type == "flattened":
                return replace(root, name=name, path=name, key=name[at + 1 :])
            at = name.rfind(".", 0, at)
        if self._dynamic and not any(character in name for character in "*{}"):
            return Field(name, "keyword", ignore_above=DYNAMIC_IGNORE_ABOVE, declared=False)
        return None


def _declare(name: str, spec: FieldSpec) -> Iterable[Field]:
    if isinstance(spec, str):
        spec = {"type": spec}
    elif not isinstance(spec, AbstractMapping):
        spec = {"type": list(spec)}
    given = spec.get("type", "alias" if "path" in spec else "keyword")
    types = tuple(KIBANA_TYPES.get(one, one) for one in ([given] if isinstance(given, str) else given))
    field = Field(
        name, types[0], types=types, ignore_above=spec.get("ignore_above"), null_value=spec.get("null_value"),
        nested=spec.get("nested"), key="" if types[0] == "flattened" else None,
    )  # fmt: skip
    yield field
    for suffix, inner in spec.get("fields", {}).items():
        for sub in _declare(f"{name}.{suffix}", inner):
            yield replace(sub, path=name, nested=field.nested)


def _follow_aliases(made: dict[str, Field], fields: AbstractMapping[str, FieldSpec]) -> dict[str, Field]:
    for name, spec in fields.items():
        if isinstance(spec, AbstractMapping) and spec.get("path"):
            target = made.get(spec["path"])
            if target is not None:
                made[name] = replace(target, name=name)
            else:
                del made[name]
    return made


@functools.cache
def catalog_mapping() -> Mapping:
    """ECS and the integrations as etc/fields has them; any other name is a keyword with ignore_above 1024."""
    return Mapping(_CatalogFields(), dynamic=True)


class _CatalogFields(dict[str, Field]):
    """The catalog's fields, made into :class:`Field` only when a query names them."""

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            spec = catalog.field_spec(name)
            if spec is None:
                return default
            self[name] = _from_catalog(name, spec)
        return self[name]

    def items(self) -> Any:
        for name in catalog.field_names():
            self.get(name)
        return super().items()

    def values(self) -> Any:
        self.items()
        return super().values()


def _from_catalog(name: str, spec: AbstractMapping[str, Any]) -> Field:
    kind = spec["type"]
    return Field(
        name, kind, path=spec.get("path", name), ignore_above=spec.get("ignore_above"),
        nested=spec.get("nested"), key="" if kind == "flattened" else None,
    )  # fmt: skip
