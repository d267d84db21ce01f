"""Events: files of raw records or of ECS documents -> batches of ECS documents."""

from detections.events.batch import Batch, Document
from detections.events.batches import Documents, batches
from detections.events.read import read
from detections.events.reading import merge
from detections.events.sources import Settings

__all__ = ["Batch", "Document", "Documents", "Settings", "batches", "merge", "read"]
