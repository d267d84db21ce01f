"""How a query is read and evaluated, as indented text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from detections.plan import Outline
from detections.values.wildcard import Wild

_INDENT = "  "


def text(outlines: Iterable[Outline]) -> str:
    """Outlines, what stands below a line further in."""
    return "\n".join(line for outline in outlines for line in _lines(outline, 0))


def _lines(outline: Outline, depth: int) -> Iterator[str]:
    yield f"{_INDENT * depth}{outline.text}"
    for inner in outline.inside:
        yield from _lines(inner, depth + 1)


def syntax(node: object) -> object:
    """A syntax tree as a JSON value: of each node its kind, and all but its place."""
    if isinstance(node, tuple):
        return [syntax(item) for item in node]
    if isinstance(node, Wild):
        return repr(node)
    if not is_dataclass(node):
        return node
    parts = {one.name: syntax(getattr(node, one.name)) for one in fields(node) if one.compare}
    return {"node": type(node).__name__, **parts}
