"""Reaching servers, Elasticsearch and Kibana alike: connections with their secrets, one HTTP client, answers that are
decoded once."""

from detections.server.connection import MAX_TIMEOUT, Connection, connection
from detections.server.credentials import Credentials, secret
from detections.server.http import Http, Query
from detections.server.mask import Mask
from detections.server.response import Form, Response, Undecoded
from detections.server.send import RETRIED, Answer, Backoff, patiently
from detections.server.wire import MAX_ANSWER, Lost

__all__ = [
    "MAX_ANSWER", "MAX_TIMEOUT", "RETRIED", "Answer", "Backoff", "Connection", "Credentials", "Form", "Http", "Lost",
    "Mask", "Query", "Response", "Undecoded", "connection", "patiently", "secret",
]  # fmt: skip
