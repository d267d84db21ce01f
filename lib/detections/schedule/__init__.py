"""When rules run, and over which time: a replay, in one window, slice by slice, or as the scheduler runs them."""

from detections.schedule.record import Record
from detections.schedule.scheduled import Execution, Executor, executable, executions, played
from detections.schedule.slices import Searched, Slice, SlicedReplay
from detections.schedule.ticks import Outage, Tick, ticks
from detections.schedule.window import replay, window_of

__all__ = [
    "Execution", "Executor", "Outage", "Record", "Searched", "Slice", "SlicedReplay", "Tick", "executable",
    "executions", "played", "replay", "ticks", "window_of",
]  # fmt: skip
