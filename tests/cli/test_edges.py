"""What surrounds a command fails it: one line on standard error and the documented exit code, never a traceback."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.cli import EXITS, Exit

Run = Callable[..., Any]
LONG = "x" * 5000
DEEP = "/".join(["x" * 200] * 25)
NO_TEXT = os.fsdecode(b"a\xff")
FULL = Path("/dev/full")
RULE = "rules/aws/defense_evasion_ec2_network_acl_created.toml"


def detections(
    *arguments: str | bytes, folder: Path | None = None, out: object = subprocess.PIPE, err: object = subprocess.PIPE,
    encoding: str = "utf-8", prepare: Callable[[], None] | None = None,
) -> tuple[int, str, str]:  # fmt: skip
    """Exit code, standard output and standard error of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "detections", *arguments], cwd=folder, stdout=out, stderr=err, stdin=subprocess.DEVNULL,  # type: ignore[call-overload]
        env={**os.environ, "PYTHONIOENCODING": encoding}, timeout=120, preexec_fn=prepare, check=False,
    )  # fmt: skip
    told = (done.stdout or b"", done.stderr or b"")
    return done.returncode, told[0].decode(encoding), told[1].decode(encoding)


def assert_one_line(err: str) -> None:
    assert "Traceback" not in err
    assert err.startswith("error: ") and err.count("\n") == 1, err


def test_help_lists_the_exit_codes() -> None:
    told = " ".join(detections("--help")[1].split())
    for code, meaning in EXITS.items():
        assert f" {int(code)} {' '.join(meaning.split())}" in told


def test_a_reader_that_goes_away_ends_the_command() -> None:
    query = f"a: ({' or '.join(['b'] * 20_000)})"
    with subprocess.Popen(
        [sys.executable, "-m", "detections", "explain", "--query", query],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read().decode()
    assert (process.returncode, err) == (Exit.READER_GONE, "")
    assert int(Exit.READER_GONE) == 128 + signal.SIGPIPE


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["check"], ["check", "--format", "json"], ["--help"], ["lock"]])
def test_output_that_cannot_be_written_is_an_error(project: Path, arguments: list[str]) -> None:
    with FULL.open("w") as full:
        code, _, err = detections(*arguments, out=full)
    assert code == Exit.FAILED
    assert_one_line(err)
    assert "No space left on device" in err


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(("arguments", "code"), [(["check", "absent"], 2), (["explain"], 2), (["export"], 0)])
def test_the_exit_code_stands_where_nobody_can_be_told_why(project: Path, arguments: list[str], code: int) -> None:
    with FULL.open("w") as full:
        assert detections(*arguments, err=full)[0] == code


@pytest.mark.parametrize("arguments", [["check"], ["build"], ["lock"], ["plan"], ["replay", "x"]])
def test_a_working_directory_that_has_been_deleted(tmp_path: Path, arguments: list[str]) -> None:
    code, _, err = in_a_deleted_folder(tmp_path / "gone", arguments)
    assert code == Exit.USAGE
    assert_one_line(err)


def in_a_deleted_folder(folder: Path, arguments: list[str]) -> tuple[int, str, str]:
    script = (
        "import os, sys, detections.cli; os.rmdir(os.getcwd()); sys.argv = ['detections', *sys.argv[1:]]; "
        "detections.cli.main()"
    )
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("path", [LONG, DEEP], ids=["long", "deep"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["check"], ["test"], ["export", "-o"], ["export"], ["replay"], ["replay", "tests", "--rules"], ["explain"],
        ["pull", "--from"], ["plan", "--out"], ["apply"], ["replay", "tests", "--resume"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_path_that_is_too_long(run: Run, project: Path, arguments: list[str], path: str) -> None:
    code, _, err = run(*arguments, path)
    assert code == Exit.USAGE
    assert_one_line(err)
    assert "File name too long" in err


def test_a_path_to_search_that_is_too_long(run: Run, project: Path) -> None:
    code, _, err = run("search", LONG, "a: b")
    assert code == Exit.USAGE
    assert_one_line(err)


@pytest.fixture
def forbidden(project: Path) -> Iterator[None]:
    """A folder that nobody may read, ``closed``."""
    Path("closed").mkdir(mode=0)
    yield
    Path("closed").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="root is kept from reading by Linux's capabilities")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "closed"], "Path 'closed' is not readable"),
        (["check", "closed/x.toml"], "closed/x.toml: Permission denied"),
        (["replay", "closed"], "Path 'closed' is not readable"),
        (["search", "closed", "a: b"], "Path 'closed' is not readable"),
        (["explain", "closed/x"], "closed/x: Permission denied"),
        (["export", "rules", "-o", "closed/x"], "closed/x: Permission denied"),
    ],
)
def test_a_folder_that_may_not_be_read(forbidden: None, arguments: list[str], told: str) -> None:
    code, _, err = detections(*arguments, prepare=obey_permissions)
    assert code == Exit.USAGE
    assert_one_line(err)
    assert told in err


@pytest.mark.skipif(sys.platform != "linux", reason="root is kept from reading by Linux's capabilities")
def test_the_other_folders_are_still_checked(forbidden: None) -> None:
    Path("closed").rename("rules/closed")
    code, out, _ = detections("check", prepare=obey_permissions)
    Path("rules/closed").rename("closed")
    assert code == Exit.FAILED
    assert "rules/closed: schema cannot be read: Permission denied\n1 rule checked, 1 error" in out


def obey_permissions() -> None:
    """Keep even root from reading what it has no permission for, once another program is run."""
    drop_from_bounding_set, override, read_search = 24, 1, 2
    for capability in (override, read_search):
        ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


@pytest.mark.parametrize("style", ["text", "json", "junit", "sarif", "github"])
def test_paths_that_are_not_utf_8(run: Run, project: Path, style: str) -> None:
    Path(f"rules/{NO_TEXT}").mkdir()
    Path(f"rules/{NO_TEXT}/{NO_TEXT}.toml").write_text("x =")
    code, out, err = run("check", f"rules/{NO_TEXT}", "--format", style)
    assert (code, err) == (Exit.FAILED, "")
    assert "invalid value" in out
    assert ("rules/a%FF/a%FF.toml" if style == "sarif" else r"rules/a\udcff/a\udcff.toml") in out


@pytest.mark.parametrize(
    "arguments",
    [[NO_TEXT], ["check", NO_TEXT], ["check", "--format", NO_TEXT], ["plan", "-e", NO_TEXT], [f"--{NO_TEXT}"],
     ["explain", "--query", f'"{NO_TEXT}']],
)  # fmt: skip
def test_arguments_that_are_not_utf_8(run: Run, project: Path, arguments: list[str]) -> None:
    code, _, err = run(*arguments)
    assert code in (Exit.FAILED, Exit.USAGE)
    assert "Traceback" not in err and err.startswith("error: ")
    assert r"a\udcff" in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_is_not_utf_8_is_shown_escapes(project: Path, encoding: str) -> None:
    Path("e.json").write_text('{"event": {"action": "a\u65e5b"}, "user": {"name": "x\\u001b[2J"}}')
    code, out, err = detections("search", "e.json", "event.action: *", encoding=encoding)
    assert (code, out.strip(), err) == (0, r"a\u65e5b  x\x1b[2J", "")


def test_a_program_is_given_utf_8_whatever_the_terminal_is(project: Path) -> None:
    Path("e.json").write_text('{"event": {"action": "a\u65e5b"}}')
    done = subprocess.run(
        [sys.executable, "-m", "detections", "search", "e.json", "event.action: *", "--format", "json"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode("utf-8") == '{"event":{"action":"a\u65e5b"}}\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tool = 1", "[tool.detections] must be a table"),
        ("[tool]\ndetections = 1", "[tool.detections] must be a table"),
        ("[tool]\ndetections = []", "[tool.detections] must be a table"),
        ('[tool.detections]\nrules = "a\\u0000b"', "rules has a value of the wrong type"),
        ('[tool.detections]\nstate = "a\\u0000b"', "state has a value of the wrong type"),
        ('[tool.detections]\nenvironments = "a\\u0000b"', "environments has a value of the wrong type"),
        ("[tool.detections]\nrules = 1", "rules has a value of the wrong type"),
        ("[tool.detections]\nenvironments = 1", "environments has a value of the wrong type"),
        ('[tool.detections]\nprofiles = "house"', "profiles has a value of the wrong type"),
        ('[tool.detections]\nrulez = "x"', "unknown setting rulez: did you mean rules?"),
        (f"[tool.detections]\nrules = {'[' * 2000}", "pyproject.toml: "),
        ("\ufeff", "pyproject.toml: "),
        (f'[tool.detections]\nrules = "{LONG}"', "does not exist"),
    ],
)
def test_a_configuration_that_is_wrong(run: Run, project: Path, text: str, told: str) -> None:
    Path("pyproject.toml").write_text(text)
    code, _, err = run("check")
    assert code == Exit.USAGE
    assert_one_line(err)
    assert told in err


def test_a_configuration_that_is_not_utf_8(run: Run, project: Path) -> None:
    Path("pyproject.toml").write_bytes(b"\xff")
    code, _, err = run("check")
    assert code == Exit.USAGE
    assert_one_line(err)


def test_a_standard_input_that_is_closed_cannot_say_yes(project: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m detections apply <&-"], capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.USAGE
    assert "not a terminal: pass --yes" in done.stderr
