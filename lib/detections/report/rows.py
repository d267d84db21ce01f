"""Rows of columns, as ES|QL answers them: aligned for a person, or as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from detections.errors import printable
from detections.report.json import encode

_WIDEST = 60
"""Characters of a cell that a person is shown."""

_NUMBERS = ("integer", "long", "unsigned_long", "double")


def table(columns: Sequence[Mapping[str, str]], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lines: names, types, a rule, the rows; numbers stand to the right. Null is empty, several values are divided by
    commas, and what is long is cut."""
    heads = [[printable(column["name"]) for column in columns], [column["type"] for column in columns]]
    cells = [[_cut(_text(value)) for value in row] for row in rows]
    widths = [max(_width(line[at]) for line in (*heads, *cells)) for at in range(len(columns))]
    right = [column["type"] in _NUMBERS for column in columns]
    for line in (*heads, ["-" * width for width in widths], *cells):
        padded = (_padded(*one) for one in zip(line, widths, right, strict=True))
        yield "  ".join(padded).rstrip()


def comma_separated(columns: Sequence[Mapping[str, str]], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lines of CSV (RFC 4180), without their ends: the names, then the rows. Null is empty, several values are a JSON
    array."""
    yield _csv_line([column["name"] for column in columns])
    for row in rows:
        yield _csv_line(["" if value is None else value if isinstance(value, str) else encode(value) for value in row])


def _csv_line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else encode(value))


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
