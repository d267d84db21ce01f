"""The table of limits, and its page."""

from __future__ import annotations

from pathlib import Path

from detections.values import limits


def test_every_limit_is_in_the_table_once_and_says_why() -> None:
    named = [value for value in vars(limits).values() if isinstance(value, limits.Limit)]
    assert sorted(limit.name for limit in named) == sorted(limit.name for limit in limits.ALL)
    assert len({limit.name for limit in limits.ALL}) == len(limits.ALL)
    assert all(limit.most > 0 and limit.what and limit.beyond and limit.reason for limit in limits.ALL)


def test_the_page_is_made_from_the_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "limits.md"
    assert page.read_text(encoding="utf-8") == limits.page()
    assert "| runs | 100 | runs of one event of an EQL sequence |" in limits.page()
