"""The record of a replay: a file with what is finished, so that an interrupted one goes on where it was.

One JSON object a line. The first says which replay it is; each slice adds a line when its alerts are out, or when it is
interrupted while they are given out, each rule that cannot run one of its own. A last line that was cut off is ignored.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from detections.errors import ServerUnavailable, UsageError
from detections.source import append, read_file
from detections.values.dates import format_date

Key: TypeAlias = tuple[str, str, bool]
_WORDS = {"url": "server", "rules": "rules", "index": "index", "start": "start", "end": "end", "slice": "slices"}


class Record:
    """What is finished. Without a path nothing is written.

    ``replay`` says which replay it is; ``alerts`` is how many alerts the finished slices had; ``failed`` is why rules
    did not run, by rule_id.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises UsageError for a file that is not a record."""
        self._path = path
        self.replay: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.alerts = 0
        self._finished: set[Key] = set()
        self._out: dict[Key, int] = {}
        if path is not None and path.exists():
            self._read(path)

    def __len__(self) -> int:
        return len(self._finished)

    def begin(self, replay: Mapping[str, Any]) -> None:
        """Begin this replay, or go on with it.

        Raises:
            UsageError: the file is the record of another one.
            ServerUnavailable: it cannot be written.
        """
        if not self.replay:
            self.replay = dict(replay)
            self._add({"replay": self.replay})
        others = [_WORDS.get(name, name) for name, value in replay.items() if self.replay.get(name) != value]
        if others:
            raise UsageError(
                f"{self._path} is the record of another replay (other {', '.join(others)}): name another file, or "
                "delete it"
            )

    def has(self, start: int, end: int, whole: bool) -> bool:
        return _key(start, end, whole) in self._finished

    def out(self, start: int, end: int, whole: bool) -> int:
        """How many alerts of a slice were given out before it was interrupted."""
        return self._out.get(_key(start, end, whole), 0)

    def interrupt(self, start: int, end: int, whole: bool, out: int) -> None:
        """A slice is not finished, but some of its alerts are out: the first ones."""
        self._out[_key(start, end, whole)] = out
        first, last, _ = _key(start, end, whole)
        self._add({"whole" if whole else "slice": [first, last], "out": out})

    def finish(self, start: int, end: int, whole: bool, alerts: int) -> None:
        """A slice is finished, and its alerts are out."""
        self._finished.add(_key(start, end, whole))
        self.alerts += alerts
        first, last, _ = _key(start, end, whole)
        self._add({"whole" if whole else "slice": [first, last], "alerts": alerts})

    def fail(self, rule_id: str, why: str) -> None:
        """A rule cannot run."""
        self.failed[rule_id] = why
        self._add({"failed": rule_id, "why": why})

    def _add(self, entry: Mapping[str, Any]) -> None:
        if self._path is None:
            return
        try:
            append(self._path, json.dumps(entry).encode() + b"\n", private=True)
        except UsageError as error:
            raise ServerUnavailable(str(error)) from None

    def _read(self, path: Path) -> None:
        try:
            content = read_file(path)
            whole = content.rfind(b"\n") + 1
            for line in content[:whole].splitlines():
                self._take(json.loads(line))
            if content and not self.replay:
                raise ValueError
            if whole < len(content):
                os.truncate(path, whole)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
            raise UsageError(f"{path} is not a record of a replay") from None

    def _take(self, entry: dict[str, Any]) -> None:
        if "replay" in entry:
            self.replay = dict(entry["replay"])
        elif "failed" in entry:
            self.failed[str(entry["failed"])] = str(entry["why"])
        else:
            whole = "whole" in entry
            start, end = map(str, entry["whole" if whole else "slice"])
            if "out" in entry:
                self._out[start, end, whole] = int(entry["out"])
            else:
                self._finished.add((start, end, whole))
                self.alerts += int(entry["alerts"])


def _key(start: int, end: int, whole: bool) -> Key:
    return format_date(start), format_date(end), whole
