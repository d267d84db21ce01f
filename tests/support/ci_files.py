"""Files for CI jobs: are they valid, and do the commands in them exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from detections.cli import cli

COMMAND = re.compile(r"(?<![\w./])(?:\.venv/bin/)?detections ([a-z][^>|'\n`]*)")


def valid(schema: str, path: Path) -> None:
    """Hold a file to a schema that check-jsonschema has."""
    _quiet("check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path))


def valid_pre_commit(path: Path) -> None:
    """Hold a configuration to what pre-commit takes."""
    _quiet("pre_commit", "validate-config", str(path))


def _quiet(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout + done.stderr


def commands(text: str) -> list[list[str]]:
    """The command lines of `detections` in a file, without the name."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#") and "name:" not in line)
    return [found.split() for line in lines for found in COMMAND.findall(line)]


def parsed(arguments: list[str]) -> None:
    """Read a command line as the program does, without running it."""
    name, *rest = arguments
    with cli.make_context("detections", [name]) as context:
        command = cli.get_command(context, name)
        assert command is not None, name
        command.make_context(name, rest, parent=context)
