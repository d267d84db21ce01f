"""Reaching servers: connections with their secrets, and patience. What Elasticsearch and Kibana have in common."""

from detections.server.connection import Connection, connection
from detections.server.send import RETRIED, Answer, Backoff, patiently

__all__ = ["RETRIED", "Answer", "Backoff", "Connection", "connection", "patiently"]
