"""When rules run, and over which time: a replay, in one window or slice by slice."""

from detections.schedule.record import Record
from detections.schedule.slices import Searched, Slice, SlicedReplay
from detections.schedule.window import replay, window_of

__all__ = ["Record", "Searched", "Slice", "SlicedReplay", "replay", "window_of"]
