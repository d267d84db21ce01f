"""Okta's system log."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from detections.events.sources import OKTA, recognise

RECORD: dict[str, Any] = {
    "uuid": "2f0c7d5e-0000-4000-8000-1234567890ab",
    "published": "2026-02-14T09:30:22.594Z",
    "eventType": "user.session.start",
    "version": "0",
    "severity": "INFO",
    "legacyEventType": "core.user_auth.login_success",
    "displayMessage": "User login to Okta",
    "actor": {
        "id": "00u1", "type": "User", "alternateId": "mira.k@example.com", "displayName": "Mira K", "detailEntry": None,
    },
    "client": {
        "userAgent": {"rawUserAgent": "Mozilla/5.0 (X11)", "os": "Linux", "browser": "FIREFOX"},
        "zone": "null", "device": "Computer", "id": None, "ipAddress": "198.51.100.7",
        "geographicalContext": {
            "city": "Berlin", "state": "Berlin", "country": "Germany", "postalCode": "10115",
            "geolocation": {"lat": 52.5, "lon": 13.4},
        },
    },
    "device": {"id": "guo1", "managed": True, "device_integrator": "{\"a\": {\"b\": 1}}"},
    "outcome": {"result": "SUCCESS", "reason": None},
    "target": [
        {"id": "g1", "type": "UserGroup", "alternateId": "unknown", "displayName": "Admins", "detailEntry": None},
        {
            "id": "00u2", "type": "User", "alternateId": "a@example.com", "displayName": "A", "login": "a@example.com",
            "detailEntry": {"methodTypeUsed": "Password", "other": 1},
        },
        {"id": "00u3", "type": "User", "displayName": "B"},
    ],
    "transaction": {"type": "WEB", "id": "t1", "detail": {"requestApiTokenId": "tok"}},
    "debugContext": {
        "debugData": {
            "requestId": "r1", "requestUri": "/api/v1/authn", "url": "/api/v1/authn?", "threatSuspected": "false",
            "dtHash": "d1", "deviceFingerprint": "f1", "factor": "PASSWORD", "clientSecret": "x",
            "behaviors": "{New Geo-Location=NEGATIVE, New Device=POSITIVE, New IP=POSITIVE}",
            "risk": "{reasons=Anomalous Device, Anomalous Location, level=HIGH}",
        }
    },
    "authenticationContext": {
        "authenticationStep": 0, "externalSessionId": "s1", "authenticationProvider": None, "interface": "web",
        "issuer": {"id": "i1", "type": "x"},
    },
    "securityContext": {
        "asNumber": 64496, "asOrg": "example net", "isp": "isp", "domain": "example.net", "isProxy": False,
    },
    "request": {"ipChain": [{"ip": "198.51.100.7", "geographicalContext": {"postalCode": "10115"}, "version": "V4"}]},
}  # fmt: skip

DEBUG = RECORD["debugContext"]["debugData"]


def changed(key: str, **values: Any) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    record[key] = {**record[key], **values}
    return record


def with_debug(**values: Any) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    record["debugContext"]["debugData"].update(values)
    made: dict[str, Any] = OKTA.to_ecs(record)["okta"]["debug_context"]["debug_data"]
    return made


def test_a_whole_record() -> None:
    assert recognise(RECORD) is OKTA
    assert OKTA.to_ecs(RECORD) == {
        "@timestamp": "2026-02-14T09:30:22.594Z",
        "ecs": {"version": "8.11.0"},
        "event": {
            "kind": "event", "module": "okta", "dataset": "okta.system", "id": RECORD["uuid"],
            "ingested": "2026-02-14T09:30:22.594Z", "action": "user.session.start", "outcome": "success",
            "category": ["authentication", "session"], "type": ["start", "info"],
        },
        "data_stream": {"type": "logs", "dataset": "okta.system", "namespace": "default"},
        "okta": {
            "uuid": RECORD["uuid"], "event_type": "user.session.start", "display_message": "User login to Okta",
            "severity": "INFO", "version": "0",
            "actor": {"alternate_id": "mira.k@example.com", "display_name": "Mira K", "id": "00u1", "type": "User"},
            "client": {
                "device": "Computer", "zone": "null", "ip": "198.51.100.7",
                "user_agent": {"browser": "FIREFOX", "os": "Linux", "raw_user_agent": "Mozilla/5.0 (X11)"},
            },
            "device": {"id": "guo1", "managed": True, "device_integrator": {"a": {"b": 1}}},
            "outcome": {"result": "SUCCESS"},
            "target": [
                {"id": "g1", "type": "UserGroup", "alternate_id": "unknown", "display_name": "Admins"},
                {
                    "id": "00u2", "type": "User", "alternate_id": "a@example.com", "display_name": "A",
                    "login": "a@example.com", "detailEntry": {"methodTypeUsed": "Password"},
                },
                {"id": "00u3", "type": "User", "display_name": "B"},
            ],
            "transaction": {"id": "t1", "type": "WEB", "detail": {"request_api_token_id": "tok"}},
            "debug_context": {
                "debug_data": {
                    "flattened": {
                        **DEBUG,
                        "behaviors": {"New Geo-Location": "NEGATIVE", "New Device": "POSITIVE", "New IP": "POSITIVE"},
                        "risk": {"level": "HIGH", "reasons": "Anomalous Device, Anomalous Location"},
                    },
                    "device_fingerprint": "f1", "dt_hash": "d1", "factor": "PASSWORD", "request_id": "r1",
                    "request_uri": "/api/v1/authn", "threat_suspected": "false", "url": "/api/v1/authn?",
                    "risk_level": "HIGH", "risk_reasons": ["Anomalous Device", "Anomalous Location"],
                    "risk_behaviors": ["New Device", "New IP"],
                }
            },
            "authentication_context": {
                "authentication_provider": "web", "authentication_step": 0, "external_session_id": "s1",
                "issuer": {"id": "i1", "type": "x"},
            },
            "security_context": {
                "as": {"number": 64496, "organization": {"name": "example net"}}, "domain": "example.net",
                "is_proxy": False, "isp": "isp",
            },
            "request": {
                "ip_chain": [{"ip": "198.51.100.7", "geographical_context": {"postal_code": "10115"}, "version": "V4"}]
            },
        },
        "user": {
            "name": "mira.k", "full_name": "Mira K",
            "target": {
                "full_name": "A", "id": "00u2", "email": "a@example.com", "group": {"name": "Admins", "id": "g1"}
            },
        },
        "client": {
            "ip": "198.51.100.7", "domain": "example.net", "as": {"organization": {"name": "example net"}},
            "user": {"name": "mira.k", "id": "00u1", "full_name": "Mira K"},
            "geo": {
                "location": {"lat": 52.5, "lon": 13.4}, "city_name": "Berlin", "region_name": "Berlin",
                "country_name": "Germany",
            },
        },
        "source": {
            "ip": "198.51.100.7", "domain": "example.net",
            "user": {"name": "mira.k", "id": "00u1", "full_name": "Mira K"},
        },
        "user_agent": {"original": "Mozilla/5.0 (X11)", "name": "Other", "device": {"name": "Other"}},
        "related": {"user": ["Mira K", "A", "mira.k"], "ip": ["198.51.100.7"]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("ALLOW", "success"), ("DENY", "failure"), ("FAILURE", "failure"), ("SKIPPED", "unknown"), (None, "unknown")],
)
def test_outcomes(result: str | None, outcome: str) -> None:
    assert OKTA.to_ecs(changed("outcome", result=result))["event"]["outcome"] == outcome


def test_what_is_only_logged_says_the_risk_first() -> None:
    made = with_debug(logOnlySecurityData=json.dumps({"risk": {"level": "LOW", "reasons": "x,y"}, "empty": ""}))
    assert (made["risk_level"], made["risk_reasons"]) == ("LOW", ["x", "y"])
    assert made["flattened"]["logOnlySecurityData"] == {"risk": {"level": "LOW", "reasons": "x,y"}}


@pytest.mark.parametrize("text", ["{level=LOW}", "{level=LOW, reasons=a}", "{reasons=a, level=LOW}"])
def test_risks_that_can_be_split(text: str) -> None:
    assert with_debug(risk=text)["risk_level"] == "LOW"


@pytest.mark.parametrize("text", ["", "HIGH", "{}", "{x}", "[1, 2"])
def test_a_risk_of_no_known_form_stays_what_it_is(text: str) -> None:
    made = with_debug(risk=text, behaviors=text, logOnlySecurityData=text)
    assert "risk_level" not in made
    assert "risk_behaviors" not in made
    assert made["flattened"].get("risk", "") == text


def test_an_address_that_is_none_is_refused() -> None:
    refused: list[str] = []
    made = OKTA.to_ecs(changed("client", ipAddress="198.51.100.300"), refuse=lambda field, _: refused.append(field))
    assert "ip" not in made["okta"]["client"]
    assert "ip" not in made["source"]
    assert refused == ["okta.client.ip"]
