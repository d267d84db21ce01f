"""Kibana's rule preview as an engine."""

from detections.preview.engine import Preview, previewed, started_at

__all__ = ["Preview", "previewed", "started_at"]
