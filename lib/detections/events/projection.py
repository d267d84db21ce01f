"""Projections: events of one kind, decoded no further than what is asked of them.

What a projection cannot hold is noticed, never lost: its decoder refuses a text with anything out of the way in it, and
its view asks for the whole event where it cannot answer.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Annotated, Any, Protocol, TypeAlias

import msgspec

from detections.events import sources
from detections.events.batch import Document

ENVELOPES = ("_source", "hits")
"""Keys by which an object of Elasticsearch is known that has documents inside."""

Never: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)]
"""A type that no value satisfies: a struct with a field of it refuses objects that have its key."""

_HEAD = re.compile(rb'[ \t\r\n]*(?:(\[)|\{[ \t\r\n]*"([^"\\]{1,100})"[ \t\r\n]*:[ \t\r\n]*\[)')


class Decoder:
    """Decodes texts of any number of values: rows, lists of rows, or objects with a list of rows under one key."""

    def __init__(self, row: Any) -> None:
        self._rows = msgspec.json.Decoder(row)
        self._list: Any = list[row]
        self._lists = msgspec.json.Decoder(self._list)
        self._wrapped: dict[str, msgspec.json.Decoder[Any]] = {}

    def rows(self, data: bytes) -> list[Any]:
        """The rows of a text. Raises one of :data:`detections.events.text.REFUSED`."""
        head = _HEAD.match(data)
        if head is None:
            return self._rows.decode_lines(data)
        if head[1]:
            return _joined(self._lists.decode_lines(data))
        key = head[2].decode("utf-8", "replace")
        if key not in sources.wrappers():
            return self._rows.decode_lines(data)
        return _joined(list(map(attrgetter("rows"), self._wrapper(key).decode_lines(data))))

    def values(self, data: bytes) -> list[Any]:
        """The rows of a text where each value is one. Raises as :meth:`rows` does."""
        return self._rows.decode_lines(data)

    def row(self, data: bytes | msgspec.Raw) -> Any:
        """The row that one value is. Raises one of :data:`detections.events.text.REFUSED`."""
        return self._rows.decode(data)

    def _wrapper(self, key: str) -> msgspec.json.Decoder[Any]:
        if key not in self._wrapped:
            wrapper = msgspec.defstruct("Wrapper", [("rows", self._list)], rename={"rows": key})
            self._wrapped[key] = msgspec.json.Decoder(wrapper)
        return self._wrapped[key]


def _joined(lists: list[list[Any]]) -> list[Any]:
    return lists[0] if len(lists) == 1 else [row for rows in lists for row in rows]


class Behind(Protocol):
    """The events that rows were made of."""

    def whole(self, row: int) -> Document:
        """The whole event of a row that a view cannot answer for."""
        ...

    def refuse(self, row: int, name: str, value: object) -> None:
        """Note that a field does not take a value."""
        ...


class View(ABC):
    """The columns of some rows. Values are raw ones, as :meth:`detections.events.batch.Batch.columns` says."""

    @abstractmethod
    def column(self, path: str, asked: int) -> list[Any] | None:
        """All values at a path, where they cost no more than those of ``asked`` rows; else None."""

    @abstractmethod
    def values(self, path: str, rows: Iterable[int]) -> list[Any]:
        """The values at a path in some rows."""


def many(asked: int, size: int) -> bool:
    """Whether so many rows are asked for that all of them cost little more."""
    return asked * 8 > size


class Projection(ABC):
    """Decodes events of one kind as far as some paths need."""

    paths: frozenset[str]
    """What its views can be asked for."""
    decoder: Decoder
    empty: Any
    """A row without any value, to stand for one that is made whole."""

    @abstractmethod
    def view(self, rows: list[Any], behind: Behind) -> View:
        """The columns of rows that the decoder made; ``behind`` is asked for what they cannot hold."""

    def lacking(self) -> Mapping[str, str]:
        """The paths whose values cannot be known, each with what is missing for that."""
        return {}

    @abstractmethod
    def times(self, rows: list[Any]) -> list[Any]:
        """What the events say of their time, one value a row, None where nothing: a text as a rule."""
