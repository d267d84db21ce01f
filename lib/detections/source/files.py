"""Files are written whole or not at all: whoever reads meanwhile, or after a crash, finds the old one or the new."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path

from detections.errors import UsageError

PRIVATE = 0o600
_PUBLIC = 0o666  # less the umask
_OLD = 24 * 3600.0
"""Seconds after which a temporary file is a leftover, even where its process id is in use again."""
_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,6})")
_SPECIAL = "not a regular file"


def save(path: Path, data: bytes, *, private: bool = False) -> None:
    """Put a file in the place of an earlier one; folders that are missing are made.

    An existing file keeps its mode and its owner; a new one gets the mode that the umask leaves, or is for its owner
    alone (``private``). Behind a symbolic link it is the link's target that is replaced. What is not a regular file (a
    device, a pipe, ``/dev/stdout``) is written to, and stays what it is. A file that this user cannot give to its owner
    is written in place, and so not in one step.

    Temporary files that killed runs have left beside it are removed.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    _guarded(path, lambda: _save(path, data, PRIVATE if private else _PUBLIC))


def append(path: Path, data: bytes, *, private: bool = False) -> None:
    """Add to the end of a file, which is made where it is not there; on disk when this returns.

    Raises:
        UsageError: the file cannot be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    _guarded(path, lambda: _write(os.open(path, flags, PRIVATE if private else _PUBLIC), data))


class NotRegular(OSError):
    """A pipe, a device or a socket, where a file should be."""


def user_cache() -> Path | None:
    """The folder of this package among the user's caches (``$XDG_CACHE_HOME``, else ``~/.cache``), None where nothing
    says where they are."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with contextlib.suppress(RuntimeError):
        return (named if named.is_absolute() else Path.home() / ".cache") / "detections"
    return None


def content_of(path: Path) -> bytes:
    """As :func:`read_file`, but what stands in the way is the OSError as it is."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise NotRegular(errno.EINVAL, _SPECIAL, str(path))
    return path.read_bytes()


def read_file(path: Path) -> bytes:
    """The content of a regular file; of a pipe or a device nobody knows when it ends.

    Raises:
        FileNotFoundError: there is none.
        UsageError: it cannot be read, or is not a regular file.
    """
    try:
        return content_of(path)
    except FileNotFoundError:
        raise
    except NotRegular as error:
        raise UsageError(f"{path} is {error.strerror}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {_reason(error)}") from None


def _guarded(path: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the path; RuntimeError: links in a ring
        raise UsageError(f"{path} cannot be written: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _save(path: Path, data: bytes, mode: int) -> None:
    descriptor = _descriptor(path)
    if descriptor is not None:
        _write(os.dup(descriptor), data)
        return
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    if found is not None and not stat.S_ISREG(found.st_mode):
        _write(os.open(path, os.O_WRONLY | os.O_CLOEXEC), data)
        return
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    stem = f".{target.name.encode(errors='replace')[:100].decode(errors='ignore')}."
    _sweep(target.parent, stem)
    temporary = target.parent / f"{stem}{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        new = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        kept = found is None or _like(new, found)
        _write(new, data)
        if kept:
            temporary.replace(target)
        else:
            _write(os.open(target, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC), data)
    finally:
        temporary.unlink(missing_ok=True)
    _sync(target.parent)


def _descriptor(path: Path) -> int | None:
    """The number of the open file that a path names. Opened by name it would be cut, or written from its start."""
    name = str(path)
    if name in _DESCRIPTORS:
        return _DESCRIPTORS[name]
    match = _DESCRIPTOR.fullmatch(name)
    return int(match[1]) if match else None


def _like(descriptor: int, old: os.stat_result) -> bool:
    """Give a new file the owner and the mode of the old one; whether that can be done."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError:
            return False
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
    return True


def _write(descriptor: int, data: bytes) -> None:
    """Write all of it, and close."""
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """A new name is on disk when its folder is. Not every file system can say so."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _sweep(folder: Path, stem: str) -> None:
    """Remove the temporary files of this file's that killed runs have left."""
    pattern = re.compile(rf"{re.escape(stem)}([0-9]{{1,10}})-[0-9a-f]{{8}}\.tmp")
    for path in folder.iterdir():
        match = pattern.fullmatch(path.name)
        if match and _is_left(path, int(match[1])):
            path.unlink(missing_ok=True)


def _is_left(path: Path, process: int) -> bool:
    """Whether nobody writes a temporary file any more. This process writes one at a time: another of its own is of an
    earlier process with the same number, as containers have them."""
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    try:
        return time.time() - path.stat().st_mtime > _OLD
    except OSError:
        return False
