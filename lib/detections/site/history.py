"""The history of rules, version by version: from git's log, and from the lock file as it was at each commit.

A rule's version grows when ``detections lock`` says so, so a commit belongs to the version that the next lock gives.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detections.errors import UsageError
from detections.payload.lock import Lock, lock_of
from detections.payload.record import parse_json
from detections.rule import Rule

LIMIT = 5000
"""Commits that are looked at, the newest first."""
_RECORD = "\x1e"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that changed a rule's file; ``date`` is its day, YYYY-MM-DD."""

    id: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a rule and the commits that led to it, newest first. ``number`` is None where nobody knows."""

    number: int | None
    commits: tuple[Commit, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    commit: Commit
    lock: Lock | None


@dataclass(frozen=True, slots=True)
class History:
    """``revision`` is the commit that is checked out, its day, and whether the files differ from it; empty without one.
    ``shallow``: older commits are not in this clone."""

    revision: str = ""
    shallow: bool = False
    _root: Path = Path()
    _changes: Mapping[str, Sequence[_Change]] = field(default_factory=dict)

    def versions(self, rule: Rule, version: int) -> tuple[Version, ...]:
        """The versions of a rule that has the version ``version`` now, newest first."""
        found: list[Version] = []
        number: int | None = version
        for change in self._changes.get(_relative(self._root, rule.document.path), ()):
            entry = change.lock.entries.get(rule.rule_id) if change.lock else None
            if change.lock:
                number = entry.version if entry else None
            if found and found[-1].number == number:
                found[-1] = Version(number, (*found[-1].commits, change.commit))
            else:
                found.append(Version(number, (change.commit,)))
        return tuple(found)


def read_history(rules: Sequence[Rule], lock: Path) -> History:
    """The history of the rules' files, with the versions that the lock file gave them; an empty one where the files are
    in no git repository, or git is not there."""
    places = sorted({Path(rule.document.path).resolve().parent for rule in rules})
    if not places:
        return History()
    said = _git(places[0], "rev-parse", "--show-toplevel", "--is-shallow-repository")
    lines = (said or "").splitlines()
    if len(lines) != 2:
        return History()
    root = Path(lines[0])
    wanted = {_relative(root, rule.document.path) for rule in rules}
    locked = _relative(root, str(lock))
    named = [str(place) for place in places if place.is_relative_to(root)]
    named += [locked] if not Path(locked).is_absolute() else []
    log = _git(
        root, "log", f"-{LIMIT}", "--format=%x1e%H%x00%h%x00%cs%x00%s", "--name-status", "-M", "-z",
        "--diff-merges=first-parent", "--", *named,
    )  # fmt: skip
    head = (_git(root, "log", "-1", "--format=%h, %cs") or "").strip()
    changed = _git(root, "status", "--porcelain", "--", *named)
    revision = f"{head}, with changes since" if head and changed else head
    return History(revision, lines[1] == "true", root, _walk(root, log or "", wanted, locked))


def _walk(root: Path, log: str, wanted: set[str], locked: str) -> dict[str, list[_Change]]:
    """For each file the commits that changed it, newest first, with the lock file that stood when it was next locked.
    A file that was renamed is followed to its earlier name."""
    now = {name: name for name in wanted}
    changes: dict[str, list[_Change]] = {name: [] for name in wanted}
    lock: Lock | None = None
    for identifier, commit, moves in _commits(log):
        if any(new == locked for _, new in moves):
            lock = _lock_at(root, identifier, locked) or lock
        for old, new in moves:
            name = now.get(new)
            if name is None:
                continue
            changes[name].append(_Change(commit, lock))
            if old != new:
                del now[new]
                now[old] = name
    return changes


def _commits(log: str) -> Iterator[tuple[str, Commit, list[tuple[str, str]]]]:
    """Each commit with the files it changed: their names before and after it, equal but for renames."""
    for record in log.split(_RECORD)[1:]:
        parts = record.split("\0")
        if len(parts) < 4:
            continue  # the separator stands in a subject
        identifier, short, date, subject, *rest = parts
        moves = []
        fields = iter([name.lstrip("\n") for name in rest if name.strip("\n")])
        for status in fields:
            old = next(fields, "")
            moves.append((old, next(fields, "") if status[:1] in "RC" else old))
        yield identifier, Commit(short, date, subject), moves


def _lock_at(root: Path, commit: str, name: str) -> Lock | None:
    text = _git(root, "show", f"{commit}:{name}")
    if text is None:
        return None
    try:
        return lock_of(parse_json(text.encode(), name, ""), name)
    except UsageError:
        return None


def _relative(root: Path, path: str) -> str:
    """The path as git names it; an absolute one outside of the repository."""
    whole = Path(path).resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(whole)


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, None where it refuses or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.decode(errors="replace")
