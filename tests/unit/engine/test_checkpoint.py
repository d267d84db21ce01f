"""Runs that go on where they were interrupted: the same alerts, and nothing read twice."""

from __future__ import annotations

import json
import os
import pickle
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.engine.checkpoint import Checkpoint
from detections.errors import Finding, UsageError
from detections.events import Batch, Share, read
from detections.schedule import replay
from made_rules import rule_of

KINDS = {
    "query": 'type = "query"\nlanguage = "kuery"\nquery = "user.name: u1"',
    "new_terms": (
        'type = "new_terms"\nlanguage = "kuery"\nquery = "user.name: *"\n[rule.new_terms]\nfield = "new_terms_fields"\n'
        'value = ["user.name"]\n[[rule.new_terms.history_window_start]]\n'
        'field = "history_window_start"\nvalue = "now-7d"'
    ),
    "threshold": (
        'type = "threshold"\nlanguage = "kuery"\nquery = "user.name: *"\n[rule.threshold]\nfield = ["user.name"]\n'
        'value = 3\n[[rule.threshold.cardinality]]\nfield = "event.action"\nvalue = 2'
    ),
    "sequence": (
        'type = "eql"\nlanguage = "eql"\n'
        "query = '''sequence by user.name [any where event.action == \"a0\"] [any where event.action == \"a1\"]'''"
    ),
    "sample": (
        'type = "eql"\nlanguage = "eql"\n'
        "query = '''sample by user.name [any where event.action == \"a0\"] [any where event.action == \"a2\"]'''"
    ),
    "where": (
        "type = \"esql\"\nlanguage = \"esql\"\nquery = '''from logs-* metadata _id, _version, _index "
        "| where user.name == \"u2\"'''"
    ),
    "stats": (
        "type = \"esql\"\nlanguage = \"esql\"\nquery = '''from logs-* | stats n = count(*), "
        "a = count_distinct(event.action), v = values(event.action) by user.name | where n > 3'''"
    ),
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "events"
    folder.mkdir()
    for number in range(6):
        lines = [
            json.dumps(
                {
                    "@timestamp": f"2026-01-0{number + 1}T00:00:{row:02d}Z",
                    "event": {"id": f"{number}-{row}", "action": f"a{row % 3}", "category": "x"},
                    "user": {"name": f"u{(number + row) % 5}"},
                }
            )
            for row in range(20)
        ]
        (folder / f"{number}.ndjson").write_text("\n".join(lines))
    return folder


@pytest.fixture(autouse=True)
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detections.events.input._SHARE", 1)


class Breaking:
    """Events of which a share, and what comes after it, cannot be had."""

    def __init__(self, folder: Path, after: int) -> None:
        self._events = read([folder], print)
        self._after = after
        self.needs_fresh = False

    def narrow(self, span: object) -> None:
        return

    def __iter__(self) -> Iterator[Batch]:
        raise NotImplementedError

    def shares(self, jobs: int, *, marked: bool = False) -> Iterator[Share]:
        for number, share in enumerate(self._events.shares(jobs, marked=marked)):
            if number == self._after:
                raise KeyboardInterrupt
            yield share


def run(kind: str, batches: Any, checkpoint: Checkpoint | None = None, jobs: int = 1) -> list[Alert]:
    rule = rule_of(KINDS[kind])
    return list(replay([rule], batches, Embedded(jobs=jobs, checkpoint=checkpoint)))


def key(alerts: list[Alert]) -> list[Any]:
    return [(alert.timestamp, alert.event_ids, alert.new_terms) for alert in alerts]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_rule_goes_on(kind: str, files: Path, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    plain = run(kind, read([files], print))
    with pytest.raises(KeyboardInterrupt):
        run(kind, Breaking(files, 4), Checkpoint(path, {"a": "b"}, print))
    again = Checkpoint(path, {"a": "b"}, print)
    assert (again.before, again.kept) == (4, 0)
    assert key(run(kind, read([files], print), again)) == key(plain) != []
    assert again.kept == 2
    last = Checkpoint(path, {"a": "b"}, print)
    assert key(run(kind, read([files], print), last)) == key(plain)
    assert (last.before, last.kept) == (6, 0)


def test_in_processes(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    first = Checkpoint(path, {}, print)
    plain = key(run("sequence", read([files], print)))
    assert key(run("sequence", read([files], print), first, jobs=2)) == plain
    again = Checkpoint(path, {}, print)
    assert key(run("sequence", read([files], print), again)) == plain
    assert (first.kept, again.before, again.kept) == (6, 6, 0)


def test_what_changed_or_was_not_read_is_read_again(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    (files / "5.ndjson").write_text("no event")
    (files / "4.ndjson.gz").write_bytes(b"\x1f\x8b broken")
    first = Checkpoint(path, {}, print)
    run("query", read([files], print), first)
    assert first.kept == 6
    (files / "0.ndjson").write_text((files / "0.ndjson").read_text() * 2)
    again = Checkpoint(path, {}, print)
    run("query", read([files], print), again)
    assert (again.before, again.kept) == (6, 1)


def test_an_end_that_was_cut_off_is_no_share(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    plain = run("query", read([files], print), Checkpoint(path, {}, print))
    whole = path.read_bytes()
    for size in range(len(whole) - 400, len(whole), 37):
        path.write_bytes(whole[:size])
        again = Checkpoint(path, {}, print)
        assert key(run("query", read([files], print), again)) == key(plain)
        assert again.kept == 6 - again.before > 0
        assert path.read_bytes() == whole


def test_a_damaged_share_is_read_again(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    plain = run("query", read([files], print), Checkpoint(path, {}, print))
    path.write_bytes(path.read_bytes()[:-3] + b"???")
    again = Checkpoint(path, {}, print)
    assert key(run("query", read([files], print), again)) == key(plain)
    assert again.kept == 1


@pytest.mark.parametrize("content", [b"x", b"{}\n", b"[1]\n", b'{"replay": {}}\n', b"\x80\x04."])
def test_a_file_that_is_no_record(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "resume"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a record of a replay"):
        Checkpoint(path, {}, print)
    assert path.read_bytes() == content


def test_the_record_of_another_run(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "resume", {"rules": "1", "window": "2"}, print)
    with pytest.raises(UsageError, match=r"another replay \(other rules\)"):
        Checkpoint(tmp_path / "resume", {"rules": "3", "window": "2"}, print)


def test_a_full_disk_is_told_once_and_the_run_goes_on(files: Path, tmp_path: Path) -> None:
    told: list[Finding] = []
    checkpoint = Checkpoint(tmp_path / "resume", {}, told.append)
    size = (tmp_path / "resume").stat().st_size
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, usual[1]))
    try:
        alerts = run("query", read([files], print), checkpoint)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert key(alerts) == key(run("query", read([files], print)))
    (finding,) = told
    assert finding.message.endswith("File too large: what is read from here on must be read again")
    assert (tmp_path / "resume").stat().st_size == size


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch pwned",)


def test_a_record_makes_nothing_but_values(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = Checkpoint(tmp_path / "resume", {}, print)
    share = next(read([files], print).shares(1, marked=True))
    monkeypatch.setattr(pickle, "dumps", lambda found, protocol, whole=pickle.dumps: whole(Evil(), protocol))
    checkpoint.keep(share, [])
    monkeypatch.undo()
    again = Checkpoint(tmp_path / "resume", {}, print)
    assert again.before == 1
    assert again.recall(share) is None
    assert not (tmp_path / "pwned").exists()


def test_the_file_is_nobody_elses(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "resume", {}, print)
    assert (tmp_path / "resume").stat().st_mode & 0o077 == 0
