"""The base records of the rules' cases are as tests/events/README.md says."""

import json
from pathlib import Path
from typing import Any

import pytest

from detections.events.sources import CLOUDTRAIL

FOLDER = Path(__file__).parents[2] / "events" / "cloudtrail"
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))
REQUIRED = {
    "eventVersion", "eventTime", "eventSource", "eventName", "eventID", "userIdentity", "awsRegion", "sourceIPAddress",
    "recipientAccountId",
}  # fmt: skip


def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_record_has_the_form_and_maps_without_a_refusal(name: str) -> None:
    record = load(name)
    assert record.keys() >= REQUIRED
    assert (FOLDER / name).read_text(encoding="utf-8") == json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    assert name.replace("_", "").startswith(record["eventName"].lower())
    refused: list[str] = []
    document = CLOUDTRAIL.to_ecs(record, refuse=lambda field, _: refused.append(field))
    assert refused == []
    assert document["event"]["ingested"] == document["@timestamp"] == record["eventTime"].replace("Z", ".000Z")


def test_every_record_has_its_own_id() -> None:
    ids = [load(name)["eventID"] for name in NAMES]
    assert len(NAMES) > 24
    assert len(set(ids)) == len(ids)
