"""Where pages are written: a folder of their own, in which earlier pages give way to new ones and nothing else is
touched.

All pages are made before the first one is put in its place, so that a run that fails leaves the site as it was. A list
of the files that are ours, kept in the folder, says which ones may be written over and removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from detections.errors import UsageError

LIST = ".detections-site"
_STAGED = ".detections-site-"

Page: TypeAlias = tuple[str, str]
"""The name of a file, with slashes, and its text."""


def write(folder: Path, pages: Iterable[Page]) -> tuple[int, int]:
    """Write a site; how many files it has, and their size in bytes.

    Raises:
        UsageError: the folder holds something else, or cannot be written.
    """
    try:
        return _write(folder, pages)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None


def _write(folder: Path, pages: Iterable[Page]) -> tuple[int, int]:
    folder.mkdir(parents=True, exist_ok=True)
    earlier = _listed(folder)
    for left in folder.glob(f"{_STAGED}*"):
        shutil.rmtree(left)
    staged = Path(tempfile.mkdtemp(prefix=_STAGED, dir=folder))
    try:
        names, size = _stage(staged, pages)
        _list(folder, [*names, *earlier])
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (staged / name).replace(folder / name)
        for name in set(earlier).difference(names):
            (folder / name).unlink(missing_ok=True)
        _list(folder, names)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return len(names), size


def _stage(staged: Path, pages: Iterable[Page]) -> tuple[list[str], int]:
    names, size = [], 0
    for name, text in pages:
        data = text.encode(errors="replace")
        path = staged / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        names.append(name)
        size += len(data)
    return names, size


def _listed(folder: Path) -> list[str]:
    """The files of an earlier site. Hidden files (of git, say) may stand beside them; in a folder without a list,
    nothing else may."""
    path = folder / LIST
    if not path.is_file():
        if any(not found.name.startswith(".") for found in folder.iterdir()):
            raise UsageError(f"{folder} is not empty, and no site was written there: name another folder")
        return []
    names = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [name for name in names if _is_ours(name)]


def _is_ours(name: str) -> bool:
    """Whether a name of the list can be one that a site has: a list that was edited must lead nowhere else."""
    parts = PurePosixPath(name).parts
    return name.endswith((".html", ".css", ".js", ".json")) and len(parts) <= 2 and ".." not in parts and name[0] != "/"


def _list(folder: Path, names: Sequence[str]) -> None:
    temporary = folder / f"{LIST}.{os.getpid()}"
    temporary.write_text("".join(f"{name}\n" for name in sorted(set(names))), encoding="utf-8")
    temporary.replace(folder / LIST)
