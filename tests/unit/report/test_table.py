"""Rows for a person."""

from __future__ import annotations

from detections.report.table import aligned

COLUMNS = [{"name": "n", "type": "long"}, {"name": "user.name", "type": "keyword"}]


def test_a_table_is_aligned_and_says_its_types() -> None:
    rows = [[1, "alice"], [1234567, None], [None, ["a", "b"]], [[1, 2], "\u5c71\u7530"], [0, "x" * 70]]
    assert list(aligned(COLUMNS, rows)) == [
        "      n  user.name",
        "   long  keyword",
        f"-------  {'-' * 60}",
        "      1  alice",
        "1234567",
        "         a, b",
        "   1, 2  \u5c71\u7530",
        f"      0  {'x' * 57}...",
    ]
    assert list(aligned([{"name": "\u5c71", "type": "ip"}, {"name": "b", "type": "ip"}], [["1", "2"]])) == [
        "\u5c71  b", "ip  ip", "--  --", "1   2",
    ]  # fmt: skip


def test_what_could_move_a_cursor_is_not_printed() -> None:
    lines = list(aligned(COLUMNS, [[1, "a\x1b[2Jb\nc"]]))
    assert "\x1b" not in "".join(lines) and len(lines) == 4
