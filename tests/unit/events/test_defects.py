"""Defects of deliveries that each cost no more than themselves."""

import json
import os
from pathlib import Path

import pytest

from detections.errors import Finding
from detections.events import read

RECORD = {"eventName": "x", "eventSource": "e", "eventTime": "2024-01-01T00:00:00Z", "eventVersion": "1.09"}
TEXT = json.dumps(RECORD)


def reading(path: Path) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []
    count = 0
    for batch in read([path], findings.append):
        count += len(batch)
        findings += batch.findings
    return count, findings


@pytest.mark.parametrize(
    ("name", "content", "events", "message"),
    [
        ("comma.json", f'{{"Records":[{TEXT},', 1, "cut off"),
        ("item.json", f'{{"Records":[{TEXT},{TEXT}', 2, "cut off"),
        ("deep.json", f'{{"Records":[{TEXT},{{"x":{"[" * 10_000}{"]" * 10_000}}}]}}', 1, "nested too deeply"),
        ("nul.ndjson", f"{TEXT}\n\0\0\0\n{TEXT}\n", 2, "no JSON"),
        ("null.json", '{"Records":null}', 0, "Records is a list of events, not null"),
        ("text.json", f'{{"Records":[{TEXT},"x"]}}', 1, "an event is an object"),
    ],
)
def test_what_is_whole_is_read_and_the_rest_is_said(
    tmp_path: Path, name: str, content: str, events: int, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    count, findings = reading(path)
    assert count == events
    assert any(message in finding.message for finding in findings), findings


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").write_text(TEXT)
    count, findings = reading(tmp_path)
    assert count == 1
    assert [finding.location.path for finding in findings] == [str(tmp_path / "a.json")]
