"""How far something has come, on one line of a terminal that is written over and goes at the end."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator

from detections.errors import printable

_CLEAR = "\r\033[K"


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None] | None]:
    """A function that shows a short text on standard error; None where that is not a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    try:
        yield _show
    finally:
        _show("")


def _show(text: str) -> None:
    sys.stderr.write(_CLEAR + printable(text)[: shutil.get_terminal_size().columns - 1])
    sys.stderr.flush()
