"""Reading ahead: the next items are made in a thread while the last one is worked on."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

_T = TypeVar("_T")

_AHEAD = 2
"""How many items wait: enough to keep the worker busy, few enough to keep memory flat."""

# Python lets another thread go on when the running one lets it, or after this time, in seconds. A reader asks often and
# for little: it would wait most of the default of 5 ms each time.
_SWITCH = 0.0002
_END = object()


def ahead(items: Iterator[_T]) -> Generator[_T, None, None]:
    """The same items. What making them raises is raised here; who stops before the end closes the generator."""
    waiting: queue.Queue[Any] = queue.Queue(_AHEAD)
    stop = threading.Event()
    failed: list[BaseException] = []

    def put(item: Any) -> bool:
        while not stop.is_set():
            try:
                waiting.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:
            failed.append(error)
        finally:
            put(_END)

    maker = threading.Thread(target=make, name="reading ahead", daemon=True)
    with _quick_switches():
        maker.start()
        try:
            while (item := waiting.get()) is not _END:
                yield item
            if failed:
                raise failed[0]
        finally:
            stop.set()
            maker.join()


_lock = threading.Lock()
_readers: list[float] = []
"""The switch interval that was found, once for each reader at work."""


@contextmanager
def _quick_switches() -> Iterator[None]:
    with _lock:
        _readers.append(_readers[0] if _readers else sys.getswitchinterval())
        sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        with _lock:
            found = _readers.pop()
            if not _readers:
                sys.setswitchinterval(found)
