"""KQL inside ES|QL: ``KQL("...")`` is KQL, with its own errors at their places."""

from __future__ import annotations

from detections.errors import QuerySyntaxError
from detections.query import kql
from detections.query.esql.ast import Function, Literal
from detections.query.esql.scan import string_offsets


def check_kql(text: str, call: Function) -> None:
    """Raises QuerySyntaxError where the query of a call of ``KQL`` is none, at its place in the ``text``."""
    query = call.arguments[0]
    if not isinstance(query, Literal) or not isinstance(query.value, str):
        return
    try:
        kql.parse(query.value)
    except QuerySyntaxError as error:
        raise QuerySyntaxError(f"KQL: {error.message}", text, *place_in(text, query, error.start, error.end)) from None


def place_in(text: str, literal: Literal, start: int, end: int) -> tuple[int, int]:
    """Where a span of a literal's value stands in the text that holds the literal."""
    begin = literal.span[0]
    offsets = string_offsets(text[begin : literal.span[1]])
    last = len(offsets) - 1
    return begin + offsets[min(start, last)], begin + offsets[min(end, last)]
