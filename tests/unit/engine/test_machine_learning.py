"""Rules of machine learning over anomalies that come as documents."""

from __future__ import annotations

from typing import Any

import pytest

from detections.engine import Embedded
from detections.errors import Finding
from detections.events import Document, batches
from detections.schedule import executions, replay
from made_rules import QUERY, rule_of

NOON = 1_768_392_000_000
RULE = rule_of(
    'type = "machine_learning"\nanomaly_threshold = 50\nmachine_learning_job_id = ["rare"]\nfrom = "now-45m"',
    "ml",
    index="",
)


def anomaly(number: int, **more: Any) -> Document:
    record = {"job_id": "rare", "result_type": "record", "record_score": 50.0, "is_interim": False}
    return {
        "_index": ".ml-anomalies-shared",
        "timestamp": NOON + number,
        "event": {"id": f"a{number}"},
        **record,
        **more,
    }


def run(documents: list[Document], *, schedule: bool) -> tuple[list[tuple[str, ...]], list[str]]:
    said: list[Finding] = []
    engine = Embedded(report=said.append)
    rules = [RULE, rule_of(QUERY)]
    if schedule:
        found = [
            alert for one in executions(rules, batches(documents), engine, report=said.append) for alert in one.alerts
        ]
    else:
        found = list(replay(rules, batches(documents), engine, report=said.append))
    return [alert.event_ids for alert in found if alert.rule_id == "ml"], [one.message for one in said]


@pytest.mark.parametrize("schedule", [False, True])
def test_which_anomalies_alert(schedule: bool) -> None:
    documents = [
        anomaly(0), anomaly(1, record_score=49.99), anomaly(2, job_id="other"), anomaly(3, is_interim=True),
        anomaly(4, result_type="bucket"), anomaly(5, record_score=99.0), anomaly(6, _index="logs-x"),
    ]  # fmt: skip
    assert run(documents, schedule=schedule) == ([("a0",), ("a5",)], [])


@pytest.mark.parametrize("schedule", [False, True])
def test_without_anomalies_it_is_said_that_it_was_not_run(schedule: bool) -> None:
    logs = [{"@timestamp": NOON, "event": {"id": "e", "action": "a"}, "_index": "logs-x"}]
    found, said = run(logs, schedule=schedule)
    assert (found, len(said)) == ([], 1)
    assert "ml is not replayed: there are no anomalies among the events" in said[0]
    assert run([anomaly(0, job_id="other"), *logs], schedule=schedule) == ([], [])
    assert list(replay([RULE], batches(logs), Embedded())) == []
