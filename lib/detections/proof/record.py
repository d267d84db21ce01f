"""What was proved, so that the same bytes are not proved twice: ``.detections/proofs.json``.

For each rule the file has the hash of all that a proof hangs on, and what the proof said; several where environments
say several things of it. Only proofs that hold are in it. It may be lost or handed from one CI job to the next; it is
no signature.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from detections.case import Bases, CaseFile
from detections.catalog import declared, fingerprint
from detections.errors import EventsError, UsageError
from detections.payload.normalise import encode
from detections.payload.record import read_as, write_json
from detections.rule import Rule

_MOST = 8
"""Proofs that are remembered of a rule."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof said of a rule, and the hash of what it was taken of."""

    digest: str
    said: str


class Record:
    """The record in a file; without a path nothing is remembered. A file that is not a record counts as empty."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.entries: dict[str, list[Proved]] = {}
        if path is not None:
            with contextlib.suppress(UsageError):
                self.entries = read_as(path, dict[str, list[Proved]], "a record of proofs", "remove it") or {}
        self._changed = False

    def said(self, rule: Rule, digest: str) -> str | None:
        """What the proof of these bytes said; None where it is not known."""
        known = self.entries.get(rule.rule_id, ())
        return next((entry.said for entry in known if entry.digest == digest), None)

    def add(self, rule: Rule, digest: str, said: str) -> None:
        """Remember a proof that holds."""
        others = [entry for entry in self.entries.get(rule.rule_id, ()) if entry.digest != digest]
        self.entries[rule.rule_id] = [*others, Proved(digest, said)][-_MOST:]
        self._changed = True

    def save(self) -> None:
        """Write the record; where it cannot be written, the next run proves again."""
        if self.path is None or not self._changed:
            return
        with contextlib.suppress(UsageError):
            table = {name: [asdict(entry) for entry in known] for name, known in sorted(self.entries.items())}
            write_json(self.path, table)


def digest(rule: Rule, file: CaseFile | None, bases: Bases, besides: Iterable[bytes]) -> str:
    """The hash of everything that a rule's checks and cases hang on: its file, what it says here (an environment may
    say something else), the project's own fields, its cases, their base events, this package, and what is given
    ``besides``."""
    found = hashlib.sha256()
    parts = (rule.document.path, rule.document.text, encode(rule.document.data["rule"]))
    for part in (fingerprint(), *besides, *parts, *map(declared, rule.fields), *_cases(file, bases)):
        content = part.encode() if isinstance(part, str) else part
        found.update(len(content).to_bytes(8, "big"))
        found.update(content)
    return found.hexdigest()


def _cases(file: CaseFile | None, bases: Bases) -> Iterator[str | bytes]:
    if file is None:
        return
    yield file.document.path
    yield file.document.text
    names = {spec.base for case in file.cases for spec in (case.event, *case.history)}
    names |= {str(table["file"]) for table in file.tables.values() if "file" in table}
    for name in sorted(names):
        yield name
        try:
            yield bases.content(name)
        except EventsError:
            yield b""
