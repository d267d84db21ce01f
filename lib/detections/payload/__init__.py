"""Payloads: a rule as the object that Kibana's create and import APIs take."""

from detections.payload.api_object import ordered, to_api

__all__ = ["ordered", "to_api"]
