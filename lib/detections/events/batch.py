"""Batches: how events travel from a reader to an engine.

A batch may still be undecoded bytes; who evaluates it asks for the fields it needs, and only those are decoded where
that is cheaper. Batches can be pickled (another process evaluates them), and decode the same there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from detections.errors import Finding

Document: TypeAlias = dict[str, Any]
"""An ECS document: nested objects, dotted keys, or both."""


class Batch(ABC):
    """Some thousand events in input order.

    ``ordinal`` numbers the batches of one input from 0; ``(ordinal << 32) + row`` is an event's position in the input.
    ``findings`` is what was wrong with the events, filled while they are decoded.
    """

    def __init__(self, ordinal: int) -> None:
        self.ordinal = ordinal
        self.findings: list[Finding] = []

    @abstractmethod
    def __len__(self) -> int:
        """How many events there are (this may decode them)."""

    @abstractmethod
    def columns(self, paths: Sequence[str]) -> list[list[object]]:
        """For each dotted path one list with a raw value a row.

        A raw value is None (nothing there, or null), a scalar, a dict (the path leads to an object) or a list of
        these, arrays on the way flattened, values of ``{"a": {"b": 1}}`` and ``{"a.b": 2}`` put together. A list of
        one means the same as its value, an empty list the same as None. Lists and dicts belong to the batch: they
        are not to be changed. Dicts can be nested as deep as JSON decoders allow (some hundred levels).
        """

    @abstractmethod
    def document(self, row: int) -> Document:
        """One whole event."""

    def documents(self) -> Iterator[Document]:
        """All whole events, in order."""
        return (self.document(row) for row in range(len(self)))
