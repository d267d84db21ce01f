"""An environment with only the wheel: no checkout, and no package that the wheel does not ask for."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def required(name: str, seen: set[str]) -> Iterator[metadata.Distribution]:
    """What a package needs to run, and what that needs; its extras are left out."""
    for text in metadata.requires(name) or ():
        wanted = Requirement(text)
        if wanted.name not in seen and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            seen.add(wanted.name)
            yield metadata.distribution(wanted.name)
            yield from required(wanted.name, seen)


@pytest.fixture(scope="session")
def wheel_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a new virtual environment with the wheel of this checkout and what it requires, copied from the
    environment of the tests, so that no package index is asked."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    for package in required("detections", set()):
        for file in package.files or ():
            if ".." not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), site / file)
    (made,) = (folder / "dist").glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "-q",
        "--disable-pip-version-check",
        "--python",
        str(folder / "venv/bin/python"),
    ]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", str(made)], check=True, capture_output=True)
    return folder / "venv/bin"
