"""Replay: the rules run over a span of time."""

from detections.replay.window import plans_of, replay, window

__all__ = ["plans_of", "replay", "window"]
