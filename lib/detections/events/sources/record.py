"""How a source's fields are made of its raw records: one description, for whole documents and for single fields.

A source lists its fields (:class:`Made`): of which top-level keys of a record each is made, and how. The whole document
is all of them put together; a replay makes only those that are asked for, of the records that are still in question.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from detections.events.batch import Document
from detections.events.walk import deeper_than
from detections.values.limits import EVENT_DEPTH

Refuse: TypeAlias = Callable[[str, object], None]
"""Told of every value that its field's type refuses: the ECS field, the value."""

Settings: TypeAlias = Mapping[str, str]
"""Values of the integrations' settings by name; a setting that is left out has its default."""


def ignore(name: str, value: Any) -> None:
    """Refuse without telling anybody."""


class Keys(Protocol):
    """The top-level keys of a record."""

    def get(self, key: str) -> Any:
        """The value of a key, None where it is absent."""
        ...

    def size(self, key: str) -> int | None:
        """How long the JSON text of the value is, None where that is not known."""
        ...


class Record:
    """A raw record. What was made of it once is remembered."""

    def __init__(self, keys: Keys, table: Table, settings: Settings, refuse: Refuse) -> None:
        self.settings = settings
        self.refuse = refuse
        self._keys = keys
        self._table = table
        self._tops: dict[str, Any] = {}
        self._fields: dict[str, Any] = {}

    def top(self, key: str) -> Any:
        """The value of a top-level key; None for one that is nested too deeply, which is refused."""
        if key in self._tops:
            return self._tops[key]
        value = self._keys.get(key)
        if isinstance(value, (dict, list)) and deeper_than(value, EVENT_DEPTH.most):
            self.refuse(key, value)
            value = None
        self._tops[key] = value
        return value

    def at(self, path: str) -> Any:
        """The value at a dotted path, as :meth:`kept`; None where an object on the way is missing."""
        first, below = parted(path)
        value = self.top(first)
        for key in below:
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        return value if value is None else self.kept(value)

    def kept(self, value: Any) -> Any:
        """What the source keeps of a value; everything, unless its records say otherwise."""
        return value

    def size(self, key: str) -> int | None:
        """How long the JSON text of a top-level key is, None where that is not known."""
        return self._keys.size(key)

    def field(self, name: str) -> Any:
        """The value of a field as the document has it, None where it has none."""
        return self._fields[name] if name in self._fields else self.made(self._table.fields[name])

    def made(self, field: Made) -> Any:
        """The same of a field that is at hand."""
        name = field.field
        if name not in self._fields:
            value = field.make(self)
            self._fields[name] = None if value == "" else value
        return self._fields[name]


Make: TypeAlias = Callable[[Any], Any]
"""Makes the value of a field of a record, of the class that the table names; None or an empty text: no value."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A field of the document. ``keys`` are all the top-level keys that ``make`` looks at.

    ``text`` names the key whose text is the value as it stands; ``constant`` is the value that every document has.
    ``lacks`` says what is missing to make it with some settings, an empty text where nothing is.
    """

    field: str
    keys: tuple[str, ...]
    make: Make
    text: str | None = None
    constant: Any = None
    lacks: Callable[[Settings], str] = lambda settings: ""


class Table:
    """The fields of a source, in the order of the document.

    ``record`` is the class of the records that the fields are made of. A text in ``dropped`` is not a value.
    """

    def __init__(
        self, fields: Iterable[Made], record: type[Record] = Record, dropped: frozenset[str] = frozenset({""})
    ) -> None:
        self.fields = {made.field: made for made in fields}
        self.record = record
        self.dropped = dropped

    def related(self, path: str) -> tuple[Made, ...]:
        """The fields that can have a value at a path, or in an object there, or hold one that leads to it."""
        return tuple(
            made
            for name, made in self.fields.items()
            if name == path or name.startswith(f"{path}.") or path.startswith(f"{name}.")
        )

    def lacking(self, path: str, settings: Settings) -> str:
        """What is missing to know the values at a path, empty if nothing."""
        return next((said for made in self.related(path) if (said := made.lacks(settings))), "")

    def document(self, record: Record, fields: Iterable[Made]) -> Document:
        """The document with some fields, nested objects."""
        document: Document = {}
        for made in fields:
            value = record.made(made)
            if value is not None:
                put(document, made.field, value)
        return document

    def whole(self, raw: Document, settings: Settings, refuse: Refuse) -> Document:
        """The whole document of a record. Keys that no field is made of are looked at, too: they may be refused."""
        record = self.record(_Decoded(raw), self, settings, refuse)
        for key in raw:
            record.top(key)
        return self.document(record, self.fields.values())


@dataclass(frozen=True, slots=True)
class _Decoded:
    """The keys of a record that is decoded."""

    raw: Document
    get: Callable[[str], Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "get", self.raw.get)

    def size(self, key: str) -> int | None:
        return None


def put(document: Document, name: str, value: Any) -> None:
    """Set a field, nested."""
    *parents, last = steps(name)
    for parent in parents:
        document = document.setdefault(parent, {})
    document[last] = value


@functools.cache
def parted(path: str) -> tuple[str, tuple[str, ...]]:
    """The first part of a dotted path, and the others; as :func:`steps`, for few paths."""
    first, *below = path.split(".")
    return first, tuple(below)


@functools.cache
def steps(path: str) -> tuple[str, ...]:
    """The parts of a dotted path; called with the few paths of tables only."""
    return tuple(path.split("."))


def constant(name: str, value: Any) -> Made:
    """A field that is the same in every document."""
    return Made(name, (), lambda record: value, constant=value)


def text(name: str, key: str) -> Made:
    """A field that is the value of a top-level key, a text as a rule."""
    return Made(name, (key,), lambda record: record.at(key), text=key)
