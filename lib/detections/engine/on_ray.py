"""Work on a Ray cluster (the extra ``ray``): the same shares, by the same function as in processes of this machine.

What comes back is what each share has for the plans, never events; what they make together is decided here. A share
whose worker or node was lost is given to another by Ray. Nodes must have this package in the same version, and reach
the events under the same names.
"""

from __future__ import annotations

import functools
import gc
import importlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Self

from detections.engine.protocol import Task
from detections.engine.runners import Runner
from detections.engine.shares import Result
from detections.engine.work import Collected, Work
from detections.errors import UsageError, WorkerLost
from detections.events import Share

EXTRA = "--on ray needs Ray: install detections[ray]"
_WAITING = 2
"""Shares under way for each processor of the cluster."""

_LEAST = 8
_TRIES = 4
"""How often a share is given to another worker before the run ends."""

_work: dict[str, Work] = {}
"""In a worker: the piece of work that it had last."""


class OnRay:
    """The workers of a Ray cluster: that which RAY_ADDRESS names, else one that this machine belongs to."""

    def __init__(self, tasks: Sequence[Task], ready: Runner) -> None:
        """Raises UsageError where Ray is not installed, or there is no cluster."""
        self._ray = _library()
        self._mine = not self._ray.is_initialized()
        if self._mine:
            try:
                self._ray.init(address="auto", log_to_driver=False, logging_level="error")
            except Exception as error:
                said = str(error).partition("\n")[0]
                raise UsageError(
                    f"no Ray cluster (is RAY_ADDRESS right? 'ray start --head' starts one): {said}"
                ) from None
        self.most = max(_LEAST, _WAITING * int(self._ray.cluster_resources().get("CPU", 0)))
        self._begun: set[Any] = set()
        self._tasks = self._ray.put((list(tasks), ready))
        self._collect = self._ray.remote(max_retries=_TRIES)(_collect)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for begun in self._begun:  # after an interruption
            self._ray.cancel(begun, force=True)
        if self._mine:
            self._ray.shutdown()

    def begin(self, share: Share) -> Result:
        """What gives what a share has for the plans, and raises WorkerLost where no worker lives to do so."""
        begun = self._collect.remote(self._tasks.hex(), self._tasks, share)
        self._begun.add(begun)
        return functools.partial(self._end, begun)

    def _end(self, begun: Any) -> list[Collected]:
        errors = self._ray.exceptions
        try:
            found: list[Collected] = self._ray.get(begun)
        except errors.RayTaskError as error:
            raise error.cause from None
        except errors.RayError as error:
            said = str(error).partition("\n")[0]
            raise WorkerLost(
                f"a share was given to {_TRIES + 1} workers of the cluster, and each was lost: {said}"
            ) from None
        self._begun.discard(begun)
        return found


def _library() -> ModuleType:
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise UsageError(EXTRA) from None


def _collect(key: str, asked: tuple[Sequence[Task], Runner], share: Share) -> list[Collected]:
    if key not in _work:
        _work.clear()
        tasks, ready = asked
        _work[key] = Work(tasks, ready=ready)
        gc.disable()
    return _work[key].collect_all(share)
