"""The package's public names, in a process where nothing has been imported yet."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str, folder: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "first",
    ["", "detections.load_rules('rules')", "from detections.schedule import Record", "import detections.cli.replay"],
)
def test_a_public_name_is_the_function_whatever_was_imported_before(first: str) -> None:
    code = f"import detections\n{first}\nprint(list(detections.replay([], [])), type(detections.replay).__name__)"
    assert run(code) == "[] function\n"


def test_no_room_has_the_name_of_a_public_function() -> None:
    # Python would bind the room to the name when somebody imports it.
    found = (path for path in (ROOT / "lib/detections").iterdir() if path.is_file() or (path / "__init__.py").exists())
    rooms = {path.stem for path in found}
    assert rooms.isdisjoint(json.loads(run("import detections, json; print(json.dumps(detections.__all__))")))


def test_importing_the_package_loads_nothing_of_it() -> None:
    code = "import sys, detections; print([name for name in sys.modules if name.startswith('detections.')])"
    assert run(code) == "[]\n"


def test_the_command_line_loads_no_more_than_it_prints_with() -> None:
    code = (
        "import sys, detections.cli, json; print(json.dumps([name for name in sys.modules if 'detections.' in name]))"
    )
    assert {name.split(".")[1] for name in json.loads(run(code))} == {"cli", "errors", "report"}


def test_the_python_example_of_the_readme_runs(tmp_path: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    [example] = [one for one in examples if one.startswith("import detections\n")]
    (tmp_path / "rules").symlink_to(ROOT / "rules")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "cloudtrail").mkdir()
    shutil.copy(ROOT / "tests/events/cloudtrail/create_network_acl.json", tmp_path / "cloudtrail")
    stop = json.loads((ROOT / "tests/events/cloudtrail/stop_instances.json").read_text())
    for name, time in (("stop", "2026-05-12T09:14:07Z"), ("again", "2026-05-12T09:15:07Z")):
        (tmp_path / f"cloudtrail/{name}.json").write_text(json.dumps({**stop, "eventTime": time}))
    printed = run(example, tmp_path)
    assert "AWS EC2 Network Access Control List Creation ('" in printed
    for comment in re.findall(r"^print\(.*# (<[^>]*>)", example, re.MULTILINE):
        assert comment in printed
