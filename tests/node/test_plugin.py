"""The fixture, as another project uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from detections.elastic.jars import cache_folder, install
from detections.errors import NotInstalled

TESTS = """
import json, urllib.request

def health(node):
    with urllib.request.urlopen(node.url + "/_cluster/health") as answer:
        return json.load(answer)["status"]

def test_one(elasticsearch_node):
    assert health(elasticsearch_node) == "green"

def test_two(elasticsearch_node):
    assert health(elasticsearch_node) == "green"

def test_without():
    pass
"""


def run(folder: Path, *arguments: str, code: str = TESTS) -> list[str]:
    (folder / "test_them.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *arguments, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_tests_share_a_node(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    try:
        install(cache_folder())
    except NotInstalled as missing:
        pytest.skip(f"no Elasticsearch: {missing}")
    lines = run(tmp_path, *arguments)
    assert "3 passed" in lines[-1], "\n".join(lines)


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_where_there_are_no_jars_tests_are_skipped_and_the_closing_lines_say_so(
    tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    said, last = run(tmp_path, *arguments)[-2:]
    assert "1 passed, 2 skipped" in last
    assert said.startswith("2 tests did not run on Elasticsearch: the jar ")
    assert "Maven Central cannot be reached" in said


def test_a_node_that_does_not_start_fails_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    lines = run(tmp_path)
    assert "1 passed, 2 errors" in lines[-1]
    assert any("/proc/nowhere/detections cannot be written" in line for line in lines)


def test_the_plugin_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys\ndef test_it():\n    loaded = {name.partition('.')[0] for name in sys.modules}\n"
    code += "    assert 'detections.elastic.plugin' in sys.modules\n"
    code += "    assert not loaded & {'elasticsearch', 'elastic_transport', 'marshmallow', 'msgspec', 'jpype', 'jgo'}\n"
    assert "1 passed" in run(tmp_path, "-p", "no:httpserver", "-p", "no:hypothesispytest", code=code)[-1]
