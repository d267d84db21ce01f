"""Class-data archives: what Java knows of the classes it loads, kept, so that a node starts in half the time.

There are two, one on top of the other: ``base`` (Java's own classes, made by ``java -Xshare:dump`` before the first
start) and ``node`` (Elasticsearch's, made by the first node when it has stopped, in the background). They are good for
one Java, one set of jars, their places and Java's options only: each such set has a folder of its own in the cache, and
the oldest folders go. An archive's name holds its checksum, so that one rename publishes it and a damaged one is known.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detections.elastic.jars import Installation, digest, locked

_KEPT = 3


@dataclass(frozen=True, slots=True)
class Archives:
    """The archives of one Java and one installation, as far as they are there. ``folder`` is where they are kept."""

    folder: Path
    base: Path | None = None
    node: Path | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Java's options that use them. Java goes on without one that does not fit (``-Xshare:auto``)."""
        used = ":".join(str(path) for path in (self.base, self.node) if path)
        return (f"-XX:SharedArchiveFile={used}", "-Xshare:auto", "-Xlog:disable") if used else ()

    def drop(self) -> None:
        """Remove them: a node that used them did not start."""
        shutil.rmtree(self.folder, ignore_errors=True)


def archives(cache: Path, java_home: Path, installation: Installation, options: Sequence[str]) -> Archives:
    """The archives that a start with these options can use; the base one is made where it is missing.

    Nothing here stops a start: without room or rights there are no archives.
    """
    folder = cache / "class-data" / _key(java_home, installation, options)
    try:
        with contextlib.suppress(PermissionError):
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
        base = _sound(folder, "base") or _make_base(folder, java_home)
        _tidy(folder)
        return Archives(folder, base, _sound(folder, "node") if base else None)
    except (OSError, subprocess.SubprocessError):
        return Archives(folder)


def _key(java_home: Path, installation: Installation, options: Sequence[str]) -> str:
    classes = java_home / "lib" / "modules"
    stat = classes.stat()
    told = (java_home / "release").read_text(encoding="utf-8")
    parts = (told, classes, stat.st_size, stat.st_mtime_ns, installation.home, installation.key, *options)
    return hashlib.sha256(os.fsencode("\n".join(map(str, parts)))).hexdigest()[:16]


def _sound(folder: Path, name: str) -> Path | None:
    """The archive of this name, if its checksum is right; damaged ones are removed."""
    for path in folder.glob(f"{name}-*.jsa"):
        if path.stem == f"{name}-{digest(path)}":
            return path
        path.unlink(missing_ok=True)
    return None


def _make_base(folder: Path, java_home: Path) -> Path | None:
    with locked(folder / "base.lock"):
        if made := _sound(folder, "base"):
            return made
        new = folder / "base.new"
        java = str(java_home / "bin" / "java")
        command = [java, "-XX:+UseSerialGC", "-Xshare:dump", f"-XX:SharedArchiveFile={new}"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
        if done.returncode:
            new.unlink(missing_ok=True)
            return None
        for path in folder.glob("node-*.jsa"):
            path.unlink()  # it stood on another base
        return new.replace(folder / f"base-{digest(new)}.jsa")


def _tidy(folder: Path) -> None:
    """Keep only the folders that were used last: a new environment has another Java, and old ones are not told."""
    others = [one for one in folder.parent.iterdir() if one != folder]
    for old in sorted(others, key=lambda one: one.stat().st_mtime, reverse=True)[_KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
