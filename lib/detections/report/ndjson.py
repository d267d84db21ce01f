"""JSON, one object a line."""

from detections.report.json import search as search
