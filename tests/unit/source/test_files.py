"""The one writer: what it may replace, what it must write through, what it leaves behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detections.errors import UsageError
from detections.source import append, read_file, save

ROOT = os.geteuid() == 0


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "folder" / "a.toml"
    save(file, b"one")
    save(file, b"two")
    assert file.read_bytes() == b"two"

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        save(file, b"three")
    assert file.read_bytes() == b"two" and list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(("private", "expected"), [(False, 0o640), (True, 0o600)])
def test_a_new_file_obeys_the_umask(umask: None, tmp_path: Path, private: bool, expected: int) -> None:
    save(tmp_path / "a", b"", private=private)
    append(tmp_path / "b", b"", private=private)
    assert (mode(tmp_path / "a"), mode(tmp_path / "b")) == (expected, expected)


@pytest.mark.parametrize("private", [False, True])
def test_a_file_keeps_its_mode(tmp_path: Path, private: bool) -> None:
    file = tmp_path / "a"
    file.touch()
    file.chmod(0o4751)
    save(file, b"x", private=private)
    assert mode(file) == 0o4751


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch()
    os.chown(file, 12345, 23456)
    save(file, b"x")
    assert (file.stat().st_uid, file.stat().st_gid, file.read_bytes()) == (12345, 23456, b"x")


def test_a_file_that_cannot_be_given_to_its_owner_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    file.write_text("longer than before")
    inode = file.stat().st_ino
    found = os.fstat

    def another(descriptor: int) -> os.stat_result:
        parts = list(found(descriptor))
        parts[4] += 1
        return os.stat_result(parts)

    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fstat", another)
    monkeypatch.setattr(os, "fchown", refuse)
    save(file, b"x")
    assert (file.read_bytes(), file.stat().st_ino) == (b"x", inode)
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("one")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    save(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "two"


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    save(Path("/dev/null"), b"x")
    append(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(not ROOT, reason="only root makes devices")
def test_a_device_that_could_be_replaced_is_not(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("no devices here")
    save(device, b"x")
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    save(pipe, b"through")
    reader.join()
    assert read == [b"through"] and stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(UsageError, match="pipe is not a regular file"):
        read_file(pipe)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_in_a_file_is_not_written_over(tmp_path: Path, name: str) -> None:
    code = (
        "import sys; from pathlib import Path; from detections.source import save\n"
        f"print('before', flush=True); save(Path({name!r}), b'data\\n'); print('behind')"
    )
    target = tmp_path / "out"
    with target.open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert target.read_text() == "before\ndata\nbehind\n"


def test_what_killed_runs_have_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".state.json.{ended.pid}-0123abcd.tmp"
    own = tmp_path / f".state.json.{os.getpid()}-0123abcd.tmp"
    running = tmp_path / f".state.json.{os.getppid()}-0123abcd.tmp"
    reused = tmp_path / f".state.json.{os.getppid()}-0123abce.tmp"
    others = [tmp_path / name for name in (".state.json.mine", f".other.{ended.pid}-0123abcd.tmp", ".state.json.1.tmp")]
    for path in (left, own, running, reused, *others):
        path.write_text("x")
    old = time.time() - 2 * 24 * 3600
    os.utime(reused, (old, old))
    save(tmp_path / "state.json", b"{}")
    assert sorted(tmp_path.iterdir()) == sorted([running, *others, tmp_path / "state.json"])


def test_a_kill_leaves_the_old_file_and_the_next_run_tidies_up(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    save(file, b"old")
    code = (
        "import os, signal; from pathlib import Path; from detections.source import save\n"
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"save(Path({str(file)!r}), b'new')"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert file.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    save(file, b"newer")
    assert file.read_bytes() == b"newer" and list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "loop", "folder", "file/below"])
def test_what_cannot_be_written_is_told_in_a_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for write in (save, append):
        with pytest.raises(UsageError, match="cannot be written: ") as raised:
            write(tmp_path / name, b"x")
        assert "\n" not in str(raised.value)
    with pytest.raises((UsageError, FileNotFoundError)):
        read_file(tmp_path / name)
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".tmp")]


def test_a_long_name_has_a_temporary_one(tmp_path: Path) -> None:
    file = tmp_path / ("\N{SNOWMAN}" * 80)
    save(file, b"x")
    save(file, b"y")
    assert file.read_bytes() == b"y" and list(tmp_path.iterdir()) == [file]
