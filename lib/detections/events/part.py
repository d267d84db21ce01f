"""The events of one piece of a file, decoded as far as a projection goes."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from detections.events.batch import Document
from detections.events.cut import Piece, whole
from detections.events.projection import Decoder, Projection
from detections.events.reading import Notes, Reading
from detections.events.sources import Settings
from detections.events.text import REFUSED

_TEXTS = Decoder(msgspec.Raw)
"""Rows as text, undecoded."""


class Part:
    """Rows of one projection, None where no row is of any. ``odd`` are those that had to be made whole."""

    def __init__(self, piece: Piece, notes: Notes, settings: Settings) -> None:
        self._piece = piece
        self._notes = notes
        self._reading = Reading(notes, settings)
        self._refused: set[tuple[int, str]] = set()
        self._texts: list[tuple[bytes, int]] | None = None
        self.projection: Projection | None = None
        self.rows: list[Any] = []
        self.odd: dict[int, Document] = {}
        self._made: dict[int, Document] = {}

    def decode(self, choices: Sequence[Projection]) -> None:
        """Fill in the rows, with the first projection that they fit."""
        for projection in choices:
            try:
                self.rows = projection.decoder.rows(self._piece.data)
            except REFUSED:
                continue
            self.projection = projection
            return
        self._decode_one_by_one(choices)

    def whole(self, row: int) -> Document:
        """The whole event of a row."""
        if row in self.odd:
            return self.odd[row]
        if row not in self._made:
            text, line = self._placed()[row]
            refuse = functools.partial(self.refuse, row)
            self._made[row] = next(self._reading.documents(text, line, refuse), {})
        return self._made[row]

    def refuse(self, row: int, name: str, value: object) -> None:
        """Note, once, that a field does not take a value."""
        if (row, name) not in self._refused:
            self._refused.add((row, name))
            self._notes.refuse(name, value, lambda: self._placed()[row][1])

    def _placed(self) -> list[tuple[bytes, int]]:
        """The texts of the events, with their lines."""
        if self._texts is None:
            self._texts = list(_placed(self._piece, _TEXTS.rows(self._piece.data)))
        return self._texts

    def _decode_one_by_one(self, choices: Sequence[Projection]) -> None:
        """The events by themselves: those that fit no projection, and no more of the others, are made whole."""
        self._texts = []
        for text, line in _texts(self._piece):
            for projection in choices if self.projection is None else (self.projection,):
                try:
                    row = projection.decoder.row(text)
                except REFUSED:
                    continue
                self.projection = projection
                self.rows.append(row)
                self._texts.append((text, line))
                break
            else:
                for document in self._reading.documents(text, line):
                    self.odd[len(self.rows)] = document
                    self.rows.append(None)
                    self._texts.append((b"", line))
        if self.projection is not None:
            for row in self.odd:
                self.rows[row] = self.projection.empty


def _texts(piece: Piece) -> Iterator[tuple[bytes, int]]:
    """The texts of the events, with their lines: values where the piece has nothing else; else lines where these are
    values, or the piece as it is."""
    for split in (_TEXTS.rows, _TEXTS.values):
        try:
            found = split(piece.data)
        except REFUSED:
            continue
        yield from _placed(piece, found)
        return
    lines = piece.data.split(b"\n")
    if whole(next((line for line in lines if line.strip()), b"")):
        yield from ((line, number) for number, line in enumerate(lines, piece.line) if line.strip())
    else:
        yield piece.data, piece.line


def _placed(piece: Piece, texts: Sequence[msgspec.Raw]) -> Iterator[tuple[bytes, int]]:
    line, end = piece.line, 0
    for raw in texts:
        text = bytes(raw)
        start = piece.data.index(text, end)
        line += piece.data.count(b"\n", end, start)
        yield text, line
        end = start + len(text)
        line += text.count(b"\n")
