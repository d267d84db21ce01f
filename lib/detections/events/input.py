"""Files, folders and objects of stores -> batches of events, here or shared out between processes."""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from detections.errors import Finding
from detections.events import files, sources, store
from detections.events.ahead import ahead
from detections.events.batch import Batch, Count, Report, Share
from detections.events.counts import Counts
from detections.events.cut import PIECE, Piece, pieces
from detections.events.encoded import Encoded
from detections.events.files import Unreadable
from detections.events.listing import listed
from detections.events.sources import Settings
from detections.events.span import EVERYTHING, TimeRange
from detections.events.store import Bytes, Url
from detections.events.unpack import GZIP_SUFFIX, unpacked

_SHARE = 8 * PIECE
"""About how many bytes of files, unpacked, are read together."""
_GZIP_RATIO = 10
_BATCHES = 1 << 20
"""More batches than a share has: what is between the ordinals of two shares."""


Place: TypeAlias = str | os.PathLike[str] | Url
"""A file, a folder, or the address of objects."""


def read(
    paths: Iterable[Place],
    report: Report,
    settings: Settings | None = None,
    count: Count | None = None,
    size: int = PIECE,
) -> Input:
    """The events of some files and folders, in order: a folder's files sorted by path, its subfolders too. And of
    objects of a store (``s3://bucket/prefix``).

    Read are raw records of the sources (mapped to ECS, with the settings of their integrations) and ECS documents, as
    NDJSON, JSON or hits of Elasticsearch, also compressed with gzip. Memory does not grow with the files. ``size`` is
    about how many bytes make a batch.

    What is wrong with a file as such is reported, and the others are read; what is wrong with its events stands in the
    batch's ``findings``. ``count`` is told of every file when it was read or could not be; the events are counted by
    the batches.

    Raises EventsError where a path is not there, UsageError for an unknown setting; both at once, not lazily.
    """
    asked = sources.chosen(settings or {})
    given = [place_of(path) for path in paths]
    for place in given:
        if isinstance(place, Url):
            store.exists(place)
        else:
            files.exists(place)
    return Input(given, report, asked, count or _ignore, size)


def place_of(place: Place) -> Path | Url:
    """What a text names."""
    if isinstance(place, Url):
        return place
    return Url(place) if isinstance(place, str) and store.is_url(place) else Path(place)


def amount(paths: Iterable[Place]) -> int:
    """About how many bytes there are in files and folders, unpacked; 0 where one of them does not say, as a pipe or a
    store."""
    places = [place_of(path) for path in paths]
    if any(isinstance(place, Url) for place in places):
        return 0
    found = files.found((place for place in places if isinstance(place, Path)), lambda finding: None)
    sizes = [_size(path) for path in found]
    return sum(sizes) if all(sizes) else 0


def _ignore(counts: Counts) -> None:
    return None


class Input:
    """The events of some files and folders: batches one after the other, or shares for several processes, which have
    the same batches. Either can be had once."""

    def __init__(self, places: list[Path | Url], report: Report, settings: Settings, count: Count, size: int) -> None:
        self._places = places
        self._span = EVERYTHING
        self._report = report
        self._settings = settings
        self._count = count
        self._size = size

    def __iter__(self) -> Iterator[Batch]:
        """The batches; they are read ahead in a thread."""
        return ahead(batch for share in self._files() for batch in share.batches(self._report, self._count))

    @property
    def needs_fresh(self) -> bool | None:
        """What reads a store has threads, which a process that is forked does not have."""
        return (store.is_open() or None) if self._is_remote else False

    @property
    def _is_remote(self) -> bool:
        return any(isinstance(place, Url) for place in self._places)

    def narrow(self, span: TimeRange) -> None:
        """Of objects in a store leave out those that have no event of a time, as far as their names say so."""
        self._span = span

    def shares(self, jobs: int, *, marked: bool = False) -> Iterator[Share]:
        """What each of several processes takes next: files, or batches of one that is too large to be a fair share.
        Only files have a mark."""
        if marked or self._is_remote:
            # Of objects there are too many to be known beforehand, and none of them is large.
            yield from self._files()
            return
        every = list(self._files())
        fair = sum(share.size for share in every) / (2 * jobs)
        for share in every:
            if share.size > fair or share.is_stream:
                yield from share.batches(self._report, self._count)
            else:
                yield share

    def _files(self) -> Iterator[Files]:
        """The files, small ones together."""
        number = size = 0
        waiting: list[str] = []
        versions: list[str] = []
        for name, bytes_there, version in self._found():
            waiting.append(name)
            versions.append(version)
            size += bytes_there
            if size >= _SHARE:
                yield Files(number, tuple(waiting), tuple(versions), size, self._settings, self._size)
                number, size, waiting, versions = number + 1, 0, [], []
        if waiting:
            yield Files(number, tuple(waiting), tuple(versions), size, self._settings, self._size)

    def _found(self) -> Iterator[tuple[str, int, str]]:
        """The names of files and objects, with about how many bytes there are in them, unpacked, and their versions."""
        for place in self._places:
            if isinstance(place, Url):
                for url, size, version in listed(place, self._span, self._report):
                    yield str(url), _unpacked_size(str(url), size), version
            else:
                for path in files.found([place], self._report):
                    yield str(path), *_stated(path)


def _size(path: Path) -> int:
    """About how many bytes there are in a file, unpacked; 0 where that cannot be known."""
    return _stated(path)[0]


def _stated(path: Path) -> tuple[int, str]:
    """About how many bytes there are in a file, unpacked, and its version; 0 and empty where that cannot be known."""
    try:
        found = path.stat()
    except OSError:
        return 0, ""
    version = f"{found.st_size}-{found.st_mtime_ns}" if stat.S_ISREG(found.st_mode) else ""
    return _unpacked_size(path.name, found.st_size), version


def _unpacked_size(name: str, size: int) -> int:
    return size * _GZIP_RATIO if name.lower().endswith(GZIP_SUFFIX) else size


@dataclass(frozen=True, slots=True)
class Files(Share):
    """Some files that are read together. ``size`` is about how many bytes there are in them, unpacked; ``versions`` say
    which contents they have, empty where nothing does."""

    number: int
    paths: tuple[str, ...]
    versions: tuple[str, ...]
    size: int
    settings: Settings
    batch_size: int

    @property
    def is_stream(self) -> bool:
        """Whether only this process can read them: a pipe is no path for another."""
        return not all(
            store.is_url(path) or os.path.isfile(path)  # noqa: PTH113 - a Path for each is slow
            for path in self.paths
        )

    def mark(self) -> str:
        if not all(self.versions):
            return ""
        known = repr((self.number, self.paths, self.versions, self.batch_size))
        return hashlib.blake2b(known.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    def batches(self, report: Report, count: Count) -> Iterator[Batch]:
        ordinal = self.number * _BATCHES
        waiting: list[Piece] = []
        waits = 0
        for path, opened in _opened(self.paths):
            for piece in _pieces(path, opened, report, count):
                waiting.append(piece)
                waits += len(piece.data)
                if waits >= self.batch_size:
                    yield Encoded(ordinal, waiting, self.settings)
                    ordinal += 1
                    waiting, waits = [], 0
        if waiting:
            yield Encoded(ordinal, waiting, self.settings)


def _opened(paths: Iterable[str]) -> Iterator[tuple[str, Bytes]]:
    """Files and objects in order, each with what opens it; objects are fetched ahead."""
    for remote, names in itertools.groupby(paths, store.is_url):
        if remote:
            yield from ((str(url), opened) for url, opened in store.ahead(map(Url, names)))
        else:
            yield from ((name, functools.partial(files.blocks, Path(name))) for name in names)


def _pieces(path: str, opened: Bytes, report: Report, count: Count) -> Iterator[Piece]:
    wrong: list[Finding] = []
    given = False
    for piece in pieces(path, _readable(path, opened, wrong)):
        if isinstance(piece, Finding):
            wrong.append(piece)
        else:
            given = True
            yield piece
    if not given and not wrong:
        wrong.append(files.finding(path, "no event: the file is empty"))
    for finding in wrong:
        report(finding)
    count(Counts(files=1, unread=int(bool(wrong))))


def _readable(path: str, opened: Bytes, wrong: list[Finding]) -> Iterator[bytes]:
    """The contents of a file up to where it can be read no further, which is told."""
    again = store.is_url(path) or Path(path).is_file()
    try:
        yield from unpacked(opened, again=again)
    except Unreadable as error:
        wrong.append(files.finding(path, str(error)))
