"""Places in a query's text."""

from __future__ import annotations

from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Offsets in code points, the end exclusive."""

NOWHERE: Span = (0, 0)


def excerpt(text: str, span: Span) -> str:
    """A part of a text on one line, with single spaces."""
    return " ".join(text[span[0] : span[1]].split())
