"""ECS documents, decoded as far as some paths need.

For the paths a msgspec struct is made that names their top-level keys; the decoder skips everything else without making
a Python object of it. What is below a key is decoded with it, or stays text until it is asked for: the first for what
rules decide by, the second for what is asked of the few events that are left then. What was asked of many events is
decoded at once in the batches that follow.

What the structs cannot hold must be noticed: every dotted spelling of a wanted path, and the keys by which other shapes
than ECS documents are known, are fields of a type that no value satisfies. They cost nothing where they are absent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from detections.events import sources, walk
from detections.events.projection import ENVELOPES, Behind, Decoder, Never, Projection, View, many
from detections.events.text import REFUSED

TIME = "@timestamp"
_AT_ONCE = frozenset({"event", "data_stream"})
_MANY = 4
"""A key that is asked for in one of so many events is decoded at once."""

_Scalar: TypeAlias = str | int | float | bool
# A list with nulls or lists in it is refused here, so that nothing has to look at each value afterwards.
_Leaf: TypeAlias = _Scalar | dict[str, Any] | list[_Scalar | dict[str, Any]] | None
_ABSENT = msgspec.Raw(b"null")
_ODD = object()
# Deeper values are rare, and what is left out of them is the business of the whole event.
_SHALLOW = 20


class _Shape:
    """A node of the tree of paths. ``type`` is what its value is decoded as: a struct with what is below it or several
    of these; or, where a path ends here (``struct`` is None), the value as it is."""

    def __init__(self, node: walk.Node) -> None:
        self.node = node
        self.fields: dict[str, tuple[str, _Shape]] = {}
        self.struct: type[Any] | None = None
        self.empty: Any = None
        self.type: Any = _Leaf
        if not node.columns:
            for name, child in node.children.items():
                self.fields[name] = (f"f{len(self.fields)}", _Shape(child))
            typed = [(field, name, shape.type, shape.empty) for name, (field, shape) in self.fields.items()]
            self.struct = _struct(typed, [key for key, _ in node.edges if key not in node.children])
            self.empty = self.struct()
            self.type = self.struct | list[self.struct | None] | None  # type: ignore[name-defined]


def _struct(fields: Sequence[tuple[str, str, Any, Any]], forbidden: Sequence[str]) -> type[Any]:
    """A struct with fields (name, key, type, default) that refuses objects with a forbidden key."""
    never = [(f"n{number}", key, Never, "") for number, key in enumerate(forbidden)]
    everything = [*fields, *never]
    return msgspec.defstruct(
        "Fields", [(name, kind, default) for name, _, kind, default in everything],
        rename={name: key for name, key, _, _ in everything}, frozen=True, gc=False,
    )  # fmt: skip


class _Deep(Exception):
    """A value that may be nested too deeply: what the whole event has of it counts."""


class _Getter:
    """Takes the value of a path out of what a top-level key was decoded to."""

    def __init__(self, path: str, key: _Key) -> None:
        self._path = path
        self._key = key
        shape = key.shape
        steps = path.split(".")[1:]
        fields: list[str] = []
        while steps and shape.struct is not None:
            field, shape = shape.fields[steps.pop(0)]
            fields.append(field)
        self._fields = fields
        self._direct = attrgetter(".".join(fields)) if fields else None
        self._from_row = attrgetter(".".join((key.field, *fields)))
        # What is left of the path below a value that is taken as it is.
        self._rest = walk.tree((".".join(steps),)) if steps else None

    def all(self, rows: list[Any], behind: Behind) -> list[Any]:
        """The value of each row."""
        try:
            found = list(map(self._from_row, rows))
        except AttributeError:
            return [self.one(value, row, behind) for row, value in enumerate(map(self._key.take, rows))]
        if self._rest is None and {dict, list}.isdisjoint(map(type, found)):
            return found
        return [self._finished(value, row, behind) for row, value in enumerate(found)]

    def one(self, value: Any, row: int, behind: Behind) -> Any:
        """The value of one row."""
        try:
            found = value if self._direct is None else self._direct(value)
        except AttributeError:
            # Objects on the way are null, or several in a list.
            ends: walk.Row = [None]
            try:
                _enter(value, self._fields, self._rest, ends)
            except _Deep:
                return walk.value(behind.whole(row), self._path)
            return ends[0]
        return self._finished(found, row, behind)

    def _finished(self, value: Any, row: int, behind: Behind) -> Any:
        if not isinstance(value, (dict, list)):
            return value if self._rest is None else None
        if walk.deeper_than(value, _SHALLOW):
            return walk.value(behind.whole(row), self._path)
        if self._rest is None:
            return value
        ends: walk.Row = [None]
        walk.at(self._rest, value, ends)
        return ends[0]


def _enter(value: Any, fields: Sequence[str], rest: walk.Node | None, row: walk.Row) -> None:
    """What :func:`walk.at` does for objects, for structs."""
    if isinstance(value, list):
        for item in walk.flat(value):
            _enter(item, fields, rest, row)
    elif value is None:
        return
    elif fields:
        _enter(getattr(value, fields[0]), fields[1:], rest, row)
    elif walk.deeper_than(value, _SHALLOW):
        raise _Deep
    elif rest is not None:
        walk.at(rest, value, row)
    else:
        walk.add(row, 0, value)


class _Key:
    """A top-level key of the wanted paths."""

    def __init__(self, name: str, number: int, node: walk.Node, *, at_once: bool) -> None:
        self.name = name
        self.field = f"f{number}"
        self.shape = _Shape(node)
        self.at_once = at_once or self.shape.struct is None
        self.take = attrgetter(self.field)
        self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.shape.type)

    @property
    def typed(self) -> tuple[str, str, Any, Any]:
        if self.at_once:
            return self.field, self.name, self.shape.type, self.shape.empty
        return self.field, self.name, msgspec.Raw, _ABSENT


class Ecs(Projection):
    """Documents that hold none of the keys ``others``; those below the top-level keys ``at_once`` are decoded first."""

    def __init__(
        self, paths: tuple[str, ...], others: tuple[str, ...], at_once: frozenset[str], learn: Callable[[str], None]
    ) -> None:
        self.paths = frozenset(paths)
        self._learn = learn
        tree = walk.tree(tuple(dict.fromkeys((TIME, *paths))))
        self.keys = {
            name: _Key(name, number, node, at_once=name in at_once)
            for number, (name, node) in enumerate(tree.children.items())
        }
        forbidden = [*[key for key, _ in tree.edges if key not in tree.children], *others]
        row = _struct([key.typed for key in self.keys.values()], forbidden)
        self.empty = row()
        self.decoder = Decoder(row)
        self._getters: dict[str, _Getter] = {}

    def view(self, rows: list[Any], behind: Behind) -> View:
        return _View(self, rows, behind)

    def times(self, rows: list[Any]) -> list[Any]:
        return list(map(self.keys[TIME].take, rows))

    def getter(self, path: str) -> _Getter:
        if path not in self._getters:
            self._getters[path] = _Getter(path, self.keys[path.split(".")[0]])
        return self._getters[path]

    def asked(self, key: str, count: int, size: int) -> None:
        """Learn that a key was asked for in so many events."""
        if count * _MANY > size:
            self._learn(key)


class _View(View):
    def __init__(self, projection: Ecs, rows: list[Any], behind: Behind) -> None:
        self._projection = projection
        self._rows = rows
        self._behind = behind
        self._decoded: dict[str, dict[int, Any]] = {}

    def column(self, path: str, asked: int) -> list[Any] | None:
        key = self._projection.keys[path.split(".")[0]]
        if not key.at_once or not many(asked, len(self._rows)):
            return None
        return self._projection.getter(path).all(self._rows, self._behind)

    def values(self, path: str, rows: Iterable[int]) -> list[Any]:
        key = self._projection.keys[path.split(".")[0]]
        getter = self._projection.getter(path)
        known = self._decoded.setdefault(key.name, {})
        made = []
        for row in rows:
            if row not in known:
                known[row] = self._decode(key, row)
            value = known[row]
            made.append(
                walk.value(self._behind.whole(row), path) if value is _ODD else getter.one(value, row, self._behind)
            )
        self._projection.asked(key.name, len(known), len(self._rows))
        return made

    def _decode(self, key: _Key, row: int) -> Any:
        value = key.take(self._rows[row])
        if key.at_once:
            return value
        if value is _ABSENT:
            return key.shape.empty
        try:
            return key.decoder.decode(value)
        except REFUSED:
            return _ODD


def ecs(paths: tuple[str, ...]) -> Ecs | None:
    """The projection for these paths; None where they cannot be told from the shape of a document.

    That is a path that leads through one of the keys of other shapes, or has characters that JSON text would escape.
    """
    others = (*sources.wrappers(), *ENVELOPES, *sources.signals())
    if any(path.split(".")[0] in others or not path.isprintable() or set(path) & set('"\\') for path in paths):
        return None
    return _ecs(paths, others, frozenset(_learned(paths)))


@functools.lru_cache(maxsize=64)
def _learned(paths: tuple[str, ...]) -> set[str]:
    """The keys that are decoded at once for these paths; they become more as events are read."""
    return set(_AT_ONCE)


@functools.lru_cache(maxsize=64)
def _ecs(paths: tuple[str, ...], others: tuple[str, ...], at_once: frozenset[str]) -> Ecs:
    return Ecs(paths, others, at_once, _learned(paths).add)
