"""Bytes of a file, unpacked where they are gzip.

By isal or zlib-ng where one of them is installed (the extra ``fast``), which take about half of the time; else, and for
what they cannot read to the end, by the standard library. So the result is always the standard library's.
"""

from __future__ import annotations

import functools
import importlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import ModuleType

from detections.events.files import Unreadable
from detections.values.limits import EVENT_SIZE, GZIP_EXPANSION

GZIP = b"\x1f\x8b"
GZIP_SUFFIX = ".gz"
_BLOCK = 1 << 20


@functools.cache
def library() -> ModuleType | None:
    """The library that unpacks, None for the standard one."""
    for name in ("isal.isal_zlib", "zlib_ng.zlib_ng"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def unpacked(opened: Callable[[], Iterator[bytes]], *, again: bool) -> Iterator[bytes]:
    """The contents of what is opened, in blocks of at most a megabyte. ``again``: it can be opened a second time.

    Raises:
        Unreadable: the file cannot be read, or not to its end: it is cut off, damaged, or unpacks to more than the
            limit gzip-expansion. What comes before is given first.
    """
    packed = opened()
    first = next(packed, b"")
    if not first.startswith(GZIP):
        yield first
        yield from packed
        return
    given = 0
    fast = library()
    if fast is not None and again:
        try:
            for block in _members(chain((first,), packed), fast):
                given += len(block)
                yield block
            return
        except (fast.error, EOFError):
            # How much of damaged data can be had differs between libraries.
            packed = opened()
            first = next(packed, b"")
    try:
        for block in _members(chain((first,), packed), zlib):
            if len(block) > given:
                yield block[given:]
            given = max(0, given - len(block))
    except zlib.error as error:
        raise Unreadable(f"damaged gzip data, read up to there: {error}") from None
    except EOFError:
        raise Unreadable("gzip data is cut off, read up to there") from None


def _members(packed: Iterable[bytes], library: ModuleType) -> Iterator[bytes]:
    """The contents of gzip data of any number of members.

    Raises the library's error and EOFError behind the last that can be read.
    """
    unpacker, started = library.decompressobj(wbits=31), False
    taken = given = 0
    for block in packed:
        # Zeros may stand between members (tapes, padded copies).
        rest = block if started else block.lstrip(b"\0")
        taken += len(block)
        while rest:
            started = True
            data = unpacker.decompress(rest, _BLOCK)
            given += len(data)
            if given > EVENT_SIZE.most and given > GZIP_EXPANSION.most * taken:
                raise Unreadable(f"unpacks to more than {GZIP_EXPANSION.most} times its size ({GZIP_EXPANSION})")
            yield data
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                rest = unpacker.unused_data.lstrip(b"\0")
                unpacker, started = library.decompressobj(wbits=31), False
    if started:
        raise EOFError
