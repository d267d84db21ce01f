import json
import pickle
from typing import Any

import pytest

from detections.errors import Level
from detections.events.batches import Documents, batches
from detections.events.cut import Piece
from detections.events.encoded import Encoded
from detections.events.reading import merge
from detections.values.dates import parse_date

RAW = b'{"eventVersion": "1.08", "eventSource": "ec2.amazonaws.com", "eventName": "CreateRoute", "eventID": "r"}'
PATHS = ["event.action", "event.id"]


def batch_of(*data: bytes, ordinal: int = 0, line: int = 1, path: str = "f.ndjson", **settings: str) -> Encoded:
    return Encoded(ordinal, [Piece(path, line, piece) for piece in data], settings)


def ecs(action: str, number: int) -> bytes:
    return f'{{"event": {{"action": "{action}", "id": {number}}}}}\n'.encode()


def test_plain_lines() -> None:
    batch = batch_of(ecs("a", 1) + ecs("b", 2))
    assert batch.columns(PATHS) == [["a", "b"], [1, 2]]
    assert len(batch) == 2
    assert batch.document(1) == {"event": {"action": "b", "id": 2}}
    assert batch.columns(PATHS) == [["a", "b"], [1, 2]]
    assert batch.findings == []


def test_only_what_is_asked_for_is_there() -> None:
    batch = batch_of(b'{"user": {"name": "x"}}\n' * 8)
    batch.expect(["user.name"])
    assert batch.column("user.name", 0b10) == ([None, "x", *[None] * 6], 0b10)
    values, known = batch.column("user.name", 0b101)
    assert (values, known) == (["x", "x", "x", *[None] * 5], 0b111)
    assert batch.column("user.name", 0b101)[0] is values
    assert batch.column("user.id", 0b1)[1] & 1


@pytest.mark.parametrize("first", ["columns", "len", "document"])
def test_values_of_every_shape_keep_their_order(first: str) -> None:
    data = b"".join(
        (
            ecs("a", 1), b"\n", RAW, b"\r\n", b'{"event.action": "c", "event": {"id": 3}}\n', b"no json\n",
            b'{"_id": "h", "_index": "i", "_score": 1, "_source": {"event": {"action": "d", "id": 4}}}\n',
            b'[{"event": {"action": "e", "id": 5}}, {"event": {"action": "f", "id": 6}}] {"event.action": "g"}\n',
            b"5\n", b'{"digestS3Bucket": "b", "logFiles": []}\n', ecs("z", 9),
        )
    )  # fmt: skip
    batch = batch_of(data)
    if first == "len":
        assert len(batch) == 8
    if first == "document":
        assert batch.document(3)["_id"] == "h"
    columns = batch.columns([*PATHS, "_id"])
    assert columns[0] == ["a", "CreateRoute", "c", "d", "e", "f", "g", "z"]
    assert columns[1] == [1, "r", 3, 4, 5, 6, None, 9]
    assert columns[2] == [None, None, None, "h", None, None, None, None]
    assert [document.get("_id") for document in batch.documents()] == columns[2]
    assert batch.document(7) == {"event": {"action": "z", "id": 9}}
    assert len(batch) == 8
    found = {(finding.location.line, finding.code, finding.level.value) for finding in batch.findings}
    assert found == {(5, "event-syntax", "error"), (8, "event-shape", "error"), (9, "event-shape", "warning")}
    assert batch.counts().refused == 2


def test_pieces_of_different_kinds() -> None:
    batch = batch_of(RAW, ecs("a", 1), b'{"Records": [%s, %s]}' % (RAW, RAW), b"", b"[]", ecs("b", 2))
    assert batch.columns(["event.action"]) == [["CreateRoute", "a", "CreateRoute", "CreateRoute", "b"]]
    assert batch.document(1) == {"event": {"action": "a", "id": 1}}
    assert batch.document(3)["event"]["id"] == "r"
    assert batch.column("event.action", 0b10010)[0][4] == "b"
    assert len(batch) == 5


def test_a_line_that_other_paths_find_odd() -> None:
    data = b'{"a.b": 1, "c": 2}\n\n{"a": {"b": 3}}\n'
    assert batch_of(data).columns(["c"]) == [[2, None]]
    assert batch_of(data).columns(["a.b"]) == [[1, 3]]
    batch = batch_of(data)
    assert batch.columns(["c"]) == [[2, None]]
    assert batch.columns(["a.b"]) == [[1, 3]]
    assert batch_of(data).columns(["Records.x", "c"]) == [[None, None], [2, None]]


def test_a_pickled_batch_reads_the_same_and_says_the_same() -> None:
    batch = batch_of(ecs("a", 1) + b"broken\n" + RAW, ordinal=7, line=11)
    before = batch.columns(PATHS)
    copy = pickle.loads(pickle.dumps(batch))
    assert (copy.ordinal, len(copy), copy.columns(PATHS)) == (7, 2, before)
    assert copy.findings == batch.findings
    assert [finding.location.line for finding in copy.findings] == [12]


def test_bad_places_are_shown_up_to_ten_and_then_counted() -> None:
    read = [batch_of(b"x\n" * 25, line=1), batch_of(b"{}\n" + b"x\n" * 15, line=26)]
    assert [len(batch) for batch in read] == [0, 1]
    found = merge(finding for batch in read for finding in batch.findings)
    assert [finding.location.line for finding in found if finding.location.line] == [1, *range(27, 37)]
    assert [finding.count for finding in found if not finding.location.line] == [5]
    assert [batch.counts().refused for batch in read] == [1, 15]


def test_refused_values_are_one_finding_a_field_and_file() -> None:
    record = RAW.replace(b"{", b'{"sourceIPAddress": "201.252.42.03", ', 1) + b"\n"
    found = []
    for batch in (batch_of(record * 3), batch_of(record * 2)):
        batch.columns([*PATHS, "source.ip"])
        batch.document(0)
        found += batch.findings
    (finding,) = merge(found)
    assert (finding.code, finding.count, finding.location.path) == ("event-value", 5, "f.ndjson")
    assert finding.level is Level.WARNING
    assert "source.ip" in finding.message
    assert "201.252.42.03" in finding.hint


def test_the_setting_reaches_the_mapping() -> None:
    record = RAW.replace(b"{", b'{"requestParameters": {"a": 1}, ', 1)
    batch = batch_of(record, retain="keyword")
    assert batch.columns(["aws.cloudtrail.request_parameters", "aws.cloudtrail.flattened"]) == [["{a=1}"], [None]]
    assert "flattened" not in batch.document(0)["aws"]["cloudtrail"]


@pytest.mark.parametrize(
    "value",
    [
        b'{"Records": [%s,\n %s]}',
        b"[%s,\n [%s]]",
        b"%s\n%s",
        b"%s%s",
        b'{"hits": {"total": 2, "hits": [{"_source": %s}, {"_source": %s}]}}',
    ],
)
def test_texts_of_every_shape(value: bytes) -> None:
    batch = batch_of(value % (RAW, RAW.replace(b"CreateRoute", b"DeleteRoute")))
    assert batch.columns(["event.action"]) == [["CreateRoute", "DeleteRoute"]]
    assert [document["event"]["action"] for document in batch.documents()] == ["CreateRoute", "DeleteRoute"]
    assert batch.findings == []


def test_hits_keep_their_metadata_only() -> None:
    hit = b'{"_id": "x", "_index": "logs", "_version": 3, "_score": 1.0, "sort": [1], "_source": {"@timestamp": "t"}}'
    assert batch_of(hit).document(0) == {"@timestamp": "t", "_id": "x", "_index": "logs", "_version": 3}


def nested(depth: int) -> bytes:
    return b'{"deep": ' + b"[" * depth + b"1" + b"]" * depth + b', "near": 2}'


def test_what_is_nested_too_deeply_is_left_out_and_the_rest_kept() -> None:
    deep = b'{"x.y": 1, "ok": {"a": %s, "b": 2}}\n' % nested(200)
    batch = batch_of(deep + b"\n" + b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n" + ecs("a", 1))
    assert batch.columns(["x.y", "event.action", "ok.b", "ok.a.near"]) == [[1, None], [None, "a"], [2, None], [2, None]]
    assert batch.document(0)["ok"]["b"] == 2
    assert {finding.message for finding in batch.findings} == {
        "ok has values that are nested too deeply and left out (the limit event-depth is 100)",
        "not JSON: nested too deeply",
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"1e400", "replaced: a number too large to hold"),
        (b'"\xff"', "replaced: bytes that are not UTF-8"),
        (b'"\\ud800"', "replaced: a lone surrogate"),
        (nested(120), "user has values that are nested too deeply"),
    ],
)
@pytest.mark.parametrize("form", [b"%s\n", b"%s\n{}\n", b"[\n%s\n]", b"{}%s", b'{"Records": [%s]}'])
@pytest.mark.parametrize("whole", [False, True])
def test_a_value_is_never_changed_without_a_word(value: bytes, message: str, form: bytes, whole: bool) -> None:
    batch = batch_of(form % (b'{"event": {"action": "x"}, "user": {"name": %s}}' % value))
    if whole:
        assert len(list(batch.documents())) == len(batch)
    else:
        batch.columns(["event.action", "user.name"])
    (finding,) = batch.findings
    assert (finding.level, finding.count) == (Level.WARNING, 1)
    assert finding.message.startswith(message)


def test_what_was_read_is_counted() -> None:
    times = ["2026-01-31T20:15:00Z", "2026-01-02T00:00:00Z", "2026-01-31T20:16:00Z"]
    lines = b"".join(json.dumps({"@timestamp": time}).encode() + b"\n" for time in times)
    counts = batch_of(lines + b"x\n" + b'{"@timestamp": [1]}\n{}\n').counts()
    assert (counts.events, counts.refused, counts.bytes) == (5, 1, len(lines) + 25)
    assert (counts.first, counts.last) == (1, parse_date(times[2]))
    assert batch_of(RAW).counts().whole == 0
    assert batch_of(RAW + b'{"event.action": "x"}').counts().whole == 1
    assert batch_of(
        b'{"@timestamp": "2026-01-01T00:00:00+02:00"}\n{"@timestamp": "2026-01-01T00:00:00+00:00"}'
    ).counts() == (
        batch_of(b'{"@timestamp": "2026-01-01T00:00:00+00:00"}\n{"@timestamp": "2026-01-01T00:00:00+02:00"}').counts()
    )


def test_nothing_at_all() -> None:
    batch = batch_of(b"", b" ")
    assert (len(batch), batch.columns(PATHS), list(batch.documents())) == (0, [[], []], [])
    assert batch.counts().first is None


def test_documents_are_taken_as_they_are() -> None:
    documents: list[dict[str, Any]] = [{"event.action": number} for number in range(5)]
    made = list(batches(iter(documents), batch_size=2))
    assert [(batch.ordinal, len(batch)) for batch in made] == [(0, 2), (1, 2), (2, 1)]
    assert [value for batch in made for value in batch.columns(["event.action"])[0]] == [0, 1, 2, 3, 4]
    assert [document for batch in made for document in batch.documents()] == documents
    assert isinstance(made[0], Documents)
    assert made[0].counts().events == 2
    assert list(batches([])) == []


@pytest.mark.parametrize(
    ("times", "days"),
    [
        (["2026-01-01T00:00:00Z", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"], {20454: 2, 20455: 1}),
        (["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z"], {20454: 2}),
        (["2026-01-01T23:00:00-02:00", "2026-01-01T23:00:00+02:00"], {20454: 1, 20455: 1}),
        (["2026-01-01", 0, None, "no date", ["2026-01-01"], {"a": 1}, "1969-12-31T23:59:59Z"], {20454: 2, 0: 1, -1: 1}),
        (["2026-99-01T00:00:00Z"], {}),
    ],
)
def test_events_are_counted_by_day(times: list[object], days: dict[int, int]) -> None:
    lines = "\n".join(json.dumps({"@timestamp": time}) for time in times).encode()
    assert batch_of(lines).counts().days == days


def test_raw_records_are_counted_by_day() -> None:
    times = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T23:59:59Z"]
    lines = [
        json.dumps({"eventVersion": "1", "eventSource": "s", "eventName": "a", "eventTime": time}) for time in times
    ]
    assert batch_of("\n".join(lines).encode()).counts().days == {20454: 1, 20455: 2}
