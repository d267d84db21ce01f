"""Rows for a person, and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from detections.report.rows import comma_separated, table

COLUMNS = [{"name": "n", "type": "long"}, {"name": "user.name", "type": "keyword"}]


def test_a_table_is_aligned_and_says_its_types() -> None:
    rows = [[1, "alice"], [1234567, None], [None, ["a", "b"]], [[1, 2], "\u5c71\u7530"], [0, "x" * 70]]
    assert list(table(COLUMNS, rows)) == [
        "      n  user.name",
        "   long  keyword",
        f"-------  {'-' * 60}",
        "      1  alice",
        "1234567",
        "         a, b",
        "   1, 2  \u5c71\u7530",
        f"      0  {'x' * 57}...",
    ]
    assert list(table([{"name": "\u5c71", "type": "ip"}, {"name": "b", "type": "ip"}], [["1", "2"]])) == [
        "\u5c71  b", "ip  ip", "--  --", "1   2",
    ]  # fmt: skip


def test_what_could_move_a_cursor_is_not_printed() -> None:
    lines = list(table(COLUMNS, [[1, "a\x1b[2Jb\nc"]]))
    assert "\x1b" not in "".join(lines) and len(lines) == 4


VALUES = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(VALUES, st.lists(st.integers(), min_size=2, max_size=3)), max_size=5))
def test_csv_is_read_back(rows: list[tuple[Any, list[int]]]) -> None:
    lines = "\n".join(comma_separated(COLUMNS, rows))
    read = list(csv.reader(io.StringIO(lines, newline="")))
    assert read[0] == ["n", "user.name"]
    for found, (value, several) in zip(read[1:], rows, strict=True):
        shown = "" if value is None else value if isinstance(value, str) else str(value).lower()
        assert found == [shown, str(several).replace(" ", "")]
