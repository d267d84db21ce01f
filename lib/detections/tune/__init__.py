"""Tuning: the smallest exceptions that silence a rule's false positives, and no alert that is to stay."""

from detections.tune.labels import Labels, read_labels
from detections.tune.model import Entry, Item, Refusal, Tuning
from detections.tune.run import Readings, Subject, tune
from detections.tune.write import as_exception, as_query

__all__ = [
    "Entry", "Item", "Labels", "Readings", "Refusal", "Subject", "Tuning", "as_exception", "as_query", "read_labels",
    "tune",
]  # fmt: skip
