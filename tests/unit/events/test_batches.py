import pickle
from typing import Any

import pytest

from detections.events.batches import Documents, JsonLines, JsonText, batches
from detections.events.reading import merge

RAW = b'{"eventVersion": "1.08", "eventSource": "ec2.amazonaws.com", "eventName": "CreateRoute", "eventID": "r"}'
PATHS = ["event.action", "event.id"]


def lines(data: bytes, ordinal: int = 0, line: int = 1) -> JsonLines:
    return JsonLines(ordinal, "f.ndjson", data, line, {})


def ecs(action: str, number: int) -> bytes:
    return f'{{"event": {{"action": "{action}", "id": {number}}}}}\n'.encode()


def test_plain_lines() -> None:
    batch = lines(ecs("a", 1) + ecs("b", 2))
    assert batch.columns(PATHS) == [["a", "b"], [1, 2]]
    assert len(batch) == 2
    assert batch.document(1) == {"event": {"action": "b", "id": 2}}
    assert batch.columns(PATHS) == [["a", "b"], [1, 2]]
    assert batch.findings == []


@pytest.mark.parametrize("first", ["columns", "len", "document"])
def test_lines_of_every_shape_keep_their_order(first: str) -> None:
    data = b"".join(
        (
            ecs("a", 1), b"\n", RAW, b"\r\n", b'{"event.action": "c", "event": {"id": 3}}\n', b"no json\n",
            b'{"_id": "h", "_index": "i", "_score": 1, "_source": {"event": {"action": "d", "id": 4}}}\n',
            b'[{"event": {"action": "e", "id": 5}}, {"event": {"action": "f", "id": 6}}] {"event.action": "g"}\n',
            b"5\n", b'{"digestS3Bucket": "b", "logFiles": []}\n', ecs("z", 9),
        )
    )  # fmt: skip
    batch = lines(data)
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
    found = {(finding.location.line, finding.code) for finding in batch.findings}
    assert found == {(5, "event-syntax"), (8, "event-shape"), (9, "event-shape")}


def test_a_line_that_other_paths_find_odd() -> None:
    batch = lines(b'{"a.b": 1, "c": 2}\n\n{"a": {"b": 3}}\n')
    assert batch.columns(["c"]) == [[2, None]]
    assert batch.columns(["a.b"]) == [[1, 3]]
    assert batch.columns(["Records.x", "c"]) == [[None, None], [2, None]]


def test_lines_of_several_values_are_found_again() -> None:
    batch = lines(b'{"a": 1} {"a": 2}\n{"a": 3}\n')
    assert batch.columns(["a"]) == [[1, 2, 3]]
    assert [batch.document(row) for row in range(len(batch))] == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_pickled_batch_reads_the_same_and_says_the_same() -> None:
    batch = lines(ecs("a", 1) + b"broken\n" + RAW, ordinal=7, line=11)
    before = batch.columns(PATHS)
    copy = pickle.loads(pickle.dumps(batch))
    assert (copy.ordinal, len(copy), copy.columns(PATHS)) == (7, 2, before)
    assert copy.findings == batch.findings
    assert [finding.location.line for finding in copy.findings] == [12]
    text = JsonText(1, "f.json", b'{\n"a": 1}\n5', 1, {})
    assert text.columns(["a"]) == pickle.loads(pickle.dumps(text)).columns(["a"]) == [[1]]
    assert pickle.loads(pickle.dumps(text)).findings == []


def test_bad_places_are_shown_up_to_ten_and_then_counted() -> None:
    batches = [lines(b"x\n" * 25, line=1), lines(b"x\n" * 15, line=26)]
    assert [len(batch) for batch in batches] == [0, 0]
    found = merge(finding for batch in batches for finding in batch.findings)
    assert [finding.location.line for finding in found if finding.location.line] == [*range(1, 11), *range(26, 36)]
    assert [finding.count for finding in found if not finding.location.line] == [15 + 5]


def test_refused_values_are_one_finding_a_field_and_file() -> None:
    record = RAW.replace(b"{", b'{"sourceIPAddress": "201.252.42.03", ', 1) + b"\n"
    found = []
    for batch in (lines(record * 3), lines(record * 2)):
        batch.columns(PATHS)
        found += batch.findings
    (finding,) = merge(found)
    assert (finding.code, finding.count, finding.location.path) == ("event-value", 5, "f.ndjson")
    assert "source.ip" in finding.message
    assert "201.252.42.03" in finding.hint


def test_the_setting_reaches_the_mapping() -> None:
    record = RAW.replace(b"{", b'{"requestParameters": {"a": 1}, ', 1)
    batch = JsonLines(0, "f", record, 1, {"retain": "keyword"})
    assert batch.columns(["aws.cloudtrail.request_parameters", "aws.cloudtrail.flattened"]) == [["{a=1}"], [None]]


@pytest.mark.parametrize(
    "value",
    [
        b'{"Records": [%s,\n %s]}',
        b"[%s,\n [%s]]",
        b"%s\n%s",
        b'{"hits": {"total": 2, "hits": [{"_source": %s}, {"_source": %s}]}}',
    ],
)
def test_whole_texts_of_every_shape(value: bytes) -> None:
    batch = JsonText(0, "f.json", value % (RAW, RAW.replace(b"CreateRoute", b"DeleteRoute")), 1, {})
    assert batch.columns(["event.action"]) == [["CreateRoute", "DeleteRoute"]]
    assert batch.findings == []


@pytest.mark.parametrize(
    ("document", "action"),
    [
        (b'{"@timestamp": "t", "eventVersion": "1", "eventName": "A"}', "A"),
        (b'{"eventSource": "s", "eventName": "A", "event": {"action": "B"}}', "B"),
        (b'{"eventSource": "s", "eventName": "A", "event.action": "B"}', "B"),
        (b'{"eventName": "A"}', "A"),
        (b'{"userIdentity": {"type": "Root"}}', None),
    ],
)
def test_what_is_a_raw_record(document: bytes, action: str | None) -> None:
    assert lines(document).columns(["event.action"]) == [[action]]


def test_hits_keep_their_metadata_only() -> None:
    hit = b'{"_id": "x", "_index": "logs", "_version": 3, "_score": 1.0, "sort": [1], "_source": {"@timestamp": "t"}}'
    batch = JsonText(0, "f", hit, 1, {})
    assert batch.document(0) == {"@timestamp": "t", "_id": "x", "_index": "logs", "_version": 3}


def test_a_document_that_is_nested_too_deeply_loses_that_field() -> None:
    deep = b'{"x.y": 1, "ok": 2, "deep": ' + b"[" * 200 + b"]" * 200 + b"}\n"
    batch = lines(deep + b"\n" + b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}\n" + ecs("a", 1))
    assert batch.columns(["x.y", "event.action"]) == [[1, None], [None, "a"]]
    assert batch.document(0) == {"x.y": 1, "ok": 2}
    assert {finding.message for finding in batch.findings} == {
        "deep is nested too deeply and left out",
        "this is no JSON: nested too deeply",
    }


def test_documents_are_taken_as_they_are() -> None:
    documents: list[dict[str, Any]] = [{"event.action": number} for number in range(5)]
    made = list(batches(iter(documents), batch_size=2))
    assert [(batch.ordinal, len(batch)) for batch in made] == [(0, 2), (1, 2), (2, 1)]
    assert [value for batch in made for value in batch.columns(["event.action"])[0]] == [0, 1, 2, 3, 4]
    assert [document for batch in made for document in batch.documents()] == documents
    assert isinstance(made[0], Documents)
    assert list(batches([])) == []
