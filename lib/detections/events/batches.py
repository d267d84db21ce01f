"""Batches of documents that are decoded already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from detections.events import walk
from detections.events.batch import Batch, Document


class Documents(Batch):
    """Decoded ECS documents."""

    def __init__(self, ordinal: int, documents: list[Document]) -> None:
        super().__init__(ordinal)
        self._documents = documents
        self._expected: tuple[str, ...] = ()
        self._columns: dict[str, list[Any]] = {}

    def expect(self, paths: Sequence[str]) -> None:
        self._expected = tuple(dict.fromkeys(paths))

    def __len__(self) -> int:
        return len(self._documents)

    def column(self, path: str, rows: int) -> tuple[list[Any], int]:
        if path not in self._columns:
            paths = self._expected if path in self._expected else (path,)
            self._columns.update(zip(paths, walk.columns(self._documents, paths), strict=True))
        return self._columns[path], (1 << len(self)) - 1

    def document(self, row: int) -> Document:
        return self._documents[row]


def batches(documents: Iterable[Document], batch_size: int = 4096) -> Iterator[Batch]:
    """Batches of ECS documents, which are taken as they are."""
    waiting: list[Document] = []
    ordinal = 0
    for document in documents:
        waiting.append(document)
        if len(waiting) >= batch_size:
            yield Documents(ordinal, waiting)
            waiting = []
            ordinal += 1
    if waiting:
        yield Documents(ordinal, waiting)
