"""The record of a replay: what is finished stays finished, and a file of something else is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.errors import ServerUnavailable, UsageError
from detections.schedule import Record

REPLAY = {"url": "http://x", "index": "logs-*", "end": "2026-01-02T00:00:00.000Z"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record"


def begun(path: Path) -> Record:
    record = Record(path)
    record.begin(REPLAY)
    return record


def test_what_is_finished_is_known_again(path: Path) -> None:
    record = begun(path)
    record.finish(0, 999, False, 3)
    record.finish(0, 5000, True, 2)
    record.interrupt(1000, 1999, False, 7)
    record.fail("r", "a field cannot be aggregated")
    again = begun(path)
    assert (len(again), again.alerts, again.failed) == (2, 5, {"r": "a field cannot be aggregated"})
    assert again.replay == REPLAY
    assert again.has(0, 999, False)
    assert again.has(0, 5000, True)
    assert not again.has(0, 5000, False)
    assert not again.has(1000, 1999, False)
    assert (again.out(1000, 1999, False), again.out(0, 999, False)) == (7, 0)


def test_it_can_be_read_by_a_person(path: Path) -> None:
    begun(path).finish(0, 999, False, 3)
    assert path.read_text().splitlines()[1] == (
        '{"slice": ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.999Z"], "alerts": 3}'
    )


def test_a_last_line_that_was_cut_off_is_no_line(path: Path) -> None:
    begun(path).finish(0, 999, False, 3)
    whole = path.read_bytes()
    begun(path).finish(1000, 1999, False, 1)
    for length in range(len(whole), path.stat().st_size):
        path.write_bytes(path.read_bytes()[:length])
        record = begun(path)
        assert (len(record), record.alerts) == (1, 3)
        record.finish(1000, 1999, False, 1)
        assert len(begun(path)) == 2


def test_another_replay(path: Path) -> None:
    begun(path)
    with pytest.raises(UsageError, match=r"the record of another replay \(other index\): name another file"):
        Record(path).begin({**REPLAY, "index": "other"})


@pytest.mark.parametrize(
    "content",
    [
        b"no record",
        b"no record\n",
        b"[]\n",
        b'{"slice": [1, 2]}\n',
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b'{"replay": 1}\n',
    ],
)
def test_a_file_of_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a record of a replay"):
        Record(path)
    assert path.read_bytes() == content


def test_an_empty_file_is_a_new_record(path: Path) -> None:
    path.touch()
    begun(path)
    assert Record(path).replay == REPLAY


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="cannot be written: No such file"):
        begun(tmp_path / "absent" / "record")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        Record(tmp_path)


def test_without_a_file_nothing_is_kept() -> None:
    record = Record()
    record.begin(REPLAY)
    record.finish(0, 999, False, 3)
    assert record.has(0, 999, False)
