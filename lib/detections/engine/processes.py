"""Work in several processes: each makes the plans ready for itself, and is given shares of the events one by one."""

from __future__ import annotations

import copy
import functools
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Self

from detections.engine.protocol import Task
from detections.engine.runners import Runner
from detections.engine.shares import Result
from detections.engine.work import Collected, Work
from detections.errors import WorkerLost
from detections.events import Share

_WAITING = 2
"""Shares under way for each process: enough to keep it busy, few enough to keep memory flat."""

_work: list[Work] = []
"""In a worker process: the one piece of work that it was started for."""


class Processes:
    """Processes of this machine, which have made the plans ready by ``ready``. ``fresh``: they have nothing of this
    one; None: they are started now, before anything else is."""

    def __init__(self, jobs: int, tasks: Sequence[Task], ready: Runner, *, fresh: bool | None = False) -> None:
        self.most = _WAITING * jobs
        self._jobs = jobs
        self._workers: list[BaseProcess] = []
        context = _recording(self._workers, fresh=bool(fresh))
        self._executor = ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(tasks, ready))
        if fresh is None:
            self._executor.submit(os.getpid).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def begin(self, share: Share) -> Result:
        """What gives what a share has for the plans, and raises WorkerLost where one of the processes was killed; the
        others are ended."""
        with self._watched():
            return functools.partial(self._end, self._executor.submit(_collect, share))

    def _end(self, begun: Future[list[Collected]]) -> list[Collected]:
        with self._watched():
            return begun.result()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except BrokenProcessPool:
            self._executor.shutdown(cancel_futures=True)  # now every process has an exit code
            raise WorkerLost(_lost(self._workers, self._jobs)) from None


def _recording(workers: list[BaseProcess], *, fresh: bool) -> BaseContext:
    """How processes are started here, each one noted: a pool does not say which of its processes was killed."""
    context = copy.copy(multiprocessing.get_context("spawn" if fresh else None))
    start = context.Process

    def started(*arguments: Any, **named: Any) -> BaseProcess:
        worker: BaseProcess = start(*arguments, **named)
        workers.append(worker)
        return worker

    context.Process = started  # type: ignore[assignment, misc]
    return context


def _lost(workers: Iterable[BaseProcess], jobs: int) -> str:
    """Which process it was: the pool ends the others by SIGTERM."""
    for worker in workers:
        code = worker.exitcode
        if code is not None and code not in (0, -signal.SIGTERM):
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            return f"worker process {worker.pid} of {jobs} {how} (is memory short?): use fewer --jobs"
    return f"one of {jobs} worker processes was killed (is memory short?): use fewer --jobs"


def _start(tasks: Sequence[Task], ready: Runner) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what becomes of a Ctrl-C is for the parent to say
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work.append(Work(tasks, ready=ready))
    gc.disable()


def _end_with_parent() -> None:
    """A worker waits for shares, and would do so for ever if who gives them were killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _collect(share: Share) -> list[Collected]:
    return _work[0].collect_all(share)
