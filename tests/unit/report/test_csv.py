"""Rows for a spreadsheet."""

from __future__ import annotations

import csv as stdcsv
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from detections.api import SearchResult
from detections.errors import printable
from detections.report import csv

COLUMNS = [{"name": "n", "type": "long"}, {"name": "user.name", "type": "keyword"}]
VALUES = st.none() | st.booleans() | st.integers() | st.text()


@given(st.lists(st.tuples(VALUES, st.lists(st.integers(), min_size=2, max_size=3)), max_size=5))
def test_a_line_a_row_is_read_back_with_escapes_for_what_does_not_print(rows: list[tuple[Any, list[int]]]) -> None:
    names, *lines = csv.search(SearchResult(columns=COLUMNS, rows=[list(row) for row in rows]))
    assert names == "n,user.name"
    for line, (value, several) in zip(lines, rows, strict=True):
        assert line.isprintable() and not line.lstrip().startswith("::")
        shown = "" if value is None else value if isinstance(value, str) else str(value).lower()
        (found,) = stdcsv.reader([line])
        assert found == [printable(shown).replace("##[", r"##\x5b"), str(several).replace(" ", "")]


def test_one_column() -> None:
    found = SearchResult(columns=COLUMNS[1:], rows=[[None], ['::error::"a"'], ["##[error]a, b"]])
    assert list(csv.search(found)) == ["user.name", '""', '"::error::""a"""', r'"##\x5berror]a, b"']
