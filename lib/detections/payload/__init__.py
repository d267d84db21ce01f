"""Payloads: a rule as the object that Kibana's create and import APIs take; their canonical form, what two of them
differ in, and the versions of rules."""

from detections.payload.api_object import ordered, to_api
from detections.payload.diff import Difference, diff, render
from detections.payload.lock import Lock, read_lock
from detections.payload.normalise import SERVER_OWNED, normalise, same

__all__ = [
    "SERVER_OWNED",
    "Difference",
    "Lock",
    "diff",
    "normalise",
    "ordered",
    "read_lock",
    "render",
    "same",
    "to_api",
]
