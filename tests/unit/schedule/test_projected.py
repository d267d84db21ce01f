"""All rules of the project raise the same alerts whether events are made whole or only what rules ask for."""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.engine import Embedded
from detections.engine.alert import Alert
from detections.events import Counts, encoded, read
from detections.events.sources import CLOUDTRAIL
from detections.schedule import replay

REPO = Path(__file__).parents[3]
CAPTURES = REPO.parent / "shared" / "data" / "cloudtrail"
COUNT = 3000


def records(chance: random.Random) -> Iterator[dict[str, Any]]:
    """The base records of the cases, each changed here and there."""
    known = [json.loads(path.read_text()) for path in sorted((REPO / "tests/events/cloudtrail").glob("*.json"))]
    keys = sorted({key for record in known for key in record})
    for number in range(COUNT):
        record = dict(chance.choice(known))
        record["eventID"] = f"{number:06}"
        record["eventTime"] = f"2026-01-{1 + number % 28:02}T10:{chance.randrange(60):02}:00Z"
        if chance.random() < 0.3:
            record[chance.choice(keys)] = chance.choice([None, "", "-", 7, {"a": "b"}, "Client.UnauthorizedOperation"])
        if chance.random() < 0.2:
            record["requestParameters"] = chance.choice(known).get("requestParameters")
        if chance.random() < 0.1:
            record.pop(chance.choice(keys), None)
        yield record


def alerts(path: Path, jobs: int = 1) -> tuple[list[Alert], Counts]:
    counts: list[Counts] = []
    rules = detections.load_rules(REPO / "rules")
    engine = Embedded(jobs, count=counts.append)
    return list(replay(rules, read([path], print), engine)), sum(counts, Counts())


def write(folder: Path, layout: str) -> Path:
    made = list(records(random.Random(5)))
    if layout == "raw":
        for number in range(0, COUNT, 500):
            text = json.dumps({"Records": made[number : number + 500]})
            (folder / f"{number:05}.json.gz").write_bytes(gzip.compress(text.encode(), 1))
    else:
        values = map(CLOUDTRAIL.to_ecs, made) if layout == "ecs" else made
        (folder / "events.ndjson").write_text("".join(json.dumps(value) + "\n" for value in values))
    return folder


@pytest.mark.parametrize("layout", ["raw", "lines", "ecs"])
def test_alerts_of_a_projection_are_those_of_whole_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    path = write(tmp_path, layout)
    projected, counts = alerts(path)
    shared, _ = alerts(path, jobs=2)
    monkeypatch.setattr(encoded, "projections", lambda paths, settings: [])
    whole, everything = alerts(path)
    assert len({alert.rule_id for alert in whole}) > 20
    assert projected == whole == shared
    assert counts.whole < COUNT / 10
    assert everything.whole == everything.events == counts.events == COUNT
    assert (counts.first, counts.last) == (everything.first, everything.last)


def test_alerts_on_the_captures(monkeypatch: pytest.MonkeyPatch) -> None:
    if not CAPTURES.exists():
        pytest.skip("../shared is not there")
    projected, counts = alerts(CAPTURES)
    monkeypatch.setattr(encoded, "projections", lambda paths, settings: [])
    whole, _ = alerts(CAPTURES)
    assert len(whole) > 10
    assert projected == whole
    assert counts.whole == 0
