"""Events: files of raw records or of ECS documents -> batches of ECS documents."""

from detections.events.batch import Batch, Document, Share, Shared
from detections.events.batches import Documents, batches
from detections.events.counts import Counts
from detections.events.input import Input, Place, amount, place_of, read
from detections.events.reading import merge, unwrapped
from detections.events.sources import Settings
from detections.events.span import TimeRange

__all__ = [
    "Batch", "Counts", "Document", "Documents", "Input", "Place", "Settings", "Share", "Shared", "TimeRange", "amount",
    "batches", "merge", "place_of", "read", "unwrapped",
]  # fmt: skip
