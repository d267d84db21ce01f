"""What is finished of a run over files: so that one that was interrupted goes on where it was.

A file: a line of JSON that says which run it is of; then, for each share that was read whole, a line of JSON with its
mark, its size and a hash, and what it has for the plans. An end that was cut off is no share. A share with a file that
could not be read is not kept: it is read again, and so is one whose files have changed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from detections.engine.work import Collected
from detections.errors import Finding, Location, UsageError
from detections.events import Share
from detections.source import append

CODE = "resume"
_VALUES = {
    "builtins": ("set", "frozenset"),
    "collections": ("Counter", "defaultdict", "deque"),
    "detections.engine.aggregate": ("Part", "_Numbers"),
    "detections.engine.alert": ("Hit",),
    "detections.engine.sequence": ("Candidate", "Rank"),
    "detections.engine.table": ("Table",),
    "detections.engine.threat_match": ("Candidate", "Indicator"),
    "detections.engine.threshold": ("Group", "Groups"),
    "detections.engine.work": ("Collected",),
    "detections.errors": ("Finding", "Level", "Location"),
    "detections.events.counts": ("Counts",),
}
"""By their modules the classes of what collectors keep, of findings and of counts: all that a file may hold."""

_LINE = 1 << 16
"""No line is longer."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the file it stands what a share has."""

    start: int
    size: int
    digest: str


class Checkpoint:
    """What is finished, in a file that is made where there is none.

    ``run`` says which run it is: texts that must be the same when it goes on. ``report`` is told once when the file
    cannot be written any more; the run goes on. ``before`` is how many shares were finished when it began, ``kept``
    how many were since.
    """

    def __init__(self, path: Path, run: Mapping[str, str], report: Callable[[Finding], None]) -> None:
        """Raises UsageError for a file that is of another run, no such file, or one that cannot be read or written."""
        self.path = path
        self._report = report
        self._places: dict[str, _Place] = {}
        self._writes = True
        self.kept = 0
        try:
            with path.open("rb") as file:
                self._end = self._read(file, run)
        except FileNotFoundError:
            self._end = 0
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        self.before = len(self._places)
        if not self._end:
            self._add(_line({"run": run}))

    def recall(self, share: Share) -> list[Collected] | None:
        """What a share has for the plans, None where that is not known."""
        place = self._places.get(share.mark())
        if place is None:
            return None
        try:
            with self.path.open("rb") as file:
                file.seek(place.start)
                data = file.read(place.size)
            return _loaded(data) if _digest(data) == place.digest else None
        except (OSError, pickle.UnpicklingError):
            return None

    def keep(self, share: Share, collected: list[Collected]) -> None:
        """A share is finished."""
        mark = share.mark()
        if not mark or not self._writes or any(one.counts.unread for one in collected):
            return
        data = pickle.dumps(collected, pickle.HIGHEST_PROTOCOL)
        try:
            self._add(_line({"share": mark, "size": len(data), "digest": _digest(data)}) + data)
        except UsageError as error:
            self._writes = False
            message = f"{error}: what is read from here on must be read again"
            self._report(Finding(CODE, message, Location(str(self.path))))
            return
        self.kept += 1

    def _add(self, data: bytes) -> None:
        try:
            append(self.path, data, private=True)
        except UsageError:
            self._cut()
            raise
        self._end += len(data)

    def _cut(self) -> None:
        """Take away what was written of a share in part."""
        try:
            os.truncate(self.path, self._end)
        except OSError:
            return

    def _read(self, file: BinaryIO, run: Mapping[str, str]) -> int:
        """Find the shares, and give where the last one ends."""
        size = os.fstat(file.fileno()).st_size
        end = 0
        while line := file.readline(_LINE):
            found = _parsed(line)
            if not end and not (found and isinstance(found.get("run"), dict)):
                raise UsageError(f"{self.path} is not a record of a replay")
            if not line.endswith(b"\n") or found is None:
                break
            if not end:
                self._compare(found["run"], run)
            elif not self._take(found, file, size):
                break
            end = file.tell()
        if end < size:
            os.truncate(self.path, end)
        return end

    def _take(self, found: Mapping[str, Any], file: BinaryIO, size: int) -> bool:
        place = _Place(file.tell(), int(found["size"]), str(found["digest"]))
        if place.size < 0 or place.start + place.size > size:
            return False
        self._places[str(found["share"])] = place
        file.seek(place.size, io.SEEK_CUR)
        return True

    def _compare(self, known: Mapping[str, str], run: Mapping[str, str]) -> None:
        others = [name for name, value in run.items() if known.get(name) != value]
        if others:
            raise UsageError(
                f"{self.path} is the record of another replay (other {', '.join(others)}): name another file, or "
                "delete it"
            )


def _line(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class _Loader(pickle.Unpickler):
    """Makes nothing but the plain values that collectors keep: what stands in a file may be anybody's."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _VALUES.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def _loaded(data: bytes) -> list[Collected]:
    try:
        found = _Loader(io.BytesIO(data)).load()
    except Exception as error:
        raise pickle.UnpicklingError(str(error)) from None
    if not isinstance(found, list) or not all(isinstance(one, Collected) for one in found):
        raise pickle.UnpicklingError
    return found
