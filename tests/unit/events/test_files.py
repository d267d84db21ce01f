import os
import threading
from pathlib import Path

import pytest

from detections.errors import EventsError, Finding, Level
from detections.events import files
from detections.events.files import Unreadable, blocks, exists, found


def test_a_folder_is_read_in_order_and_only_files_of_events(tmp_path: Path) -> None:
    for name in ("b.json", "a/z.jsonl", "a/b/c.NDJSON", "c.log", "a.json.gz", "z/1.log.gz", "x.txt", "a/y.csv", "json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    told: list[Finding] = []
    names = [str(path.relative_to(tmp_path)) for path in found([tmp_path], told.append)]
    assert names == ["a/b/c.NDJSON", "a/z.jsonl", "a.json.gz", "b.json", "c.log", "z/1.log.gz"]
    assert told == []
    assert list(found([tmp_path / "x.txt"], told.append)) == [tmp_path / "x.txt"]


def test_a_folder_without_events_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    told: list[Finding] = []
    assert list(found([tmp_path], told.append)) == []
    assert [(one.location.path, one.level) for one in told] == [(str(tmp_path), Level.ERROR)]


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.json").touch()
    list_folder = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("a"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refuse)
    told: list[Finding] = []
    assert list(found([tmp_path], told.append)) == [tmp_path / "b" / "x.json"]
    assert [(one.location.path, one.message, one.level) for one in told] == [
        (str(tmp_path / "a"), "folder not read: Permission denied", Level.ERROR)
    ]


def test_what_is_no_file_is_named_and_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)
    (tmp_path / "b.json").touch()
    told: list[Finding] = []
    assert list(found([tmp_path], told.append)) == [tmp_path / "b.json"]
    assert {(Path(one.location.path).name, one.message, one.level) for one in told} == {
        ("pipe.json", "skipped: a pipe, not a regular file", Level.WARNING),
        ("zero.json", "skipped: a device, not a regular file", Level.WARNING),
        ("linked", "skipped: a link to a folder", Level.WARNING),
    }


@pytest.mark.parametrize("name", ["absent.json", "x" * 5000, "a\0b"])
def test_a_path_that_is_not_there_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(EventsError):
        exists(tmp_path / name)


def test_a_device_is_not_read() -> None:
    with pytest.raises(Unreadable, match="a device, not a file"):
        list(blocks(Path("/dev/zero")))


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PATIENCE", 3)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unreadable, match="a pipe without a writer"):
        list(blocks(tmp_path / "pipe"))


@pytest.mark.parametrize("content", [b"", b"x" * 1_000_000])
def test_a_pipe_that_somebody_writes_to_is_read(tmp_path: Path, content: bytes) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert b"".join(blocks(pipe)) == content
    writer.join()


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not read: No such file or directory"):
        list(blocks(tmp_path / "gone"))
