"""What was found in files that have not changed since, so that they are not looked at again.

An entry counts only for the same bytes below the same name, read by the same version of this package, with the same
profiles and fields of the project's own, on the same day (some checks look at the calendar). The file may be removed at
any time, and one that is not a cache counts as empty. It is not a signature: what decides whether a rule may be
deployed does not ask it.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from detections.catalog import Source, declared, fingerprint
from detections.errors import Finding, UsageError
from detections.source import read_file, save

Identities = tuple[tuple[str, str], ...]
"""What a rule must have for itself: (``rule_id``, its value)."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file: the hash of all that its findings hang on, the findings, and its rule's identities."""

    digest: str
    findings: tuple[Finding, ...]
    identities: Identities


class Cache:
    """The cache in a file; without a path nothing is remembered beyond this process."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._entries: dict[str, Known] = {}
        self._changed = False
        if path is not None:
            with contextlib.suppress(UsageError, FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
                self._entries = msgspec.json.decode(read_file(path), type=dict[str, Known])

    def get(self, file: str, digest: str) -> Known | None:
        """What is known of a file whose findings hang on this."""
        known = self._entries.get(str(Path(file).absolute()))
        return known if known is not None and known.digest == digest else None

    def add(self, file: str, known: Known) -> None:
        """Remember what was found in a file, unless its name does not print."""
        if not str(Path(file).absolute()).isprintable():
            return
        self._entries[str(Path(file).absolute())] = known
        self._changed = True

    def save(self) -> None:
        """Write what is known of files that are still there; where it cannot be written, it is found again."""
        if self.path is None or not self._changed:
            return
        self._entries = {file: known for file, known in sorted(self._entries.items()) if Path(file).exists()}
        with contextlib.suppress(UsageError):
            save(self.path, msgspec.json.encode(self._entries))


def salt(profiles: Sequence[str], fields: Sequence[Source]) -> bytes:
    """What the findings of every file hang on."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    texts = (today, *profiles, *map(declared, fields))
    parts = [fingerprint(), *(text.encode("utf-8", "surrogatepass") for text in texts)]
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def digest(salt: bytes, file: str, content: bytes) -> str:
    """The hash of all that the findings of a file hang on."""
    name = file.encode("utf-8", "surrogateescape")
    return hashlib.sha256(b"%b%d:%b%b" % (salt, len(name), name, content)).hexdigest()
