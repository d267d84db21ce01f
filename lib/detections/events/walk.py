"""Walks over documents: what stands at a path, and how deep they are nested.

A path ``a.b.c`` is found under every spelling: nested objects, one dotted key, or a mixture; arrays on the way are
gone through. That is how Elasticsearch sees a document.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

Row = list[Any]


class Node:
    """A place in the tree of the paths that are wanted.

    ``columns``: the paths that end here, by number. ``children``: the next steps by name. ``edges``: the same, and
    every further place that one dotted key reaches from here.
    """

    __slots__ = ("children", "columns", "edges")

    def __init__(self) -> None:
        self.columns: list[int] = []
        self.children: dict[str, Node] = {}
        self.edges: tuple[tuple[str, Node], ...] = ()

    def close(self) -> None:
        for child in self.children.values():
            child.close()
        self.edges = tuple(self._reach())

    def _reach(self) -> Iterator[tuple[str, Node]]:
        for name, child in self.children.items():
            yield name, child
            for rest, node in child.edges:
                yield f"{name}.{rest}", node


@functools.lru_cache(maxsize=64)
def tree(paths: tuple[str, ...]) -> Node:
    """The root of the tree of some dotted paths."""
    root = Node()
    for column, path in enumerate(paths):
        node = root
        for part in path.split("."):
            node = node.children.setdefault(part, Node())
        node.columns.append(column)
    root.close()
    return root


def columns(documents: Iterable[dict[str, Any]], paths: Sequence[str]) -> list[list[Any]]:
    """For each path one list with a raw value a document (see :meth:`detections.events.batch.Batch.columns`)."""
    root = tree(tuple(paths))
    rows = [row_of(root, document, len(paths)) for document in documents]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in paths]


def row_of(root: Node, document: dict[str, Any], width: int) -> Row:
    """The raw values of one document, one a path."""
    row: Row = [None] * width
    below(root, document, row)
    return row


def value(document: dict[str, Any], path: str) -> Any:
    """The raw value at a path of a document."""
    return row_of(tree((path,)), document, 1)[0]


def below(node: Node, value: dict[str, Any], row: Row) -> None:
    """Enter into a row what stands in an object under the edges of a node."""
    for key, child in node.edges:
        inner = value.get(key)
        if inner is not None:
            at(child, inner, row)


def at(node: Node, value: Any, row: Row) -> None:
    """Enter into a row a value that stands at a node, and what is below it."""
    if isinstance(value, list):
        for item in flat(value):
            at(node, item, row)
        return
    for column in node.columns:
        add(row, column, value)
    if node.edges and isinstance(value, dict):
        below(node, value, row)


def objects(document: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    """The objects at a path, as Elasticsearch makes nested ones of them.

    A dotted key that leads into an object makes an object of its own: ``{"a.b": 1, "a.c": 2}`` has two at ``a``.
    """
    waiting: list[tuple[Any, str]] = [(document, path)]
    while waiting:
        value, rest = waiting.pop()
        if isinstance(value, list):
            waiting += [(item, rest) for item in value]
        elif isinstance(value, dict):
            if not rest:
                yield value
                continue
            for key, inner in value.items():
                if key == rest:
                    waiting.append((inner, ""))
                elif rest.startswith(f"{key}."):
                    waiting.append((inner, rest[len(key) + 1 :]))
                elif key.startswith(f"{rest}."):
                    yield {key[len(rest) + 1 :]: inner}


def add(row: Row, column: int, value: Any) -> None:
    """One more value; several become a list."""
    before = row[column]
    if before is None:
        row[column] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        row[column] = [before, value]


def flat(values: list[Any]) -> Iterator[Any]:
    """The items of a list and of the lists in it, in order, without nulls."""
    waiting = [iter(values)]
    while waiting:
        for value in waiting[-1]:
            if isinstance(value, list):
                waiting.append(iter(value))
                break
            if value is not None:
                yield value
        else:
            waiting.pop()


def deeper_than(value: Any, limit: int, *, lists: bool = True) -> bool:
    """Whether more than ``limit`` containers stand inside each other; without ``lists`` only objects count."""
    waiting = [(value, 1)]
    while waiting:
        container, depth = waiting.pop()
        if isinstance(container, dict):
            inner: Iterable[Any] = container.values()
        elif isinstance(container, list):
            inner = container
            depth -= not lists
        else:
            continue
        if depth > limit:
            return True
        waiting += [(item, depth + 1) for item in inner if isinstance(item, (dict, list))]
    return False


def without_depth(value: Any, limit: int) -> tuple[Any, int]:
    """A value without the containers that stand more than ``limit`` deep, and how many these were; the value itself is
    at level 1. What is not too deep is not copied."""
    if not deeper_than(value, limit):
        return value, 0
    if limit <= 0:
        return None, 1
    left_out = 0
    kept: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        inner, count = without_depth(item, limit - 1)
        left_out += count
        if not count or inner is not None:
            kept.append((key, inner))
    return (dict(kept) if isinstance(value, dict) else [inner for _, inner in kept]), left_out
