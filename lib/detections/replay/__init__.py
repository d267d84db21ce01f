"""Replay: the rules run over a span of time."""

from detections.replay.window import replay, window

__all__ = ["replay", "window"]
