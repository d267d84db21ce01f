"""Payloads: a rule as the object that Kibana's create and import APIs take."""

from detections.payload.api_object import to_api

__all__ = ["to_api"]
