"""Files and folders -> batches of events."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from detections.errors import EventsError, Finding, Level, Location
from detections.events import sources, text
from detections.events.batch import Batch
from detections.events.batches import JsonLines, JsonText
from detections.events.sources import Settings

SUFFIXES = tuple(f"{suffix}{gz}" for suffix in (".json", ".jsonl", ".ndjson", ".log") for gz in ("", ".gz"))
"""What is read in a folder; a file that is named itself is read whatever it is called."""

_BLOCK = 1 << 18
_CHUNK = 1 << 21
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"

Report = Callable[[Finding], None]


def read(
    paths: Iterable[str | os.PathLike[str]],
    report: Report,
    settings: Settings | None = None,
    batch_size: int = 4096,
) -> Iterator[Batch]:
    """The events of some files and folders, in order: a folder's files sorted by path, its subfolders too.

    Read are raw records of the sources (mapped to ECS, with the settings of their integrations) and ECS documents, as
    NDJSON, JSON or hits of Elasticsearch, also compressed with gzip. NDJSON streams: memory does not grow with the
    file. ``batch_size`` is about how many lines make a batch. What is wrong with a file as such is reported as a
    warning, what is wrong with its events stands in the batch's ``findings``.

    Raises EventsError where a path is not there, UsageError for an unknown setting; both at once, not lazily.
    """
    asked = sources.chosen(settings or {})
    given = [Path(path) for path in paths]
    for path in given:
        if not path.exists():
            raise EventsError(f"{path}: there is no such file or folder")
    return _batches(given, report, asked, batch_size)


def _batches(paths: list[Path], report: Report, settings: Settings, batch_size: int) -> Iterator[Batch]:
    ordinal = 0
    for path in chain.from_iterable(_files(path, report) for path in paths):
        for batch in _file(path, report, settings, batch_size, ordinal):
            yield batch
            ordinal += 1


def _files(path: Path, report: Report) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = []
    for folder, _, names in os.walk(path, onerror=lambda error: report(_warning(path, _reason(error)))):
        for file in (Path(folder, name) for name in names if name.lower().endswith(SUFFIXES)):
            if file.exists() and not file.is_file():
                # A pipe among the files would be waited for, perhaps for ever.
                report(_warning(file, "this is no regular file: not read"))
            else:
                found.append(file)
    if not found:
        report(_warning(path, f"this folder has no file of events ({', '.join(SUFFIXES)})"))
    yield from sorted(found)


def _file(path: Path, report: Report, settings: Settings, batch_size: int, ordinal: int) -> Iterator[Batch]:
    told: list[Finding] = []

    def tell(finding: Finding) -> None:
        told.append(finding)
        report(finding)

    chunks = _chunks(_blocks(path, tell), batch_size)
    head, line = next(chunks, b"").removeprefix(_BOM), 1
    while head and not head.strip():
        line += head.count(b"\n")
        head = next(chunks, b"")
    if not head:
        if not told:
            report(_warning(path, "this file is empty"))
        return
    if b"\0" in head and head.lstrip()[:1] not in (b"{", b"["):
        report(_warning(path, "this is no JSON: binary data"))
        return
    if text.is_cut_off(head.lstrip().partition(b"\n")[0]):
        yield JsonText(ordinal, str(path), b"".join((head, *chunks)), line, settings)
        return
    for chunk in chain((head,), chunks):
        yield JsonLines(ordinal, str(path), chunk, line, settings)
        ordinal += 1
        line += chunk.count(b"\n")


def _chunks(blocks: Iterable[bytes], rows: int) -> Iterator[bytes]:
    """Whole lines, some ``rows`` of them at a time, or fewer that are long."""
    waiting: list[bytes] = []
    count = size = 0
    for block in blocks:
        waiting.append(block)
        count += block.count(b"\n")
        size += len(block)
        if count >= rows or (count and size >= _CHUNK):
            cut = block.rfind(b"\n") + 1
            if cut:
                waiting[-1] = block[:cut]
                yield from _split(b"".join(waiting), count, rows)
                waiting, count, size = [block[cut:]], 0, len(block) - cut
    if size:
        yield from _split(b"".join(waiting), count, rows)


def _split(data: bytes, count: int, rows: int) -> Iterator[bytes]:
    """Many short lines in equal parts of at most twice ``rows``."""
    if count <= 2 * rows:
        yield data
        return
    lines = data.split(b"\n")
    for at in range(0, len(lines), rows):
        part = b"\n".join(lines[at : at + rows])
        if at + rows < len(lines):
            yield part + b"\n"
        elif part:
            yield part


def _blocks(path: Path, report: Report) -> Iterator[bytes]:
    """The bytes of a file, unpacked where they are gzip. What cannot be read is reported and ends the file."""
    try:
        with path.open("rb", buffering=0) as stream:
            blocks = iter(lambda: stream.read(_BLOCK), b"")
            first = next(blocks, b"")
            blocks = chain((first,), blocks)
            yield from _unpack(blocks) if first.startswith(_GZIP) else blocks
    except OSError as error:
        report(_warning(path, _reason(error)))
    except zlib.error as error:
        report(_warning(path, f"gzip data is damaged, what came before was read: {error}"))
    except EOFError:
        report(_warning(path, "gzip data is cut off, what is there was read"))


def _unpack(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The contents of gzip data of any number of members. Raises zlib.error and EOFError behind the last that can be
    read."""
    unpacker, started = zlib.decompressobj(wbits=31), False
    for block in blocks:
        # Zeros may stand between members (tapes, padded copies).
        rest = block if started else block.lstrip(b"\0")
        while rest:
            started = True
            yield unpacker.decompress(rest, _BLOCK)
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                rest = unpacker.unused_data.lstrip(b"\0")
                unpacker, started = zlib.decompressobj(wbits=31), False
    if started:
        raise EOFError


def _warning(path: Path, message: str) -> Finding:
    return Finding("event-file", message, Location(str(path)), Level.WARNING)


def _reason(error: OSError) -> str:
    return f"this cannot be read: {error.strerror or error}"
