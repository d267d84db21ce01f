"""Kubernetes audit events."""

from __future__ import annotations

from typing import Any

import pytest

from detections.events.sources import KUBERNETES, recognise

RECORD: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "RequestResponse",
    "auditID": "a1",
    "stage": "ResponseComplete",
    "requestURI": "/api/v1/namespaces/prod/pods",
    "verb": "create",
    "user": {"username": "system:admin", "uid": "u1", "groups": ["system:masters"], "extra": {}},
    "sourceIPs": ["198.51.100.7", "10.0.0.1"],
    "userAgent": "kubectl/v1.31.0",
    "objectRef": {"resource": "pods", "namespace": "prod", "name": "p", "apiGroup": "", "apiVersion": "v1"},
    "responseStatus": {"metadata": {}, "code": 201},
    "requestObject": {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"image": "evil:1", "securityContext": {"privileged": True}}], "hostPID": True},
    },
    "responseObject": {"metadata": {"uid": "x"}},
    "requestReceivedTimestamp": "2026-02-14T09:30:22.594123Z",
    "stageTimestamp": "2026-02-14T09:30:22.600Z",
    "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""},
}


def test_a_whole_record() -> None:
    assert recognise(RECORD) is KUBERNETES
    audit = {key: RECORD[key] for key in ("kind", "apiVersion", "level", "auditID", "stage", "requestURI", "verb")}
    assert KUBERNETES.to_ecs(RECORD) == {
        "@timestamp": "2026-02-14T09:30:22.594Z",
        "ecs": {"version": "8.11.0"},
        "event": {
            "kind": "event", "module": "kubernetes", "dataset": "kubernetes.audit_logs", "id": "a1", "action": "create",
            "ingested": "2026-02-14T09:30:22.594Z", "outcome": "success",
        },
        "data_stream": {"type": "logs", "dataset": "kubernetes.audit_logs", "namespace": "default"},
        "kubernetes": {
            "audit": {
                **audit,
                "userAgent": "kubectl/v1.31.0",
                "user": {"username": "system:admin", "uid": "u1", "groups": ["system:masters"]},
                "sourceIPs": ["198.51.100.7", "10.0.0.1"],
                "objectRef": {"resource": "pods", "namespace": "prod", "name": "p", "apiVersion": "v1"},
                "responseStatus": {"code": 201},
                "requestObject": {"spec": RECORD["requestObject"]["spec"]},
                "requestReceivedTimestamp": "2026-02-14T09:30:22.594Z",
                "stageTimestamp": "2026-02-14T09:30:22.600Z",
                "annotations": {"authorization_k8s_io/decision": "allow"},
            }
        },
        "user": {"name": "system:admin", "id": "u1"},
        "user_agent": {"original": "kubectl/v1.31.0"},
        "source": {"ip": ["198.51.100.7", "10.0.0.1"]},
        "client": {"ip": ["198.51.100.7", "10.0.0.1"]},
        "orchestrator": {
            "type": "kubernetes", "api_version": "audit.k8s.io/v1", "namespace": "prod",
            "resource": {"name": "p", "type": "pods"},
        },
        "related": {"ip": ["198.51.100.7", "10.0.0.1"], "user": ["u1", "system:admin"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "outcome"), [("allow", "success"), ("forbid", "failure"), ("", None), (None, None)]
)
def test_outcomes(decision: str | None, outcome: str | None) -> None:
    made = KUBERNETES.to_ecs({**RECORD, "annotations": {"authorization.k8s.io/decision": decision}})
    assert made["event"].get("outcome") == outcome


def test_one_address_of_several_that_is_none_refuses_them_all() -> None:
    refused: list[str] = []
    made = KUBERNETES.to_ecs({**RECORD, "sourceIPs": ["::1", "@"]}, refuse=lambda field, _: refused.append(field))
    assert "source" not in made
    assert made["kubernetes"]["audit"]["sourceIPs"] == ["::1", "@"]
    assert refused == ["source.ip"]
