"""Commands over objects of a store: the same output as over files, exit codes, and nothing secret in it."""

from __future__ import annotations

import gzip
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.events import store
from faulty_store import FaultyStore

Run = Callable[..., Any]
SECRET = "not-to-be-shown"
DAY = "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/08/01/"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, records: Path) -> Iterator[FaultyStore]:
    """A store that holds the records."""
    with FaultyStore().serving() as made:
        made.objects[f"{DAY}one.json.gz"] = gzip.compress(records.read_bytes(), mtime=0)
        variables = {"ACCESS_KEY_ID": "AKIAEXAMPLE", "SECRET_ACCESS_KEY": SECRET, "REGION": "eu-west-1"}
        for name, value in (*variables.items(), ("ENDPOINT_URL", made.url)):
            monkeypatch.setenv(f"AWS_{name}", value)
        store.opened.cache_clear()
        yield made
        store.opened.cache_clear()


@pytest.mark.parametrize("jobs", [1, 2])
def test_replay_is_that_of_the_files(run: Run, records: Path, bucket: FaultyStore, jobs: int) -> None:
    there = run("replay", "s3://bucket/AWSLogs/", "--format", "json", "--jobs", jobs)
    assert there == run("replay", records, "--format", "json")
    assert (there.code, there.out.count("\n")) == (0, 1)


def test_search_and_backtest(run: Run, bucket: FaultyStore) -> None:
    found = run("search", "s3://bucket/AWSLogs/", "event.action: DescribeVpcs")
    assert (found.code, found.out.count("DescribeVpcs") > 0) == (0, True)
    noise = run("backtest", "s3://bucket/AWSLogs/")
    assert (noise.code, "1 rule, 1 alert" in noise.out) == (0, True)


def test_a_data_set_may_lie_in_a_store(run: Run, bucket: FaultyStore, project: Path) -> None:
    cases = next((project / "tests/rules/aws").iterdir())
    cases.write_text(f"{cases.read_text()}\n[noise.august]\nmax_alerts_per_day = 1\n")
    config = project / "pyproject.toml"
    config.write_text(f'{config.read_text()}\n[tool.detections.data]\naugust = "s3://bucket/AWSLogs/"\n')
    done = run("backtest", "--check")
    assert done.code == 0, done.err
    assert done.out.startswith("august: 2 events in 1 file")


def test_what_is_denied_is_exit_code_1_and_shows_no_secret(run: Run, bucket: FaultyStore) -> None:
    bucket.objects[f"{DAY}two.json.gz"] = b""
    bucket.denied = (f"{DAY}two",)
    outcome = run("replay", "s3://bucket/AWSLogs/", "--format", "json")
    assert outcome.code == 1
    assert outcome.out.count("\n") == 1
    assert f"s3://bucket/{DAY}two.json.gz" in outcome.err
    assert "AccessDenied" in outcome.err
    assert "not done: 1 file not read, or not to the end" in outcome.err
    assert SECRET not in outcome.err + outcome.out


@pytest.mark.parametrize(
    ("address", "said"),
    [("s3://elsewhere/", "NoSuchBucket"), ("s3://bucket/none/", "no object of events"), ("s3:///", "no address")],
)
def test_no_such_place(run: Run, bucket: FaultyStore, address: str, said: str) -> None:
    outcome = run("replay", address)
    assert (outcome.code > 0, said in outcome.err, "Traceback" in outcome.err) == (True, True, False)


def test_a_profile_that_is_not_there(run: Run, bucket: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    outcome = run("replay", "s3://bucket/")
    assert outcome.code == 2
    assert "s3://bucket: The config profile (absent) could not be found" in outcome.err


class Interrupting(dict[str, bytes]):
    """Objects; who reads the last one presses Ctrl-C, once."""

    pressed = False

    def __getitem__(self, key: str) -> bytes:
        if key.endswith("9.json.gz") and not self.pressed:
            self.pressed = True
            os.kill(os.getpid(), signal.SIGINT)
        return super().__getitem__(key)


@pytest.fixture
def many(bucket: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> FaultyStore:
    """The same records in ten objects, each a share."""
    monkeypatch.setattr("detections.events.input._SHARE", 1)
    content = bucket.objects.pop(f"{DAY}one.json.gz")
    bucket.objects |= {f"{DAY}{number}.json.gz": content for number in range(10)}
    return bucket


def got(bucket: FaultyStore) -> list[str]:
    found = [one.removeprefix(f"get {DAY}")[:1] for one in bucket.asked if one.startswith("get ")]
    bucket.asked.clear()
    return found


def test_what_was_not_read_is_read_when_the_replay_goes_on(run: Run, many: FaultyStore, tmp_path: Path) -> None:
    whole = run("replay", "s3://bucket/", "--format", "json")
    many.denied = (f"{DAY}4", f"{DAY}7")
    part = run("replay", "s3://bucket/", "--format", "json", "--resume", tmp_path / "done")
    assert (part.code, part.out.count("\n")) == (1, 8)
    many.denied = ()
    got(many)
    again = run("replay", "s3://bucket/", "--format", "json", "--resume", tmp_path / "done")
    assert (again.code, again.out) == (0, whole.out)
    assert "8 shares of the files finished before" in again.err
    assert got(many) == ["4", "7"]


def test_ctrl_c_keeps_what_was_done(run: Run, many: FaultyStore, tmp_path: Path) -> None:
    whole = run("replay", "s3://bucket/", "--format", "json")
    many.objects = Interrupting(many.objects)
    first = run("replay", "s3://bucket/", "--format", "json", "--resume", tmp_path / "done")
    assert (first.code, first.out) == (130, "")
    assert f"go on with --resume {tmp_path / 'done'}" in first.err
    again = run("replay", "s3://bucket/", "--format", "json", "--resume", tmp_path / "done")
    assert (again.code, again.out) == (0, whole.out)


def test_the_record_of_other_events_is_refused(run: Run, bucket: FaultyStore, tmp_path: Path) -> None:
    run("replay", "s3://bucket/", "--resume", tmp_path / "done")
    other = run("replay", "s3://bucket/AWSLogs/", "--resume", tmp_path / "done")
    assert other.code == 2
    assert "is the record of another replay (other events): name another file, or delete it" in other.err
