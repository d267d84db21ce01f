"""How deep syntax trees are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Node = TypeVar("Node")


def first_below(root: Node, depth: int, children: Callable[[Node], Iterable[Node]]) -> Node | None:
    """A node that stands deeper than ``depth`` (the root stands at 1), None where there is none. Does not recurse.

    Chains of arithmetic are deep trees, too, although no parenthesis opens.
    """
    waiting = [(root, 1)]
    while waiting:
        node, at = waiting.pop()
        if at > depth:
            return node
        waiting.extend((child, at + 1) for child in children(node))
    return None
