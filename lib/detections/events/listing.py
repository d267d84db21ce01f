"""Which objects of a store have events of a window.

CloudTrail, as much else, keeps a folder a day: ``AWSLogs/<account>/CloudTrail/<region>/2026/01/31/``, with an
organisation's id or Control Tower's folders before it. Folders of days outside of the window are not listed; whole
years and months inside of it are listed at once. A file is delivered after its events happened, as a rule within
minutes: one more day is looked at, and files named by an earlier minute than the window's first are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from detections.events import files, store
from detections.events.batch import Report
from detections.events.span import EVERYTHING, TimeRange
from detections.events.store import Url
from detections.values.dates import days_from_civil, parse_date

_DAY = 24 * 3_600_000
_DATE = re.compile(r"(?:^|/)(\d{4})(?:/(\d\d)(?:/(\d\d))?)?/$")
_MINUTE = re.compile(r"_(\d{8}T\d{4})Z_[^/]*$")
_SKIPPED = ("CloudTrail-Digest",)
"""Folders that lie among those of logs and hold none."""

_ACCOUNT = re.compile(r"AWSLogs/(?:[^/]+/)?\d{12}/$")
_OF_ACCOUNTS = ("CloudTrail/", "CloudTrail-Insight/")
"""What is read of an account's folder: logs of other services lie there, too."""


Found: TypeAlias = tuple[str, int, str]
"""The name of an object, its size, and its version."""


def listed(url: Url, span: TimeRange, report: Report) -> Iterator[tuple[Url, int, str]]:
    """The objects at an address that a window needs, each with its size and version, in the order of their
    names.

    What cannot be listed is reported, and the rest is listed.

    Raises EventsError where there is no such store.
    """
    if url.key.lower().endswith(files.SUFFIXES):
        yield url, 0, ""
        return
    given = False
    prefix = url.key if not url.key or url.key.endswith("/") else f"{url.key}/"
    lister = _Lister(url.root, span, report)
    for key, size, version in lister.keys(prefix):
        given = True
        yield Url(f"{url.root}/{key}"), size, version
    if not given and not lister.failed:
        report(files.finding(str(url), "no object of events here that the window needs"))


class _Lister:
    def __init__(self, root: str, span: TimeRange, report: Report) -> None:
        self._root = root
        self._span = span
        self._report = report
        self._store = store.opened(root)
        self.failed = False

    def keys(self, prefix: str) -> Iterator[Found]:
        """The objects whose names begin so, as far as they are needed."""
        dates = _dates(prefix)
        if dates is not None and self._span.misses(*dates):
            return
        if self._span == EVERYTHING or (dates is not None and (self._span.holds(*dates) or _is_day(prefix))):
            yield from self._needed(self._all(prefix))
            return
        folders, objects = self._folder(prefix)
        yield from self._needed(iter(objects))
        for folder in folders:
            if not _ACCOUNT.search(prefix) or folder.removeprefix(prefix) in _OF_ACCOUNTS:
                yield from self.keys(folder)

    def _needed(self, objects: Iterator[Found]) -> Iterator[Found]:
        for key, size, version in objects:
            minute = _MINUTE.search(key)
            time = parse_date(_written(minute[1])) if minute else None
            if time is not None and self._span.misses(time, time):
                continue
            if key.lower().endswith(files.SUFFIXES) and not any(f"/{name}/" in key for name in _SKIPPED):
                yield key, size, version

    def _folder(self, prefix: str) -> tuple[list[str], list[Found]]:
        """The folders in a folder, and its objects."""
        found = self._try(prefix, lambda: store.library().list_with_delimiter(self._store, prefix.rstrip("/") or None))
        if found is None:
            return [], []
        folders = [f"{folder.rstrip('/')}/" for folder in found["common_prefixes"]]
        kept = [folder for folder in folders if folder.rstrip("/").rpartition("/")[2] not in _SKIPPED]
        return sorted(kept), sorted(map(_found, found["objects"]))

    def _all(self, prefix: str) -> Iterator[Found]:
        """All objects whose names begin so."""
        chunks = self._try(prefix, lambda: iter(store.library().list(self._store, prefix.rstrip("/") or None)))
        while chunks is not None:
            chunk = self._try(prefix, lambda: next(chunks, None))
            if chunk is None:
                return
            yield from map(_found, chunk)

    def _try(self, prefix: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Exception as error:
            self.failed = True
            self._report(files.finding(f"{self._root}/{prefix}", f"not listed: {store.why(error)}"))
            return None


def _found(meta: Any) -> Found:
    return meta["path"], meta["size"], str(meta["e_tag"] or meta["last_modified"])


def _is_day(prefix: str) -> bool:
    found = _DATE.search(prefix)
    return found is not None and found[3] is not None


def _dates(prefix: str) -> tuple[int, int] | None:
    """The first and the last millisecond of the year, month or day that a folder is of; None for any other."""
    found = _DATE.search(prefix)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    first = days_from_civil(year, month, day)
    if found[3] is not None:
        after = None if first is None else first + 1
    elif found[2] is not None:
        after = days_from_civil(year + month // 12, month % 12 + 1, 1)
    else:
        after = days_from_civil(year + 1, 1, 1)
    return None if first is None or after is None else (first * _DAY, after * _DAY - 1)


def _written(minute: str) -> str:
    """``20260131T2015`` as ISO 8601."""
    return f"{minute[:4]}-{minute[4:6]}-{minute[6:11]}:{minute[11:]}:00Z"
