"""``detections lock``"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import click

from detections.cli.common import PathType, failed, rules_at
from detections.cli.config import find_config
from detections.cli.output import findings, show, tell
from detections.errors import UsageError
from detections.payload.lock import (
    Lock,
    lock_of,
    problems,
    read_lock,
    regressions,
    taken_from,
    unusable,
    updated,
    write_lock,
)
from detections.payload.record import parse_json
from detections.report.count import plural
from detections.report.sinks import Styled
from detections.rule import Rule
from detections.source import read_file


@click.command("lock")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; report what the lock file lacks.")
@click.option(
    "--against",
    metavar="REV",
    help="With --check: also report versions that are lower than, or differ from, those of this commit.",
)
@click.option(
    "--from",
    "source",
    type=PathType(exists=True, dir_okay=False),
    help="Take over the versions of a version.lock.json of elastic/detection-rules.",
)
def command(only_check: bool, against: str | None, source: Path | None) -> int:
    """Give each production rule that has changed its next version, and record all versions in the lock file.

    A rule's version grows when what Kibana is told about it changes, and only then. With --check: exit code 1 for a
    rule that has changed without a new version, a version that was lowered or used again, and a rule that is gone
    without having been deprecated.
    """
    if against is not None and not only_check:
        raise UsageError("--against goes with --check")
    if source is not None and only_check:
        raise UsageError("--from does not go with --check")
    config = find_config()
    path = config.path("lock")
    rules, lock = rules_at((), config), read_lock(path)
    found = [finding for finding in rules.findings if failed([finding], strict=False)]
    if not found and only_check:
        found = problems(lock, rules, str(path))
        if against is not None:
            found += regressions(lock, _at(against, path), str(path))
    elif not found:
        found = unusable(lock, rules)
    findings(dict.fromkeys(found), err=not only_check)
    if only_check:
        show(f"{path}: {plural(len(lock.entries), 'rule')}, {plural(len(set(found)), 'problem')}")
        return int(bool(found))
    if found:
        tell("nothing was written")
        return 1
    start = lock
    if source is not None:
        theirs = parse_json(read_file(source), str(source), "fetch it again")
        start, taken = taken_from(lock, rules, theirs, str(source))
        show(f"{source}: {plural(len(theirs), 'rule')}, {taken} of them here")
    return _write(path, lock, updated(start, rules), rules)


def _write(path: Path, lock: Lock, new: Lock, rules: Iterable[Rule]) -> int:
    for rule_id, entry in new.entries.items():
        old = lock.entries.get(rule_id)
        if old is None:
            show(Styled("+", "green"), f" {entry.name}: version {entry.version}")
        elif old.version != entry.version:
            show(Styled("~", "yellow"), f" {entry.name}: version {old.version} -> {entry.version}")
        elif entry.deprecated and not old.deprecated:
            show(Styled("-", "red"), f" {entry.name}: deprecated")
    if new != lock:
        write_lock(path, new)
    show(f"{path}: {plural(len(new.entries), 'rule')}{'' if new != lock else ', nothing has changed'}")
    gone = problems(new, rules, str(path))
    findings(gone)
    return int(bool(gone))


def _at(revision: str, path: Path) -> Lock:
    """The lock file as it was at a commit; an empty one where it was not there.

    Raises:
        UsageError: git does not know the commit, or has not got all of it.
    """
    where = next(folder for folder in path.absolute().parents if folder.is_dir())
    name = str(path.absolute().relative_to(where))
    known = _git(where, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if known.returncode:
        unknown = "git does not know this commit; a shallow clone must fetch it first"
        raise UsageError(f"--against {revision}: {_said(known) or unknown}")
    commit = known.stdout.decode().strip()
    if not _git(where, "ls-tree", commit, "--", name).stdout:
        return Lock()
    found = _git(where, "show", f"{commit}:./{name}")
    if found.returncode:
        raise UsageError(f"--against {revision}: {_said(found)}")
    label = f"{path} at {revision}"
    return lock_of(parse_json(found.stdout, label, "look at another commit"), label)


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git says is wrong, in a line: that this is not a repository of its own, or one of somebody else's."""
    return done.stderr.decode(errors="replace").strip().partition("\n")[0]


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"git cannot be run: {error.strerror}") from None
