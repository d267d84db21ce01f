"""Files and folders -> batches of events, here or shared out between processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from detections.errors import Finding
from detections.events import files, sources
from detections.events.ahead import ahead
from detections.events.batch import Batch, Count, Report, Share
from detections.events.counts import Counts
from detections.events.cut import PIECE, Piece, pieces
from detections.events.encoded import Encoded
from detections.events.files import Unreadable
from detections.events.sources import Settings
from detections.events.unpack import GZIP_SUFFIX, unpacked

_SHARE = 8 * PIECE
"""About how many bytes of files, unpacked, are read together."""
_GZIP_RATIO = 10
_BATCHES = 1 << 20
"""More batches than a share has: what is between the ordinals of two shares."""


def read(
    paths: Iterable[str | os.PathLike[str]],
    report: Report,
    settings: Settings | None = None,
    count: Count | None = None,
    size: int = PIECE,
) -> Input:
    """The events of some files and folders, in order: a folder's files sorted by path, its subfolders too.

    Read are raw records of the sources (mapped to ECS, with the settings of their integrations) and ECS documents, as
    NDJSON, JSON or hits of Elasticsearch, also compressed with gzip. Memory does not grow with the files. ``size`` is
    about how many bytes make a batch.

    What is wrong with a file as such is reported, and the others are read; what is wrong with its events stands in the
    batch's ``findings``. ``count`` is told of every file when it was read or could not be; the events are counted by
    the batches.

    Raises EventsError where a path is not there, UsageError for an unknown setting; both at once, not lazily.
    """
    asked = sources.chosen(settings or {})
    given = [Path(path) for path in paths]
    for path in given:
        files.exists(path)
    return Input(given, report, asked, count or _ignore, size)


def amount(paths: Iterable[Path]) -> int:
    """About how many bytes there are in files and folders, unpacked; 0 where one of them does not say, as a pipe."""
    sizes = [_size(path) for path in files.found(paths, lambda finding: None)]
    return sum(sizes) if all(sizes) else 0


def _ignore(counts: Counts) -> None:
    return None


class Input:
    """The events of some files and folders: batches one after the other, or shares for several processes, which have
    the same batches. Either can be had once."""

    def __init__(self, paths: list[Path], report: Report, settings: Settings, count: Count, size: int) -> None:
        self._paths = paths
        self._report = report
        self._settings = settings
        self._count = count
        self._size = size

    def __iter__(self) -> Iterator[Batch]:
        """The batches; files are read ahead in a thread."""
        return ahead(batch for share in self._files() for batch in share.batches(self._report, self._count))

    def shares(self, jobs: int) -> Iterator[Share]:
        """What each of several processes takes next: files, or batches of one that is too large to be a fair share."""
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
        for path in files.found(self._paths, self._report):
            waiting.append(str(path))
            size += _size(path)
            if size >= _SHARE:
                yield Files(number, tuple(waiting), size, self._settings, self._size)
                number, size, waiting = number + 1, 0, []
        if waiting:
            yield Files(number, tuple(waiting), size, self._settings, self._size)


def _size(path: Path) -> int:
    """About how many bytes there are in a file, unpacked; 0 where that cannot be known."""
    try:
        found = path.stat().st_size
    except OSError:
        return 0
    return found * _GZIP_RATIO if path.suffix.lower() == GZIP_SUFFIX else found


@dataclass(frozen=True, slots=True)
class Files(Share):
    """Some files that are read together. ``size`` is about how many bytes there are in them, unpacked."""

    number: int
    paths: tuple[str, ...]
    size: int
    settings: Settings
    batch_size: int

    @property
    def is_stream(self) -> bool:
        """Whether only this process can read them: a pipe is no path for another."""
        return not all(os.path.isfile(path) for path in self.paths)  # noqa: PTH113 - a Path for each is slow

    def batches(self, report: Report, count: Count) -> Iterator[Batch]:
        ordinal = self.number * _BATCHES
        waiting: list[Piece] = []
        waits = 0
        for path in self.paths:
            for piece in _pieces(Path(path), report, count):
                waiting.append(piece)
                waits += len(piece.data)
                if waits >= self.batch_size:
                    yield Encoded(ordinal, waiting, self.settings)
                    ordinal += 1
                    waiting, waits = [], 0
        if waiting:
            yield Encoded(ordinal, waiting, self.settings)


def _pieces(path: Path, report: Report, count: Count) -> Iterator[Piece]:
    wrong: list[Finding] = []
    given = False
    for piece in pieces(str(path), _readable(path, wrong)):
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


def _readable(path: Path, wrong: list[Finding]) -> Iterator[bytes]:
    """The contents of a file up to where it can be read no further, which is told."""
    try:
        yield from unpacked(path)
    except Unreadable as error:
        wrong.append(files.finding(path, str(error)))
