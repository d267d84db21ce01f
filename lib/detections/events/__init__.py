"""Events: files of raw records or of ECS documents -> batches of ECS documents."""

from detections.events.batch import Batch, Document, Share
from detections.events.batches import Documents, batches
from detections.events.counts import Counts
from detections.events.input import Input, read
from detections.events.reading import merge
from detections.events.sources import Settings

__all__ = ["Batch", "Counts", "Document", "Documents", "Input", "Settings", "Share", "batches", "merge", "read"]
