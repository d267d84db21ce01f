"""The kinds of batches: NDJSON lines still undecoded, a whole JSON text, documents that are decoded already."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from detections.events import walk
from detections.events.batch import Batch, Document
from detections.events.reading import Reading
from detections.events.sources import Settings
from detections.events.typed import REFUSED, Typed, typed


class Documents(Batch):
    """Decoded ECS documents."""

    def __init__(self, ordinal: int, documents: list[Document]) -> None:
        super().__init__(ordinal)
        self._documents = documents

    def __len__(self) -> int:
        return len(self._documents)

    def columns(self, paths: Sequence[str]) -> list[list[object]]:
        return walk.columns(self._documents, paths)

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


class _Text(Batch):
    """Events of a file as bytes; ``line`` is the number of the first line."""

    def __init__(self, ordinal: int, path: str, data: bytes, line: int, settings: Settings) -> None:
        super().__init__(ordinal)
        self._path = path
        self._data = data
        self._line = line
        self._settings = settings
        self._forget()

    @abstractmethod
    def _forget(self) -> None:
        """Drop what was decoded; also sets up the attributes for it."""

    def __getstate__(self) -> dict[str, Any]:
        data, self._data = self._data, b""
        state = {name: getattr(self, name) for name in ("ordinal", "_path", "_line", "_settings")}
        self._data = data
        return {**state, "_data": data, "findings": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()


class JsonText(_Text):
    """A whole JSON file: one value over many lines, or several one after the other."""

    def _forget(self) -> None:
        self._documents: list[Document] | None = None

    def _load(self) -> list[Document]:
        if self._documents is None:
            reading = Reading(self._path, self._settings)
            self._documents = list(reading.documents(self._data, self._line))
            self.findings += reading.findings()
        return self._documents

    def __len__(self) -> int:
        return len(self._load())

    def columns(self, paths: Sequence[str]) -> list[list[object]]:
        return walk.columns(self._load(), paths)

    def document(self, row: int) -> Document:
        return self._load()[row]


class JsonLines(_Text):
    """NDJSON lines. Those that are plain ECS documents are decoded no further than the fields that are asked for."""

    def _forget(self) -> None:
        # What each row is: the line it was read from, or a document that had to be decoded wholly.
        self._rows: list[bytes | Document] | None = None
        # Whether every line is a row of its own and a plain document; None until that was seen.
        self._plain: bool | None = None

    def __len__(self) -> int:
        return len(self._places())

    def columns(self, paths: Sequence[str]) -> list[list[object]]:
        decoder = typed(tuple(paths))
        if decoder is None:
            return walk.columns(self.documents(), paths)
        if self._plain is not False:
            try:
                rows = decoder.lines(self._data)
            except REFUSED:
                pass
            else:
                # One row a line, or the rows could not be found again by their lines.
                self._plain = len(rows) == self._data.count(b"\n") + (not self._data.endswith(b"\n"))
                if self._plain:
                    return decoder.columns(rows)
        return self._line_by_line(decoder, paths)

    def document(self, row: int) -> Document:
        place = self._places()[row]
        return place if isinstance(place, dict) else self._whole(place)

    def _places(self) -> list[bytes | Document]:
        if self._plain is None:
            self.columns(())
        if self._rows is None:
            lines = self._data.split(b"\n")
            self._rows = [*lines] if lines[-1] else [*lines[:-1]]
        return self._rows

    def _line_by_line(self, decoder: Typed, paths: Sequence[str]) -> list[list[object]]:
        """The columns where some lines are not plain: only these are decoded wholly."""
        if self._rows is None:
            self._plain = False
            self._rows = self._sorted_out(decoder)
        rows: list[object] = []
        odd: list[tuple[int, Document]] = []
        for at, place in enumerate(self._places()):
            row = decoder.empty
            if not isinstance(place, dict):
                try:
                    row = decoder.line(place)
                except REFUSED:
                    place = self._whole(place)
            if isinstance(place, dict):
                odd.append((at, place))
            rows.append(row)
        columns = [list(column) for column in decoder.columns(rows)]
        root = walk.tree(tuple(paths))
        for at, document in odd:
            for column, value in zip(columns, walk.row_of(root, document, len(paths)), strict=True):
                column[at] = value
        return columns

    def _sorted_out(self, decoder: Typed) -> list[bytes | Document]:
        """The rows: lines that are no event are gone, lines of another shape are decoded."""
        reading = Reading(self._path, self._settings)
        rows: list[bytes | Document] = []
        for number, line in enumerate(self._data.split(b"\n"), self._line):
            try:
                decoder.line(line)
            except REFUSED:
                if line.strip():
                    rows += reading.documents(line, number)
            else:
                rows.append(line)
        self.findings += reading.findings()
        return rows

    def _whole(self, line: bytes) -> Document:
        return next(Reading(self._path, self._settings).documents(line, self._line), {})
