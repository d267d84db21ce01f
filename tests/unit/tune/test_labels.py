"""Files that say which alerts are false positives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detections.engine.alert import Alert, Threshold
from detections.errors import EventsError, Finding
from detections.report.json import alert as shown
from detections.tune import Labels, read_labels

ONE = Alert("r", "R", 0, ("e1",), ("bob",))
GROUP = Alert("r", "R", 0, ("e2", "e3"), threshold=Threshold((("user.name", "x"),), 9))


def labels(tmp_path: Path, content: str | bytes) -> tuple[Labels, list[Finding]]:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    findings: list[Finding] = []
    return read_labels(path, "r", {}, findings.append), findings


def test_alerts_as_replay_prints_them(tmp_path: Path) -> None:
    other = Alert("other", "O", 0, ("e9",))
    lines = [json.dumps(shown(one)) for one in (ONE, GROUP, other)]
    for content in ("\n".join(lines), "\r\n\ufeff".join(lines).replace("\ufeff", ""), f"[{','.join(lines)}]"):
        found, findings = labels(tmp_path, content)
        assert (findings, found.others, found.events) == ([], 1, False)
        assert found.of(ONE) == ("e1, bob",)
        assert found.of(GROUP) == ("e2, e3, x",)
        assert found.of(Alert("r", "R", 0, ("e1",), ("eve",))) == (), "another term on the same event"
        assert list(found) == ["e1, bob", "e2, e3, x"]


def test_ids_of_events(tmp_path: Path) -> None:
    for content in ("e1\n\n e2 \r\n", '["e1", "e2"]', '[\n "e1",\n "e2"\n]'):
        found, findings = labels(tmp_path, content)
        assert (findings, list(found), found.events) == ([], ["e1", "e2"], False)
        assert found.of(GROUP) == ("e2",)


def test_events(tmp_path: Path) -> None:
    events = [{"event": {"id": "e1"}}, {"event.id": "e2"}, {"event": {"action": "a"}}]
    for content in ("\n".join(map(json.dumps, events)), json.dumps(events)):
        found, findings = labels(tmp_path, content)
        assert (findings, list(found), found.events) == ([], ["e1", "e2"], True)


def test_what_cannot_be_used_is_reported_with_its_line(tmp_path: Path) -> None:
    good = json.dumps(shown(ONE))
    nameless = json.dumps(shown(ONE) | {"event_ids": []})
    strange = json.dumps(shown(ONE) | {"new_terms": [1]})
    found, findings = labels(tmp_path, "\n".join([good, "{", nameless, strange, "[]", '"x']))
    assert list(found) == ["e1, bob"]
    assert [one.location.line for one in findings] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("content", ["", "\n \n", "[]", "[[[[", b"\xff\xfe\x00", "{", "[" * 100_000, '{"rule_id": 1}'])
def test_a_file_of_nothing_says_nothing(tmp_path: Path, content: str | bytes) -> None:
    found, _ = labels(tmp_path, content)
    assert (list(found), found.of(ONE)) == ([], ())


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EventsError):
        read_labels(tmp_path / "none", "r", {}, print)
