"""Events: files of raw CloudTrail or of ECS documents -> batches of ECS documents."""

from detections.events.batch import Batch, Document
from detections.events.batches import Documents, batches
from detections.events.cloudtrail import RETAIN, Retain, to_ecs
from detections.events.read import read
from detections.events.reading import merge

__all__ = ["RETAIN", "Batch", "Document", "Documents", "Retain", "batches", "merge", "read", "to_ecs"]
