"""The warnings that Elasticsearch gives with the rows of an ES|QL query: what was null instead of an error.

The first 20 failures of an expression are told, each once, with the place of the expression in the query.
"""

from __future__ import annotations

from collections.abc import Mapping

from detections.functions.signature import Report, Several, java_message
from detections.query import Span

MOST = 20


class Warnings:
    """What has gone wrong so far. ``text`` is the query, ``wholes`` the part of it to speak of instead of another;
    ``messages`` are in the order of their first mention."""

    def __init__(self, text: str, wholes: Mapping[Span, Span] | None = None) -> None:
        self._text = text
        self._wholes = wholes or {}
        self._found: dict[str, None] = {}
        self._counts: dict[Span, int] = {}

    @property
    def messages(self) -> list[str]:
        return list(self._found)

    def add(self, message: str) -> None:
        self._found.setdefault(message)

    def several(self, span: Span) -> None:
        """A test of one value had several."""
        self.about(span)(Several())

    def always_null(self, span: Span) -> None:
        """An expression that has no other value."""
        shown = self._text[span[0] : span[1]]
        self.add(f"{place_of(self._text, span[0])}: Expression [{shown}] always evaluates to NULL.")

    def shadowed(self, name: str, span: Span, by: Span) -> None:
        """A column is told twice in one command, and the first is lost."""
        other = place_of(self._text, by[0]).removeprefix("Line ")
        self.add(f"{place_of(self._text, span[0])}: Field '{name}' shadowed by field at line {other}")

    def about(self, span: Span, treated: str = "null") -> Report:
        """Who is told of the failures of the expression at a place, which come to null."""

        span = self._wholes.get(span, span)

        def report(error: Exception) -> None:
            count = self._counts[span] = self._counts.get(span, 0) + 1
            if count > MOST:
                return
            place = place_of(self._text, span[0])
            shown = self._text[span[0] : span[1]]
            told = f"evaluation of [{shown}] failed, treating result as {treated}."
            self.add(f"{place}: {told} Only first {MOST} failures recorded.")
            self.add(f"{place}: {java_message(error)}")

        return report


def place_of(text: str, offset: int) -> str:
    """``Line 1:5`` of an offset, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"Line {line}:{offset - text.rfind(chr(10), 0, offset)}"
