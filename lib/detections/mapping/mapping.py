"""Field mappings: what Elasticsearch and Kibana know of a field's type.

Two views of the same mapping matter. Elasticsearch resolves more names than Kibana's field list shows: a flattened
field answers for every key under it, but only its root is listed; so Kibana writes ``match`` for a sub-key (a name it
does not know) and Elasticsearch answers it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from detections.catalog import Source, View, view
from detections.catalog.dynamic import IGNORE_ABOVE
from detections.catalog.sources import Spec, Undeclared
from detections.errors import UsageError

FieldSpec: TypeAlias = "str | list[str] | AbstractMapping[str, Any]"

UNMAPPED = "unmapped"
"""The type of a field that nothing maps: it has no values."""

SOURCE = "source"
"""The type of a text field when its values are wanted, not its tokens."""

DYNAMIC_IGNORE_ABOVE = IGNORE_ABOVE
"""``ignore_above`` that the ``logs-*`` templates give to string fields nobody declared."""

DATE_FORMAT = "strict_date_optional_time||epoch_millis"
"""The format of a date whose mapping names none."""

_WITH_OBJECTS = frozenset({"flattened", "histogram", "geo_point", "geo_shape", "aggregate_metric_double", "percolator"})
"""Types other than object and nested whose values may be objects."""

FAMILIES = {
    "keyword": "keyword", "constant_keyword": "keyword", "wildcard": "keyword", "flattened": "flattened",
    "text": "text", "match_only_text": "text", "search_as_you_type": "text", "annotated_text": "text",
    "long": "number", "integer": "number", "short": "number", "byte": "number", "unsigned_long": "number",
    "double": "number", "float": "number", "half_float": "number", "scaled_float": "number",
    "date": "date", "date_nanos": "date", "boolean": "boolean", "ip": "ip", "version": "version",
}  # fmt: skip

KIBANA_TYPES = {"string": ("text",), "number": ("long",), "conflict": ("keyword", "text")}
"""Kibana's own type names, accepted where a caller gives a Kibana field list instead of a mapping."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as a query names it.

    ``path`` is where its value stands in a document: an alias leads to its target, a multi-field (``x.text``) to its
    parent, a flattened sub-key to itself. ``types`` are the types it has in the indices searched, ``type`` the first.
    ``key`` is the part of the name below a flattened root (``""`` for the root, None for every other type).
    ``ignore_above`` counts UTF-16 units. ``format`` is that of a date; what does not fit it is read as the default one,
    which the field may have in another index. ``constant`` is the value that every document has, where the mapping says
    so (a constant_keyword's ``value``). ``nested`` is the path of the nested object that holds it. ``declared``: some
    mapping knows it; ``searchable``: it has an index or doc values to search in. ``normalizer`` is that of a keyword,
    ``analyzer`` that of a text where it is not the standard one, ``scaling_factor`` that of a scaled_float.

    The type ``dynamic`` is that of a field which nobody declared and whose name tells nothing: each value decides, a
    JSON number is a number and anything else a keyword.
    """

    name: str
    type: str
    path: str = ""
    types: tuple[str, ...] = ()
    ignore_above: int | None = None
    null_value: object = None
    format: str | None = None
    constant: str | None = None
    nested: str | None = None
    key: str | None = None
    declared: bool = True
    searchable: bool = True
    normalizer: str | None = None
    analyzer: str | None = None
    scaling_factor: float | None = None

    def __post_init__(self) -> None:
        if not self.path:
            object.__setattr__(self, "path", self.name)
        if not self.types:
            object.__setattr__(self, "types", (self.type,))

    @property
    def family(self) -> str:
        """keyword, flattened, text, number, date, boolean, ip, version, or the type itself."""
        return FAMILIES.get(self.type, self.type)

    def as_type(self, type: str) -> Field:  # noqa: A002
        """The field as one of another type, which its use tells."""
        return replace(self, type=type, types=(type,))


_PATTERNS = 64
"""Of how many patterns the fields are remembered."""


class Mapping:
    """The fields of the indices that a query searches.

    ``get`` answers as Elasticsearch resolves a name, ``listed`` as Kibana's field list does. A field that nobody
    declared is unmapped.
    """

    dynamic = False
    """Whether documents may have fields that are not listed."""

    undeclared: Undeclared = "unmapped"
    """What a field is that nobody declared."""

    def __init__(self, fields: AbstractMapping[str, Field], *, nested: Iterable[str] = ()) -> None:
        self._fields = fields
        self._nested = frozenset(nested)
        self._resolved: dict[str, Field | None] = {}
        self._matching: dict[str, list[Field]] = {}

    @classmethod
    def of(cls, fields: AbstractMapping[str, FieldSpec] | Mapping | None) -> Mapping:
        """A mapping from the API's ``fields`` argument; None is the catalog, and a mapping is itself.

        Each value is a type, a list of types (they differ between indices), or a dict with ``type`` and, as in an
        Elasticsearch mapping, ``ignore_above``, ``null_value``, ``format`` (of a date), ``value`` (of a
        constant_keyword), ``path`` (of an alias), ``index``, ``doc_values``, ``fields`` (multi-fields), and ``nested``
        (the path of the nested object). A name of type ``nested`` declares such an object; one of type ``object``
        declares nothing. Kibana's type names ``string``, ``number`` and ``conflict`` are understood.

        Raises:
            UsageError: a value is none of these.
        """
        if fields is None:
            return catalog_mapping()
        if isinstance(fields, Mapping):
            return fields
        specs = {name: _spec(name, value) for name, value in fields.items()}
        nested = {name for name, spec in specs.items() if spec["types"][0] == "nested"}
        made: dict[str, Field] = {}
        for name, spec in specs.items():
            if spec["types"][0] not in ("nested", "object", "alias"):
                held_by = max((path for path in nested if name.startswith(f"{path}.")), key=len, default=None)
                made.update((field.name, field) for field in _declare(name, {"nested": held_by, **spec}))
        # Nothing can stand below a scalar: where a name does, as in Kibana's field lists, it is a multi-field.
        for name, field in made.items():
            if field.path == name and (parent := _parent(name, made)) is not None:
                made[name] = replace(field, path=parent.path, nested=parent.nested)
        for name, spec in specs.items():
            target = made.get(spec.get("path", "")) if spec["types"][0] == "alias" else None
            if target is not None:
                made[name] = replace(target, name=name)
        nested.update(field.nested for field in made.values() if field.nested)
        return cls(made, nested=nested)

    def get(self, name: str) -> Field | None:
        """The field that Elasticsearch finds under this name, None where it is unmapped or an object."""
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name)
        return self._resolved[name]

    def listed(self, name: str) -> Field | None:
        """The field as Kibana's field list has it: no flattened sub-keys."""
        field = self.get(name)
        return None if field is not None and field.key else field

    @property
    def asked(self) -> list[str]:
        """The names that it was asked for until now."""
        return list(self._resolved)

    def matching(self, pattern: str) -> list[Field]:
        """The listed fields whose names match a pattern with ``*``, in the mapping's order."""
        if pattern not in self._matching:
            if len(self._matching) >= _PATTERNS:
                self._matching.clear()
            found = name_pattern(pattern)
            self._matching[pattern] = [self._fields[name] for name in self._names(pattern) if found.fullmatch(name)]
        return list(self._matching[pattern])

    def under(self, path: str) -> list[Field]:
        """The listed fields of an object."""
        return [self._fields[name] for name in self._fields if name.startswith(f"{path}.")]

    def at(self, path: str) -> list[Field]:
        """The fields that read their value at a place of a document: one and its multi-fields, or a flattened root."""
        field = self.get(path)
        if field is None:
            return []
        if field.key:
            root = self.get(path[: -len(field.key) - 1])
            return [] if root is None else [root]
        return [field, *(sub for sub in self.under(path) if sub.path == path)]

    def is_nested(self, path: str) -> bool:
        """Whether the path is a nested object."""
        return path in self._nested or any(field.nested == path for field in self.under(path))

    def declares_nested(self, path: str) -> bool:
        """Whether the path is declared as a nested object."""
        return path in self._nested

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    @property
    def nested_paths(self) -> frozenset[str]:
        """The nested objects that are declared, of those that are listed."""
        return self._nested

    def _names(self, pattern: str) -> Iterable[str]:
        """Names among which those that match a pattern are."""
        return self._fields

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
        return None


class CatalogMapping(Mapping):
    """What the catalog knows of the data streams that some index patterns can name, all of them without patterns.

    A field has the types that it has in any of them (without patterns that of the first). One that nobody declared is
    what Elasticsearch would make of its first value, unless these data streams take no fields but those they declare.
    Iterated are ECS's fields and those of the integrations that the patterns name; there are thousands of others.
    """

    dynamic = True

    def __init__(self, indices: tuple[str, ...], own: tuple[Source, ...]) -> None:
        self._asked = (indices, own)
        self._view = view(indices, own)
        self.undeclared = self._view.undeclared_as
        super().__init__(_Listed(self._view, bool(indices)))

    def __reduce__(self) -> tuple[Any, ...]:
        return catalog_mapping, self._asked

    def under(self, path: str) -> list[Field]:
        return [self._fields[name] for name in self._view.below(path)]

    def is_nested(self, path: str) -> bool:
        """Whether the path is a nested object, or could be one, as far as anybody knows."""
        inside = self.under(path)
        unknown = not inside and path not in self._fields
        return unknown or self._view.is_nested(path) or any(field.nested == path for field in inside)

    def declares_nested(self, path: str) -> bool:
        return self._view.is_nested(path)

    @property
    def nested_paths(self) -> frozenset[str]:
        return frozenset(self._view.nested_paths())

    def _names(self, pattern: str) -> Iterable[str]:
        return self._view.names(pattern)

    def _resolve(self, name: str) -> Field | None:
        found = super()._resolve(name)
        if found is None and "*" not in name and not any(True for _ in self._view.below(name)):
            return self._undeclared(name)
        return found

    def _undeclared(self, name: str) -> Field | None:
        """What Elasticsearch would make of a field that nobody declared; its name may be that of a multi-field."""
        parent, _, suffix = name.rpartition(".")
        if parent and parent not in self._fields and (above := self._view.undeclared(parent)) is not None:
            inner = above[0].get("fields", {}).get(suffix)
            if inner is not None:
                return _field(name, [{**inner, "path": parent}], declared=above[1])
        found = self._view.undeclared(name)
        return None if found is None else _field(name, [found[0]], declared=found[1])


def _parent(name: str, fields: AbstractMapping[str, Field]) -> Field | None:
    """The field right above a name that takes no objects."""
    above = fields.get(name.rpartition(".")[0])
    return None if above is None or above.type in _WITH_OBJECTS else above


def name_pattern(pattern: str) -> re.Pattern[str]:
    """What whole field names match a pattern with ``*``."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _spec(name: str, given: object) -> dict[str, Any]:
    """One value of the API's ``fields`` argument as a dict, with its ``types``."""
    spec = dict(given) if isinstance(given, AbstractMapping) else {"type": given}
    types = spec.get("type", "alias" if "path" in spec else "object")
    listed = [types] if isinstance(types, str) else types
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(one, str) for one in listed):
        raise UsageError(f"field '{name}': {given!r} is not a type, list of types or mapping")
    return {**spec, "types": tuple(dict.fromkeys(made for one in listed for made in KIBANA_TYPES.get(one, (one,))))}


def _declare(name: str, spec: AbstractMapping[str, Any]) -> Iterator[Field]:
    """A field and its multi-fields."""
    types = spec["types"]
    yield Field(
        name, types[0], types=types, ignore_above=spec.get("ignore_above"), null_value=spec.get("null_value"),
        format=spec.get("format") if FAMILIES.get(types[0]) == "date" else None,
        constant=spec.get("value") if types[0] == "constant_keyword" else None,
        nested=spec.get("nested"), key="" if types[0] == "flattened" else None, normalizer=spec.get("normalizer"),
        analyzer=spec.get("analyzer"), scaling_factor=spec.get("scaling_factor"),
        searchable=spec.get("index", True) or (spec.get("doc_values", True) and FAMILIES.get(types[0]) != "text"),
    )  # fmt: skip
    for suffix, inner in spec.get("fields", {}).items():
        for sub in _declare(f"{name}.{suffix}", _spec(f"{name}.{suffix}", inner)):
            yield replace(sub, path=name, nested=spec.get("nested"))


@functools.cache
def catalog_mapping(indices: tuple[str, ...] = (), own: tuple[Source, ...] = ()) -> CatalogMapping:
    """ECS, the integrations and a project's ``own`` sources, as the indices of some patterns have them."""
    return CatalogMapping(indices, own)


class _Listed(AbstractMapping[str, Field]):
    """The fields of a view, made into :class:`Field` only when a query names them."""

    def __init__(self, view: View, together: bool) -> None:
        self._view = view
        self._together = together
        self._made: dict[str, Field | None] = {}

    def __getitem__(self, name: str) -> Field:
        if name not in self._made:
            specs = self._view.specs(name)
            self._made[name] = _field(name, specs if self._together else specs[:1]) if specs else None
        found = self._made[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return self._view.listed()

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _field(name: str, specs: Sequence[Spec], *, declared: bool = True) -> Field:
    spec = specs[0]
    kind = spec["type"]
    return Field(
        name, kind, path=spec.get("path", name), types=tuple(dict.fromkeys(one["type"] for one in specs)),
        ignore_above=spec.get("ignore_above"), null_value=spec.get("null_value"), format=spec.get("format"),
        constant=spec.get("value"), nested=spec.get("nested"), key="" if kind == "flattened" else None,
        declared=declared, searchable=spec.get("index", True), normalizer=spec.get("normalizer"),
        analyzer=spec.get("analyzer"), scaling_factor=spec.get("scaling_factor"),
    )  # fmt: skip
