"""The events behind a row of an ES|QL query: a column that goes through all commands, although no query knows of it.

Its values are a :class:`~.alert.Hit`, a tuple of them (those of a group), or None.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from detections.engine.alert import Hit
from detections.functions.fold import Fold
from detections.functions.signature import packed
from detections.values import limits

BEHIND = "\0behind"
"""The name of the column."""


class LatestEvents(Fold):
    """The latest events of a group; its state is a heap."""

    def initial(self) -> list[Hit]:
        return []

    def add(self, state: list[Hit], value: Hit) -> list[Hit]:
        if len(state) < limits.GROUP_EVENTS.most:
            heapq.heappush(state, value)
        elif value > state[0]:
            heapq.heapreplace(state, value)
        return state

    def merge(self, state: list[Hit], other: list[Hit]) -> list[Hit]:
        for hit in other:
            self.add(state, hit)
        return state

    def result(self, state: list[Hit]) -> object:
        return packed(sorted(set(state)))


def hits_of(value: object) -> tuple[Hit, ...]:
    """The events behind a row, in their order."""
    if value is None:
        return ()
    return (value,) if isinstance(value, Hit) else tuple(one for one in _every(value) if isinstance(one, Hit))


def _every(value: object) -> Iterable[object]:
    return value if isinstance(value, tuple) else ()
