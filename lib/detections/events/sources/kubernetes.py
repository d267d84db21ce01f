"""Kubernetes audit events, as Elastic's Kubernetes integration takes them in (data stream ``audit_logs``).

Source of the semantics: the integration's ingest pipeline and its published expected documents of 2025. ``@timestamp``,
which is the time of reading there, and ``event.ingested`` are the event's ``requestReceivedTimestamp``;
``event.id`` is its ``auditID``. Left out: the audit logs of GKE, EKS and AKS in the wrappings of their clouds.
"""

from __future__ import annotations

from typing import Any

from detections.events.sources.pruned import Pruned, addresses, copied, instant, keyword, pruned, stream
from detections.events.sources.record import Made, Table, constant
from detections.events.sources.source import Dataset, Source

DATASET = Dataset("kubernetes.audit_logs")
_AUDIT = "kubernetes.audit"
_TEXTS = ("apiVersion", "auditID", "kind", "level", "requestURI", "stage", "userAgent", "verb")
_OBJECTS = ("authenticationMetadata", "impersonatedUser", "objectRef", "responseStatus", "user")
_BODIES = ("requestObject", "responseObject")
_DECISIONS = {"allow": "success", "forbid": "failure"}


def _annotations(record: Pruned) -> Any:
    """The annotations, with underscores for the dots in their names: else they would be objects."""
    value = record.at("annotations")
    return {key.replace(".", "_"): inner for key, inner in value.items()} if isinstance(value, dict) else None


def _outcome(record: Pruned) -> str | None:
    value = record.at("annotations")
    decision = value.get("authorization.k8s.io/decision") if isinstance(value, dict) else None
    return _DECISIONS.get(decision) if isinstance(decision, str) else None


def _body(key: str) -> Made:
    def make(record: Pruned) -> Any:
        value = record.top(key)
        return pruned(
            {name: inner for name, inner in value.items() if name != "metadata"} if isinstance(value, dict) else value
        )

    return Made(f"{_AUDIT}.{key}", (key,), make)


def _whole(key: str) -> Made:
    return Made(f"{_AUDIT}.{key}", (key,), lambda record: record.at(key))


KUBERNETES = Source(
    name="kubernetes",
    dataset=DATASET,
    signals=("auditID",),
    never=("event", "event.action"),
    certain=("auditID",),
    table=Table(
        (
            instant("@timestamp", "requestReceivedTimestamp"),
            instant("event.ingested", "requestReceivedTimestamp"),
            *stream(DATASET, "kubernetes"),
            keyword("event.id", "auditID"),
            keyword("event.action", "verb"),
            Made("event.outcome", ("annotations",), _outcome),
            *(keyword(f"{_AUDIT}.{key}", key) for key in _TEXTS),
            *map(_whole, _OBJECTS),
            *map(_body, _BODIES),
            keyword(f"{_AUDIT}.sourceIPs", "sourceIPs"),
            instant(f"{_AUDIT}.requestReceivedTimestamp", "requestReceivedTimestamp"),
            instant(f"{_AUDIT}.stageTimestamp", "stageTimestamp"),
            Made(f"{_AUDIT}.annotations", ("annotations",), _annotations),
            keyword("user.name", "user.username"),
            keyword("user.id", "user.uid"),
            keyword("user_agent.original", "userAgent"),
            addresses("source.ip", "sourceIPs"),
            copied("client.ip", "source.ip", ("sourceIPs",)),
            constant("orchestrator.type", "kubernetes"),
            keyword("orchestrator.api_version", "apiVersion"),
            keyword("orchestrator.namespace", "objectRef.namespace"),
            keyword("orchestrator.resource.name", "objectRef.name"),
            keyword("orchestrator.resource.type", "objectRef.resource"),
            Made("related.ip", ("sourceIPs",), lambda record: record.related("source.ip")),
            Made("related.user", ("user",), lambda record: record.related("user.id", "user.name")),
        ),
        Pruned,
    ),
    time="requestReceivedTimestamp",
    identity="auditID",
)
