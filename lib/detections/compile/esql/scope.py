"""The columns that a command of ES|QL sees, and what types fields have there (Elasticsearch 9.2)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from detections.mapping import DYNAMIC, SOURCE, Field, Mapping
from detections.plan.expression import UNSUPPORTED, Column

TYPES = {
    "keyword": "keyword", "constant_keyword": "keyword", "wildcard": "keyword",
    "text": "text", "match_only_text": "text", "semantic_text": "text",
    "byte": "integer", "short": "integer", "integer": "integer", "long": "long", "unsigned_long": "unsigned_long",
    "double": "double", "float": "double", "half_float": "double", "scaled_float": "double",
    "boolean": "boolean", "ip": "ip", "version": "version", "date": "datetime",
    "date_nanos": "date_nanos", "geo_point": "geo_point",
}  # fmt: skip
NOT_EVALUATED = frozenset(("geo_shape", "point", "shape", "dense_vector", "aggregate_metric_double", "date_range"))
"""Types of fields that Elasticsearch can use and nothing here evaluates."""

NANOSECONDS = "nanoseconds"
"""The type of a date_nanos whose fractions of a millisecond are wanted."""

SOURCE_TEXT = "_source"
"""The type of the metadata column of that name: the document, as JSON."""

METADATA = {
    "_id": "keyword",
    "_index": "keyword",
    "_version": "long",
    "_ignored": "keyword",
    "_index_mode": "keyword",
    "_source": SOURCE_TEXT,
}
METADATA_NOT_EVALUATED = frozenset(("_fork", "_score", "_size", "_tier", "_tsid"))

_LIKENESS = 0.75
_LONGEST = 200


def column_of(field: Field, mapping: Mapping) -> Column:
    """A field as a column. One that ES|QL cannot use, or whose types differ between indices, is ``unsupported``.

    Text is read from the source, as it stands there; but the ``.text`` of a keyword from the keyword's doc values, so
    that it is null where the keyword is too long.
    """
    if field.type == DYNAMIC:
        field = field.as_type("keyword")
    kinds = {TYPES.get(one, UNSUPPORTED) for one in field.types}
    kind = kinds.pop() if len(kinds) == 1 else UNSUPPORTED
    if kind == "text":
        parent = mapping.get(field.path) if field.path != field.name else None
        if parent is not None and parent.family == "keyword":
            return Column(field.name, kind, replace(parent, name=field.name))
        return Column(field.name, kind, replace(field, type=SOURCE, types=(SOURCE,)))
    if kind == "date_nanos":
        return Column(field.name, kind, replace(field, type=NANOSECONDS, types=(NANOSECONDS,)))
    return Column(field.name, kind, field)


class Scope:
    """Columns by name, in order.

    An open one (``FROM`` over a mapping that lists not all fields, no ``KEEP`` yet) also takes any field that the
    mapping knows; ``discovered`` are the names of those.
    """

    def __init__(self, columns: Iterable[Column] = (), mapping: Mapping | None = None) -> None:
        self._columns = {column.name: column for column in columns}
        self._mapping = mapping
        self._gone: set[str] = set()
        self._guessed = {one.name for one in self if one.field is not None and not one.field.declared}
        self._unknown = False
        self.discovered: set[str] = set()

    def copy(self) -> Scope:
        """The same columns, to go on by themselves."""
        made = Scope(self, self._mapping)
        made._gone, made._guessed, made._unknown = set(self._gone), set(self._guessed), self._unknown
        made.discovered = self.discovered
        return made

    def admit_unknown(self) -> None:
        """From now on there may be columns that nothing here knows: any name is one, of no known type."""
        self._unknown = True

    @property
    def is_open(self) -> bool:
        return self._mapping is not None or self._unknown

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns.values())

    def get(self, name: str) -> Column | None:
        found = self._columns.get(name)
        if found is None and name not in self._gone:
            found = self._discover(name)
        return Column(name, "null") if found is None and self._unknown else found

    def matching(self, texts: tuple[str, ...]) -> list[Column]:
        """The columns whose names match a pattern, given by the texts between its wildcards."""
        if self._mapping is not None and len(texts) > 1 and any(texts):
            for field in self._mapping.matching("*".join(texts)):
                self.get(field.name)
        return [column for column in self if _matches(column.name, texts)]

    def similar(self, name: str) -> str | None:
        near = difflib.get_close_matches(name, self._columns, 1, _LIKENESS) if len(name) < _LONGEST else []
        return near[0] if near else None

    @property
    def guesses(self) -> bool:
        """Whether there is a column whose type is a guess."""
        return bool(self._guessed)

    def is_guessed(self, name: str) -> bool:
        """Whether the type of a column comes of a field that nobody declared: it may well be another one."""
        return name in self._guessed

    def flattened_above(self, name: str) -> Column | None:
        """The flattened field that a name is a key of."""
        found = None
        for at, character in enumerate(name):
            column = self._columns.get(name[:at]) if character == "." else None
            if column is not None and column.field is not None and column.field.family == "flattened":
                found = column
        return found

    def add(self, column: Column, *, guessed: bool) -> None:
        """A new last column; one of the same name goes."""
        self._columns.pop(column.name, None)
        self._columns[column.name] = column
        self._mark(column.name, guessed)

    def _mark(self, name: str, guessed: bool) -> None:
        if guessed:
            self._guessed.add(name)
        else:
            self._guessed.discard(name)

    def settle_one(self, name: str, kind: str) -> None:
        """A column stays where it is, and holds what a command gave it."""
        self._columns[name] = Column(name, kind)

    def keep(self, columns: Iterable[Column]) -> None:
        """These columns and no others, from now on."""
        self._columns = {column.name: column for column in columns}
        self._mapping = None

    def drop(self, columns: Iterable[Column]) -> None:
        for column in columns:
            self._columns.pop(column.name, None)
            self._gone.add(column.name)

    def rename(self, old: str, new: str) -> None:
        """A new name in the same place; another column of that name goes."""
        if old != new:
            left = [one for one in self if one.name != new]
            self._mark(new, self.is_guessed(old))
            self._columns = {
                one.name: one for one in (replace(one, name=new) if one.name == old else one for one in left)
            }
            self._gone.add(old)

    def settle(self) -> None:
        """From now on the columns hold what a projection gave them, not what the document has under their names."""
        self._guessed.intersection_update(self._columns)
        self._columns = {
            name: column if column.field is None else Column(name, column.type)
            for name, column in self._columns.items()
        }

    def _discover(self, name: str) -> Column | None:
        field = self._mapping.get(name) if self._mapping is not None else None
        if self._mapping is None or field is None or field.nested is not None:
            return None
        self.discovered.add(name)
        self._mark(name, not field.declared)
        found = self._columns[name] = column_of(field, self._mapping)
        return found


def documents(mapping: Mapping, metadata: Iterable[str], names: Iterable[str] | None) -> Scope:
    """The scope of FROM: the fields by name, then the metadata.

    ``names`` are the fields to list, where the mapping is not read whole; None lists them all.
    """
    listed = mapping if names is None else [field for name in names if (field := mapping.get(name)) is not None]
    fields = sorted((field for field in listed if field.nested is None), key=lambda field: field.name)
    extra = [
        Column(name, kind, Field(name, "keyword" if kind == SOURCE_TEXT else kind))
        for name, kind in ((name, METADATA[name]) for name in metadata)
    ]
    columns = [*(column_of(field, mapping) for field in fields), *extra]
    return Scope(columns, mapping if mapping.dynamic else None)


def _matches(name: str, texts: tuple[str, ...]) -> bool:
    if not name.startswith(texts[0]):
        return False
    first, *middle, last = texts
    if not (name.startswith(first) and name.endswith(last) and len(name) >= len(first) + len(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for text in middle:
        at = name.find(text, at, end)
        if at < 0:
            return False
        at += len(text)
    return True
