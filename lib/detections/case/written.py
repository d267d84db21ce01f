"""A part of a query as its author wrote it, where plans have it in another form."""

from __future__ import annotations

import re

from detections.plan.predicate import And, Not, Or, Predicate, extent
from detections.query.span import excerpt
from detections.values.coerce import Scalar

LONGEST = 100
_WORD = re.compile(r"\bnot[\s(]*$", re.IGNORECASE)
_LIST = re.compile(r"[^\s()]+\s+(?:not\s+)?(?:in|like|regex)~?\s*\(\s*$", re.IGNORECASE)


def written(query: str, node: Predicate) -> str:
    """What stands in the query for a node, on one line; empty for what comes of the rule's filters.

    A negation is a word before what it negates, or an operator within it (``!=``, ``NOT IN``, ``!:``).
    """
    if not isinstance(node, Not):
        start, end = extent(node)
        listed = _LIST.search(query, 0, start) if isinstance(node, Or) else None
        return excerpt(query, (start, end)) if listed is None else f"{excerpt(query, (listed.start(), end))})"
    inner = written(query, node.item)
    if not inner or not _WORD.search(query, 0, extent(node)[0]):
        return inner
    return f"not ({inner})" if isinstance(node.item, And | Or) else f"not {inner}"


def cut(text: str) -> str:
    """A text that fits on a line."""
    return f"{text[:LONGEST]}{'...' if len(text) > LONGEST else ''}"


def value_written(text: str, value: Scalar) -> str:
    """A value as the text has it: with its quotes, or bare where it stands there so."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)
    return value if value and value in text and f'"{value}' not in text and f'{value}"' not in text else f'"{value}"'
