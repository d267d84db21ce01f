"""Which files there are, and their bytes."""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from detections.errors import EventsError, Finding, Level, Location
from detections.events.batch import Report

CODE = "event-file"

SUFFIXES = tuple(f"{suffix}{gz}" for suffix in (".json", ".jsonl", ".ndjson", ".log") for gz in ("", ".gz"))
"""What is read in a folder; a file that is named itself is read whatever it is called."""

_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFDIR: "a folder", stat.S_IFSOCK: "a socket"}
_BLOCK = 1 << 20
_PATIENCE = 1000
"""How long to wait, in about milliseconds, until somebody opens the other end of a pipe."""


class Unreadable(Exception):
    """A file that cannot be read, or not to its end; the message says why."""


def exists(path: Path) -> None:
    """Raises EventsError where a path is not there, or cannot be looked at."""
    try:
        path.stat()
    except FileNotFoundError:
        raise EventsError(f"{path}: no such file or folder") from None
    except (OSError, ValueError) as error:
        raise EventsError(f"{path}: {reason(error)}") from None


def found(paths: Iterable[Path], report: Report) -> Iterator[Path]:
    """The files of events, in order: a folder's sorted by path, those of its subfolders too.

    What cannot be read in a folder is reported: as an error where events may be missed, as a warning where it is
    skipped because it is not a file.
    """
    for path in paths:
        if path.is_dir():
            yield from _inside(path, report)
        else:
            yield path


def _inside(folder: Path, report: Report) -> Iterator[Path]:
    names: list[Path] = []
    unread: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unread.append):
        names += [Path(parent, name) for name in files if name.lower().endswith(SUFFIXES)]
        for name in folders:
            if os.path.islink(f"{parent}/{name}"):  # noqa: PTH114 - a Path for each of many folders is slow
                report(finding(Path(parent, name), "skipped: a link to a folder", Level.WARNING))
    for error in unread:
        report(finding(error.filename or folder, f"folder not read: {reason(error)}"))
    if not names and not unread:
        report(finding(folder, f"no file of events in this folder ({', '.join(SUFFIXES)})"))
    for path in sorted(names):
        kind = _kind(path)
        if kind:
            report(finding(path, f"skipped: {kind}, not a regular file", Level.WARNING))
        else:
            yield path


def _kind(path: Path) -> str:
    """What a path leads to, empty for a regular file and for what is gone or cannot be looked at."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file from its beginning. A pipe that somebody writes to is read to its end; one that nobody has
    opened is not waited for.

    Raises:
        Unreadable: it is a device, a pipe without a writer, or the system refuses.
    """
    try:
        kind = _kind(path)
        if kind and kind != "a pipe":
            raise Unreadable(f"not read: {kind}, not a file")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            if kind:
                yield _first(descriptor)
            os.set_blocking(descriptor, True)
            while block := stream.read(_BLOCK):
                yield block
    except (OSError, ValueError) as error:
        raise Unreadable(f"not read: {reason(error)}") from None


def _first(pipe: int) -> bytes:
    """What is in a pipe already, once somebody has opened it to write to it."""
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    for _ in range(_PATIENCE):
        hung_up = any(event & select.POLLHUP for _, event in poll.poll(1))
        try:
            # Where nothing is there, this is an error with a writer, and the end of the file without one.
            data = os.read(pipe, _BLOCK)
        except BlockingIOError:
            return b""
        if data or hung_up:
            return data
    raise Unreadable("not read: a pipe without a writer")


def finding(path: Path | str, message: str, level: Level = Level.ERROR) -> Finding:
    """Something about a file or folder as a whole."""
    return Finding(CODE, message, Location(str(path)), level)


def reason(error: OSError | ValueError) -> str:
    """Why the system refuses, in its words, without the path."""
    return (isinstance(error, OSError) and error.strerror) or str(error)
