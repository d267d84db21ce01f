import functools
import gzip
import importlib
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from detections.events import unpack
from detections.events.files import Unreadable, blocks
from detections.events.unpack import unpacked

TEXT = b"".join(
    b'{"number": %d, "text": "%x"}\n' % (number, random.Random(number).getrandbits(64)) for number in range(50_000)
)
PACKED = gzip.compress(TEXT, mtime=0)
LIBRARIES = [None, *(importlib.import_module(name) for name in ("isal.isal_zlib", "zlib_ng.zlib_ng"))]


def read(path: Path) -> tuple[bytes, str]:
    """What can be had of a file, and why there is no more."""
    data: list[bytes] = []
    try:
        data.extend(unpacked(functools.partial(blocks, path), again=path.is_file()))
    except Unreadable as error:
        return b"".join(data), str(error)
    return b"".join(data), ""


@pytest.fixture(params=LIBRARIES, ids=str)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType | None]:
    monkeypatch.setattr(unpack, "library", lambda: request.param)
    yield request.param


@pytest.mark.parametrize(
    ("packed", "content", "reason"),
    [
        (TEXT, TEXT, ""),
        (b"", b"", ""),
        (PACKED, TEXT, ""),
        (PACKED + PACKED, TEXT + TEXT, ""),
        (PACKED + b"\0" * 512 + PACKED + b"\0" * 512, TEXT + TEXT, ""),
        (gzip.compress(b"", mtime=0), b"", ""),
        (PACKED + b"garbage", TEXT, "damaged gzip data"),
        (PACKED[:5], b"", "cut off"),
        (PACKED[:-8], TEXT, "cut off"),
    ],
)
def test_every_library_gives_the_same(
    library: ModuleType | None, tmp_path: Path, packed: bytes, content: bytes, reason: str
) -> None:
    path = tmp_path / "f"
    path.write_bytes(packed)
    data, why = read(path)
    assert data == content
    assert reason in why
    assert bool(reason) == bool(why)


def test_of_damaged_data_every_library_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    path = tmp_path / "f"
    for _ in range(30):
        damaged = bytearray(PACKED[: chance.randrange(20, len(PACKED))])
        for _ in range(chance.randrange(2)):
            damaged[chance.randrange(10, len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        found = []
        for library in LIBRARIES:
            monkeypatch.setattr(unpack, "library", lambda library=library: library)
            found.append(read(path))
        assert found[0] == found[1] == found[2]
        assert found[0][1]


def test_a_bomb_is_bounded(library: ModuleType | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "EVENT_SIZE", replace(unpack.EVENT_SIZE, most=1 << 21))
    path = tmp_path / "f"
    packed = gzip.compress(b"\n" * (1 << 25))
    path.write_bytes(packed)
    data, why = read(path)
    assert len(data) < 250 * len(packed) + (1 << 20) < 1 << 25
    assert why == "unpacks to more than 250 times its size (the limit gzip-expansion is 250)"


def test_a_pipe_is_unpacked(library: ModuleType | None) -> None:
    reader, writer = os.pipe()
    os.write(writer, gzip.compress(b"x" * 1000))
    os.close(writer)
    assert read(Path(f"/dev/fd/{reader}")) == (b"x" * 1000, "")
    os.close(reader)
