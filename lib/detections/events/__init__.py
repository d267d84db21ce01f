"""Events: files of raw records or of ECS documents -> batches of ECS documents."""

from detections.events.batch import Batch, Document, Share, Shared
from detections.events.batches import Documents, batches
from detections.events.counts import Counts
from detections.events.input import Input, amount, read
from detections.events.reading import merge, unwrapped
from detections.events.sources import Settings

__all__ = [
    "Batch", "Counts", "Document", "Documents", "Input", "Settings", "Share", "Shared", "amount", "batches", "merge",
    "read", "unwrapped",
]  # fmt: skip
