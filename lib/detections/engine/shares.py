"""Shares of the events, worked on here or elsewhere, several at a time. What is known of them is not done again."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias

from detections.engine.checkpoint import Checkpoint
from detections.engine.work import Collected, Work
from detections.events import Share

Result: TypeAlias = Callable[[], list[Collected]]
"""Waits for what a share has for the plans."""


class Workers(Protocol):
    """What works on shares. ``most``: how many are under way at a time."""

    most: int

    def begin(self, share: Share) -> Result: ...


class Here:
    """This process alone."""

    most = 0

    def __init__(self, work: Work) -> None:
        self._work = work

    def begin(self, share: Share) -> Result:
        return functools.partial(self._work.collect_all, share, ahead=True)


def collected(workers: Workers, shares: Iterable[Share], checkpoint: Checkpoint | None) -> Iterator[Collected]:
    """What each batch of the shares has for the plans, in the order of the batches.

    Raises:
        WorkerLost: one of the workers was killed.
    """
    waiting: deque[tuple[Share | None, Result]] = deque()

    def end() -> list[Collected]:
        new, result = waiting.popleft()
        found = result()
        if checkpoint is not None and new is not None:
            checkpoint.keep(new, found)
        return found

    for share in shares:
        known = checkpoint.recall(share) if checkpoint is not None else None
        if known is None:
            waiting.append((share, workers.begin(share)))
        else:
            waiting.append((None, functools.partial(_same, known)))
        if len(waiting) > workers.most:
            yield from end()
    while waiting:
        yield from end()


def _same(known: list[Collected]) -> list[Collected]:
    return known
