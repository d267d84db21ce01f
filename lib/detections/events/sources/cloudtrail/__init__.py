"""AWS CloudTrail, as Elastic's AWS integration takes it in."""

from __future__ import annotations

from detections.events.batch import Document
from detections.events.sources.cloudtrail.mapping import DATASET, RETAIN, to_ecs
from detections.events.sources.source import Source

SIGNALS = ("eventVersion", "eventSource", "eventName")


def is_record(value: Document) -> bool:
    """Whether an object is a raw record: it has one of CloudTrail's own keys, and no ECS ``event`` yet."""
    return any(key in value for key in SIGNALS) and "event" not in value and "event.action" not in value


CLOUDTRAIL = Source(
    name="cloudtrail",
    dataset=DATASET,
    signals=SIGNALS,
    recognise=is_record,
    mapping=to_ecs,
    time="eventTime",
    identity="eventID",
    settings=(RETAIN,),
    wrapper="Records",
    companions={"digestS3Bucket": "a digest of CloudTrail log files"},
)
