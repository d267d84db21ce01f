import gc
import gzip
import json
import os
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from detections.engine import Embedded
from detections.errors import EventsError, Finding, Level, UsageError
from detections.events import Counts, Input, cut, merge, read
from detections.events import input as inputs
from detections.events.batch import Batch
from detections.schedule import replay
from made_rules import rule_of

RAW = {"eventVersion": "1.08", "eventSource": "ec2.amazonaws.com", "eventName": "CreateRoute", "eventID": "r"}
ECS = {"event": {"action": "x"}}


def load(*paths: Path, **options: Any) -> tuple[list[Batch], list[Any], list[Finding]]:
    """The batches, the event.action of every event, and everything that was found."""
    findings: list[Finding] = []
    batches, actions = [], []
    for batch in read(paths, findings.append, **options):
        batches.append(batch)
        actions += batch.columns(["event.action"])[0]
        findings += batch.findings
    return batches, actions, findings


def write(path: Path, *values: Any, indent: int | None = None, end: str = "\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value, indent=indent) + end for value in values))
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", " "])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "values",
    [[RAW, RAW], [[RAW, RAW]], [{"Records": [RAW, RAW]}], [{"Records": [RAW]}, {"Records": [RAW]}]],
)
def test_raw_records_in_every_wrapping(tmp_path: Path, values: list[Any], indent: int | None, end: str) -> None:
    path = write(tmp_path / "f", *values, indent=indent, end=end)
    assert load(path)[1:] == (["CreateRoute", "CreateRoute"], [])
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()[:20]) + gzip.compress(path.read_bytes()[20:]) + b"\0" * 512)
    assert load(packed)[1:] == (["CreateRoute", "CreateRoute"], [])


@pytest.mark.parametrize("values", [[ECS, ECS], [[ECS, ECS]], [{"hits": {"hits": [{"_source": ECS}] * 2}}]])
def test_ecs_documents_in_every_wrapping(tmp_path: Path, values: list[Any]) -> None:
    assert load(write(tmp_path / "lines", *values))[1:] == (["x", "x"], [])
    assert load(write(tmp_path / "text", *values, indent=1))[1:] == (["x", "x"], [])


def test_a_byte_order_mark_and_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbf\n\r\n" + json.dumps(ECS).encode() + b"\n \n" + b"no json\n")
    _, actions, findings = load(path)
    assert actions == ["x"]
    assert [finding.location.line for finding in findings] == [5]


def test_a_folder_is_read_in_order_and_only_files_of_events(tmp_path: Path) -> None:
    names = ["b.json", "a/z.jsonl", "a/b/c.NDJSON", "c.log", "a.json.gz", "z/1.log.gz"]
    for name in names:
        path = write(tmp_path / name, {"event": {"action": name}})
        if name.endswith("gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
    for name in ("notes.txt", "a/data.csv", "image.png", "json"):
        write(tmp_path / name, {"event": {"action": name}})
    batches, actions, findings = load(tmp_path)
    assert actions == ["a/b/c.NDJSON", "a/z.jsonl", "a.json.gz", "b.json", "c.log", "z/1.log.gz"]
    assert [len(batch) for batch in batches] == [6]
    assert findings == []


def test_a_path_that_is_not_there_stops_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"gone\.json"):
        read([write(tmp_path / "f", ECS), tmp_path / "gone.json"], print)
    with pytest.raises(UsageError, match="everything"):
        read([tmp_path], print, {"retain": "everything"})


def test_a_file_that_disappears_does_not_stop_the_others(tmp_path: Path) -> None:
    first, second, third = (write(tmp_path / f"{name}.json", {"event": {"action": name}}) for name in "abc")
    findings: list[Finding] = []
    batches = read([tmp_path], findings.append, size=1).shares(1)
    assert next(batches).columns(["event.action"]) == [["a"]]
    second.unlink()
    assert [batch.columns(["event.action"])[0] for batch in batches] == [["c"]]
    assert [finding.location.path for finding in findings] == [str(second)]
    assert first.exists() and third.exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n \r\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (gzip.compress(b"", mtime=0), "empty"),
    ],
)
def test_files_without_text(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    write(tmp_path / "b.json", ECS)
    _, actions, (finding,) = load(tmp_path)
    assert actions == ["x"]
    assert word in finding.message
    assert finding.location.path.endswith("a.json")


def test_bytes_that_are_nothing(tmp_path: Path) -> None:
    path = tmp_path / "junk.json"
    path.write_bytes(bytes(range(1, 256)) * 100)
    _, actions, findings = load(path)
    assert actions == []
    assert findings[0].location.path == str(path)


def test_of_a_truncated_gzip_is_used_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "f.json.gz"
    lines = "".join(json.dumps({"event": {"action": str(number)}}) + "\n" for number in range(20_000))
    packed = gzip.compress(lines.encode())
    path.write_bytes(packed[: len(packed) // 2])
    _, actions, findings = load(path)
    assert actions == [str(number) for number in range(len(actions))]
    assert 5_000 < len(actions) < 15_000
    assert {finding.code for finding in findings} == {"event-file", "event-syntax"}
    assert "cut off" in findings[0].message


def test_of_a_truncated_delivery_are_used_the_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "f.json.gz"
    records = [{**RAW, "eventID": os.urandom(16).hex()} for _ in range(500)]
    packed = gzip.compress(json.dumps({"Records": records}).encode())
    path.write_bytes(packed[: len(packed) // 2])
    (batch,), actions, findings = load(path)
    assert 100 < len(actions) < 400
    assert batch.columns(["event.id"])[0] == [record["eventID"] for record in records[: len(actions)]]
    assert {finding.code for finding in findings} == {"event-file", "event-syntax"}


def test_of_a_damaged_gzip_is_used_what_comes_before(tmp_path: Path) -> None:
    path = tmp_path / "f.json.gz"
    path.write_bytes(gzip.compress(json.dumps(ECS).encode() + b"\n") + b"garbage")
    _, actions, (finding,) = load(path)
    assert actions == ["x"]
    assert "damaged" in finding.message


def test_one_bad_line_among_many(tmp_path: Path) -> None:
    path = tmp_path / "f.ndjson"
    good = json.dumps(ECS).encode() + b"\n"
    path.write_bytes(good * 50_000 + b'{"event": \n' + good * 50_000)
    batches, actions, (finding,) = load(path)
    assert actions == ["x"] * 100_000
    assert (finding.location.line, finding.code) == (50_001, "event-syntax")
    assert sum(map(len, batches)) == 100_000


def test_a_first_line_that_is_cut_off_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "f.ndjson"
    path.write_text('{"event": {"action"\n' + json.dumps(ECS) + "\n" + json.dumps(ECS) + "\n")
    _, actions, (finding,) = load(path)
    assert actions == ["x", "x"]
    assert finding.location.line in (1, 2)


def test_long_lines_are_only_work(tmp_path: Path) -> None:
    large = {"event": {"action": "x" * 10_000_000}}
    path = write(tmp_path / "f", ECS, large, ECS)
    _, actions, findings = load(path)
    assert [len(action) for action in actions] == [1, 10_000_000, 1]
    assert findings == []


def test_batches_are_about_as_large_as_asked_for(tmp_path: Path) -> None:
    for part in range(100):
        write(tmp_path / f"{part:02}.json", *({"event": {"action": number}} for number in range(100)))
    batches, actions, _ = load(tmp_path, size=50_000)
    assert actions == list(range(100)) * 100
    assert 1700 < max(map(len, batches)) < 2100
    assert [batch.ordinal for batch in batches] == list(range(len(batches)))


def test_files_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "a.json", ECS, RAW)
    (tmp_path / "b.json").write_bytes(b"")
    (tmp_path / "c.json.gz").write_bytes(gzip.compress(b"{}" * 1000)[:-8])
    (tmp_path / "d.json").write_bytes(b"\0")
    counted: list[Counts] = []
    batches = list(read([tmp_path], lambda finding: None, count=counted.append))
    assert sum(counted, Counts()) == Counts(files=4, unread=3)
    assert sum((batch.counts() for batch in batches), Counts()).events == 1002


def test_findings_about_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b"")
    (tmp_path / "c.json").write_bytes(b"x\n")
    _, _, findings = load(tmp_path)
    assert [(finding.code, finding.level) for finding in findings] == [
        ("event-file", Level.ERROR), ("event-syntax", Level.ERROR),
    ]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    monkeypatch.setattr(cut, "PIECE", 1 << 18)
    line = json.dumps({"event": {"action": "x" * 1000}}).encode().ljust(1100) + b"\n"
    path = tmp_path / "f"
    with gzip.open(path, "wb", 1) if packed else path.open("wb") as file:
        for _ in range(60):
            file.write(line * 500)
    gc.disable()
    tracemalloc.start()
    try:
        for batch in read([path], print, size=1 << 18):
            assert batch.columns(["event.id", "user.name"])[0][0] is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert peak < 12_000_000 < 30_000 * len(line)


def test_the_setting_is_passed_on(tmp_path: Path) -> None:
    path = write(tmp_path / "f", {**RAW, "requestParameters": {"a": 1}}, indent=1)
    (batch,) = read([path], print, {"retain": "keyword"})
    cloudtrail = batch.document(0)["aws"]["cloudtrail"]
    assert cloudtrail["request_parameters"] == "{a=1}"
    assert "flattened" not in cloudtrail


@pytest.mark.parametrize(
    ("folder", "count"),
    [("stratus-red-team", 310), ("splunk-security_content/raw", 48)],
)
def test_real_captures(folder: str, count: int) -> None:
    path = Path(__file__).parents[4] / "shared" / "data" / "cloudtrail" / folder
    if not path.exists():
        pytest.skip("../shared is not there")
    findings: list[Finding] = []
    documents = []
    for batch in read([path], findings.append):
        documents += batch.documents()
        findings += batch.findings
    assert len(documents) == count
    assert all(document["event"]["action"] and document["@timestamp"] for document in documents)
    assert {finding.code for finding in findings} <= {"event-value"}
    assert all("source.ip" in finding.message for finding in findings)


def taken(found: Input, jobs: int) -> tuple[list[tuple[int, int]], list[str]]:
    """Ordinal and length of each batch of the shares, and what kinds of shares there are."""
    shares = [pickle.loads(pickle.dumps(share)) for share in found.shares(jobs)]
    batches = [batch for share in shares for batch in share.batches(print, lambda counts: None)]
    return [(batch.ordinal, len(batch)) for batch in batches], [type(share).__name__ for share in shares]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in range(40):
        write(tmp_path / f"{part:02}.json", *({"event": {"action": number}} for number in range(50)))
    return tmp_path


def test_shares_have_the_batches_that_one_process_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_SHARE", 7000)
    monkeypatch.setattr(cut, "PIECE", 2000)
    write(folder / "99.json", *({"event": {"action": number}} for number in range(5000)))
    batches = [(batch.ordinal, len(batch)) for batch in read([folder], print, size=2000)]
    for jobs in (1, 2, 5):
        shared, kinds = taken(read([folder], print, size=2000), jobs)
        assert shared == batches
        # The large file is cut up here, the small ones are read where they are evaluated.
        assert {"Files", "Encoded"} == set(kinds)
    assert sum(count for _, count in batches) == 7000


def test_a_pipe_is_read_here(folder: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b'{"event": {"action": "x"}}')
    os.close(writer)
    shared, kinds = taken(read([folder, Path(f"/dev/fd/{reader}")], print), 8)
    os.close(reader)
    assert kinds == ["Encoded"]
    assert sum(count for _, count in shared) == 2001


def test_many_processes_find_and_count_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "_SHARE", 7000)
    (folder / "bad.json").write_text('{"event": {"action": 3}}\nno json\n{"event": {"action": 1e400}}\n')
    (folder / "empty.json").touch()
    rule = rule_of('type = "query"\nlanguage = "kuery"\nquery = "event.action: 3"')
    said = []
    for jobs in (1, 3):
        findings: list[Finding] = []
        counts: list[Counts] = []
        engine = Embedded(jobs, findings.append, counts.append)
        alerts = list(replay([rule], read([folder], findings.append, count=counts.append), engine))
        assert len(alerts) == 41
        said.append((alerts, sorted(map(str, merge(findings))), sum(counts, Counts())))
    assert said[0] == said[1]
    assert said[0][2] == Counts(files=42, unread=1, events=2002, bytes=said[0][2].bytes, refused=1, whole=1)
