"""The rules of a base that the project's are compared with: those of a git revision, or of a folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from detections.errors import Finding, Level, UsageError
from detections.rule import Rules, load_rules


def base_rules(reference: str, paths: Sequence[Path], report: Callable[[Finding], None]) -> Rules:
    """The rules that a folder has, or that stood at ``paths`` in a git revision. What is wrong with one of them is
    reported as an error of the base.

    Raises:
        UsageError: there is no such folder or revision, or the revision has none of the paths.
    """
    folder = Path(reference)
    if folder.is_dir():
        below = [folder / path for path in paths if not path.is_absolute() and (folder / path).exists()]
        return _told(load_rules(*(below or [folder])), "", report)
    with tempfile.TemporaryDirectory(prefix="detections-base-") as made:
        archive = _archive(reference, paths)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(made, filter="data")
        return _told(load_rules(made), made, report, f"{reference}:")


def _archive(reference: str, paths: Sequence[Path]) -> bytes:
    """What stood at the paths in a revision, as tar."""
    places = [path.resolve() for path in paths]
    within = next((place if place.is_dir() else place.parent for place in places), Path.cwd())
    root = Path(_git(within, reference, "rev-parse", "--show-toplevel").decode().strip())
    commit = _git(root, reference, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    names = []
    for place in places:
        if not place.is_relative_to(root):
            raise UsageError(f"--base {reference}: {place} is not in the repository {root}")
        names.append(place.relative_to(root).as_posix())
    return _git(root, reference, "archive", "--format=tar", commit.decode().strip(), "--", *names)


def _git(folder: Path, reference: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"--base {reference}: git cannot be run: {error.strerror}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(f"--base {reference} is neither a folder nor a git revision{f': {said}' if said else ''}")
    return done.stdout


def _told(rules: Rules, folder: str, report: Callable[[Finding], None], prefix: str = "") -> Rules:
    for finding in rules.findings:
        if finding.level is Level.ERROR:
            path = finding.location.path.removeprefix(folder).lstrip("/") if folder else finding.location.path
            report(replace(finding, location=replace(finding.location, path=prefix + path)))
    return rules
