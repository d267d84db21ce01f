"""A find made smaller, by leaving out of it what is not needed."""

from __future__ import annotations

from pathlib import Path

from fuzz.boundary import Boundary
from fuzz.watch import empty, run

_TRIES = 3000


def shrunk(boundary: Boundary, data: bytes, signature: str, folder: Path) -> bytes:
    """The smallest input found that has the same fault: parts are left out, large ones first."""
    size, tries = max(1, len(data) // 2), 0
    while size:
        at = 0
        while at < len(data) and tries < _TRIES:
            tries += 1
            shorter = data[:at] + data[at + size :]
            empty(folder)
            found = run(boundary, shorter, folder)
            if found is not None and found.signature == signature:
                data = shorter
            else:
                at += size
        size //= 2
    return data
