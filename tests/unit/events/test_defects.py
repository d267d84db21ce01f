"""Defects of deliveries that each cost no more than themselves."""

import json
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
        ("nul.ndjson", f"{TEXT}\n\0\0\0\n{TEXT}\n", 2, "not JSON"),
        ("null.json", '{"Records":null}', 0, "Records is null, not a list"),
        ("text.json", f'{{"Records":[{TEXT},"x"]}}', 1, "not an event: a string"),
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
