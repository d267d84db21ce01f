"""Wrong configuration, variables and files: a line that says what is wrong, the documented exit code, no secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

RULE = "defense_evasion_ec2_network_acl_created.toml"
SECRET = "hunter2-of-the-file"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project; the working directory."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("KIBANA_", "ELASTICSEARCH_"))]:
        monkeypatch.delenv(name)
    (tmp_path / "rules").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"KIBANA_URL": "http://host%00:5601"}, "invalid URL, expected one like https://host:5601"),
        ({"KIBANA_URL": "http://[::1%00]"}, "invalid URL, expected one like https://host:5601"),
        ({"KIBANA_URL": f"http://u:{SECRET}@ho st"}, "invalid URL, expected one like https://host:5601"),
        ({"KIBANA_URL": "http://h", "KIBANA_USERNAME": "u", "KIBANA_PASSWORD": f"{SECRET}\udcff"}, "not valid UTF-8"),
        ({"KIBANA_URL": "http://h", "KIBANA_API_KEY": f"{SECRET}\n\x1b"}, "the API key contains invalid characters"),
        ({"KIBANA_URL": "http://h", "KIBANA_API_KEY_FILE": "/none"}, "KIBANA_API_KEY_FILE: /none cannot be read"),
        ({"KIBANA_URL": "http://h", "KIBANA_API_KEY_FILE": "/dev/zero"}, "/dev/zero is larger than 65,536 bytes"),
        ({"KIBANA_URL": "http://h", "KIBANA_SPACE": "../x"}, "invalid space ID '../x'"),
        ({"KIBANA_CLOUD_ID": SECRET}, "invalid cloud ID"),
        ({}, "neither url nor cloud_id is configured, and KIBANA_URL is not set"),
    ],
)
def test_variables(bare: Path, run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], message: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    outcome = run("status")
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1 and SECRET not in outcome.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tool = 1", "[tool.detections] must be a table"),
        ("[tool]\ndetections = 1", "[tool.detections] must be a table"),
        ("[[tool]]", "[tool.detections] must be a table"),
        ("[[tool.detections]]", "[tool.detections] must be a table"),
        ("[tool.detections]\nstate = 1", "state has a value of the wrong type"),
        ('[tool.detections]\nstate = "a\\u0000b"', "state has a value of the wrong type"),
        ("[tool.detections.environments]\nprod = 1", "prod must be a table"),
        (f"[tool.detections.environments.prod]\ntimeout = {'9' * 400}", "timeout must be between 1 and 86400"),
        (f"[tool.detections.environments.prod]\ntimeout = {'9' * 5000}", "Exceeds the limit"),
        ("[tool.detections.environments.prod]\ntimeout = 0", "timeout must be between 1 and 86400"),
        ("[tool.detections.environments.prod]\ntimeout = 1e400", "timeout must be"),
        ('[tool.detections]\nenvironments = "none.toml"', "cannot be read: No such file"),
        ("= " + "[" * 5000, "pyproject.toml"),
    ],
)
def test_a_configuration(bare: Path, run, text: str, message: str) -> None:
    (bare / "pyproject.toml").write_text(text)
    outcome = run("status")
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "line",
    [
        f'password = "{SECRET}', f'url = "https://me:{SECRET}@host"', f'password = "{SECRET}"', f"api_key = {SECRET}",
        f'overrides = {{ password = "{SECRET}" }}', f'[[prod.rules]]\noverrides = "{SECRET}"',
    ],
)  # fmt: skip
def test_a_broken_file_of_environments_shows_no_line_of_it(bare: Path, run, line: str) -> None:
    (bare / "pyproject.toml").write_text('[tool.detections]\nenvironments = "environments.toml"\n')
    (bare / "environments.toml").write_text(f"[prod]\n{line}\n")
    outcome = run("status")
    assert outcome.code == 2
    assert "environments.toml:" in outcome.err
    assert SECRET not in outcome.out + outcome.err


@pytest.mark.parametrize("name", ["etc/rules.lock.json", "value_lists/v.txt"])
def test_a_pipe_in_the_place_of_a_file_of_ours_is_not_waited_for(project: Path, run, name: str) -> None:
    path = project / name
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    (path.parent / "v.toml").write_text('[value_list]\nid = "v"\nname = "V"\ndescription = "D"\ntype = "ip"\n')
    outcome = run("export")
    assert outcome.code in (1, 2)
    assert f"{name}" in outcome.err and "is not a regular file" in outcome.err


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("rules/aws/p.toml", "check"), ("rules/aws/p.toml", "export"), (f"tests/rules/aws/{RULE}", "test"),
        ("tests/events/cloudtrail/create_network_acl.json", "test"), ("exceptions/p.toml", "export"),
        ("value_lists/p.toml", "export"), ("connectors/p.toml", "export"),
    ],
)  # fmt: skip
def test_a_pipe_in_a_folder_of_ours_is_named_and_not_waited_for(project: Path, run, name: str, command: str) -> None:
    path = project / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    outcome = run(command)
    assert outcome.code == 1
    said = outcome.out + outcome.err
    assert path.name in said and "not a regular file" in said


def test_an_export_leaves_a_device_and_writes_into_a_pipe(project: Path, run) -> None:
    assert run("export", "-o", "/dev/null").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    pipe = project / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert run("export", "-o", pipe).code == 0
    reader.join()
    run("export", "-o", "file")
    assert read == [Path("file").read_bytes()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_export_to_standard_output_is_all_that_is_there(project: Path, run) -> None:
    run("export", "-o", "file")
    command = [sys.executable, "-m", "detections", "export", "-o", "/dev/stdout"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == Path("file").read_bytes()
    assert done.stderr == b"/dev/stdout: 1 rule\n"
