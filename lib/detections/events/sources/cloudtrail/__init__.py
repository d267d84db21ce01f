"""AWS CloudTrail, as Elastic's AWS integration takes it in."""

from __future__ import annotations

from detections.events.sources.cloudtrail.fields import AWS, DATASET, RETAIN, TABLE
from detections.events.sources.source import Source

CLOUDTRAIL = Source(
    name="cloudtrail",
    dataset=DATASET,
    signals=("eventVersion", "eventSource", "eventName"),
    never=("event", "event.action"),
    certain=("eventSource", "eventName"),
    table=TABLE,
    time="eventTime",
    identity="eventID",
    settings=(RETAIN, AWS),
    wrapper="Records",
    companions={"digestS3Bucket": "a digest of CloudTrail log files"},
)
