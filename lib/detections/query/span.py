"""Places in a query's text."""

from __future__ import annotations

from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Offsets in code points, the end exclusive."""

NOWHERE: Span = (0, 0)
