"""The fast way from NDJSON bytes to columns: decode only the fields that are wanted.

For a set of paths msgspec structs are made that name exactly these fields; the decoder skips everything else without
making a Python object of it. What the structs cannot hold must be noticed, never lost: every dotted spelling of a
wanted path, and the keys by which other shapes than ECS documents are known, are fields of a type that no value
satisfies. They cost nothing where they are absent; where one is present the decoder refuses, and the caller reads that
line the slow way (:mod:`detections.events.walk`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any, TypeAlias

import msgspec

from detections.events import sources, walk

ENVELOPES = ("_source", "hits")
"""Keys by which an object of Elasticsearch is known that has documents inside."""

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises over a line that must be read the slow way."""

_Never: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
_Scalar: TypeAlias = str | int | float | bool
# A list with nulls or lists in it is refused here, so that nothing has to look at each value afterwards.
_Leaf: TypeAlias = _Scalar | dict[str, Any] | list[_Scalar | dict[str, Any]] | None


class _Shape:
    """A node with the struct that holds what is below it; ``struct`` is None where values are taken as they are."""

    __slots__ = ("empty", "fields", "node", "struct")

    def __init__(self, node: walk.Node, *, forbidden: Sequence[str] = ()) -> None:
        self.node = node
        self.fields: list[tuple[str, _Shape]] = []
        self.struct: type[object] | None = None
        self.empty: object = None
        if node.columns:
            return
        names: dict[str, str] = {}
        fields: list[tuple[str, object, object]] = []
        for name, child in node.children.items():
            shape = _Shape(child)
            field = f"f{len(fields)}"
            names[field] = name
            self.fields.append((field, shape))
            if shape.struct is None:
                fields.append((field, _Leaf, None))
            else:
                fields.append((field, _one_or_several(shape.struct), shape.empty))
        for name in (*[key for key, _ in node.edges if key not in node.children], *forbidden):
            field = f"f{len(fields)}"
            names[field] = name
            fields.append((field, _Never, ""))
        self.struct = msgspec.defstruct("Fields", fields, rename=names, frozen=True, gc=False)
        self.empty = self.struct()


def _one_or_several(struct: Any) -> Any:
    return struct | list[struct | None] | None


class Typed:
    """Decodes lines for one tuple of paths; an object with one of the ``signals`` is refused."""

    def __init__(self, paths: tuple[str, ...], signals: tuple[str, ...]) -> None:
        self._width = len(paths)
        self._root = _Shape(walk.tree(paths), forbidden=signals)
        self._decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(self._root.struct)

    def lines(self, data: bytes) -> list[object]:
        """The rows of NDJSON text. Raises one of :data:`REFUSED` where a line is not of the plain shape."""
        return self._decoder.decode_lines(data)

    def line(self, data: bytes) -> object:
        """The row of one line. Raises one of :data:`REFUSED`."""
        return self._decoder.decode(data)

    @property
    def empty(self) -> object:
        """A row without a value, to stand for one that is filled in otherwise."""
        return self._root.empty

    def columns(self, rows: list[object]) -> list[list[object]]:
        """Raw values, as :meth:`detections.events.batch.Batch.columns` says, of rows that this decoder made."""
        made: list[list[object]] = [[] for _ in range(self._width)]
        self._fill(self._root, rows, made)
        return made

    def _fill(self, shape: _Shape, values: list[object], made: list[list[object]]) -> None:
        """Fill in the columns at and below a shape from the values that stand there, one a row."""
        if shape.struct is None:
            for column in shape.node.columns:
                made[column] = values
            if shape.node.edges:
                self._walk(shape, list(range(len(values))), values, made)
            return
        try:
            parts = [list(map(attrgetter(field), values)) for field, _ in shape.fields]
        except AttributeError:
            odd = [at for at, value in enumerate(values) if type(value) is not shape.struct]
            plain = list(values)
            for at in odd:
                plain[at] = shape.empty
            self._fill(shape, plain, made)
            self._walk(shape, odd, values, made)
            return
        for (_, child), part in zip(shape.fields, parts, strict=True):
            self._fill(child, part, made)

    def _walk(self, shape: _Shape, rows: list[int], values: list[object], made: list[list[object]]) -> None:
        """Fill in, row by row, what stands below a shape in lists, or in a value that was taken as it is."""
        targets = _columns_below(shape.node)
        for column in targets:
            if len(made[column]) != len(values):
                made[column] = [None] * len(values)
        wanted = frozenset(key for key, _ in shape.node.edges)
        for at in rows:
            value = values[at]
            if value is None or (isinstance(value, dict) and wanted.isdisjoint(value)):
                continue
            row: walk.Row = [None] * self._width
            _enter(shape, value, row)
            for column in targets:
                made[column][at] = row[column]


def _columns_below(node: walk.Node) -> list[int]:
    found: list[int] = []
    for child in node.children.values():
        found += child.columns
        found += _columns_below(child)
    return found


def _enter(shape: _Shape, value: object, row: walk.Row) -> None:
    """What :func:`walk.at` does for objects, for structs."""
    if isinstance(value, list):
        for item in walk.flat(value):
            _enter(shape, item, row)
    elif shape.struct is None:
        walk.at(shape.node, value, row)
    elif value is not None:
        for field, child in shape.fields:
            _enter(child, getattr(value, field), row)


def signals() -> tuple[str, ...]:
    """Keys by which an object is known as something else than an ECS document."""
    return (*sources.wrappers(), *ENVELOPES, *sources.signals())


def typed(paths: tuple[str, ...]) -> Typed | None:
    """The decoder for these paths; None where they cannot be told from the shape of a document.

    That is a path that leads through one of :func:`signals`, or has characters that JSON text would escape.
    """
    return _typed(paths, signals())


@functools.lru_cache(maxsize=64)
def _typed(paths: tuple[str, ...], others: tuple[str, ...]) -> Typed | None:
    if any(path.split(".")[0] in others or not path.isprintable() or set(path) & set('"\\') for path in paths):
        return None
    return Typed(paths, others)
