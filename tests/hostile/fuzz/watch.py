"""Running one input under watch: an exception that is not ours, time, memory.

Time is counted as the process uses it, so that a busy machine makes no find. What does not give way to an exception (a
loop in C, a wait) is seen from outside: :mod:`fuzz.__main__` ends a process that does not go on.
"""

from __future__ import annotations

import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from detections.errors import DetectionsError
from fuzz.boundary import REPO, Boundary

SECONDS = 10
"""Of processor time that one input may take."""
MEMORY = 1 << 30
"""Bytes that one input may take, beside what the process has already."""


class Hang(BaseException):
    """An input takes too long. No handler of the code under test catches it."""


@dataclass(frozen=True)
class Find:
    """What went wrong with an input. ``signature`` is the same for the same fault: the error, and its place."""

    signature: str
    trace: str


def limit_memory() -> None:
    """Bound the memory of this process, for good."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


@contextmanager
def watching() -> Iterator[None]:
    """Let :func:`run` see how long an input takes; only in the main thread."""
    before = signal.signal(signal.SIGPROF, _late)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _late(signum: int, frame: FrameType | None) -> None:
    raise Hang(f"more than {SECONDS} s")


def run(boundary: Boundary, data: bytes, folder: Path) -> Find | None:
    """Give an input to a boundary, in an empty folder. None if all is well."""
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        boundary.run(data, folder)
    except DetectionsError as error:
        return None if str(error) else Find("DetectionsError without a message", traceback.format_exc())
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return Find(_signature(error), traceback.format_exc(limit=-60))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder in memory, where the machine has that."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def empty(folder: Path) -> None:
    """Remove what an input left."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _signature(error: BaseException) -> str:
    """The kind of the error, and the innermost line of ours. For a hang, the function that was called from outside, as
    it may be interrupted anywhere."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/lib/detections/" in frame.filename]
    if not frames:
        return f"{type(error).__name__}: {error}"[:200]
    frame = frames[0] if isinstance(error, Hang) else frames[-1]
    place = Path(frame.filename).relative_to(REPO) if Path(frame.filename).is_relative_to(REPO) else frame.filename
    return f"{type(error).__name__} in {place}:{frame.lineno} {frame.name}"
