"""What a verdict hangs on besides what it is about: this package, and what it reads rules with."""

from __future__ import annotations

import functools
import hashlib
import sys
from importlib import metadata
from pathlib import Path

from detections.catalog.extracts import etc_path
from detections.catalog.sources import Source

_READERS = ("eql", "marshmallow", "toml", "toml-rs")
"""Packages that have a say in what is found in a rule."""


@functools.cache
def fingerprint() -> bytes:
    """The hash of this package (its code, and the sizes of the extracts, which only a new version changes) and of the
    versions of Python and of the packages that read rules."""
    found = hashlib.sha256(repr((sys.version_info[:2], [_version(name) for name in _READERS])).encode())
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        found.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    for path in sorted(path for path in etc_path().rglob("*") if path.is_file()):
        found.update(f"{path.name} {path.stat().st_size}\n".encode())
    return found.digest()


@functools.lru_cache(maxsize=256)
def declared(source: Source) -> str:
    """What a file of the project's own fields declares, as a text to hash."""
    return repr((source.name, source.streams, dict(source.kinds), dict(source.fields)))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
