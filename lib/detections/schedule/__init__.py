"""Replay: the rules run over a span of time."""

from detections.schedule.record import Record
from detections.schedule.slices import Searched, Slice, SlicedReplay
from detections.schedule.window import replay, window

__all__ = ["Record", "Searched", "Slice", "SlicedReplay", "replay", "window"]
