"""Replay: the rules run over a span of time."""

from detections.replay.record import Record
from detections.replay.slices import Searched, Slice, SlicedReplay
from detections.replay.window import replay, window

__all__ = ["Record", "Searched", "Slice", "SlicedReplay", "replay", "window"]
