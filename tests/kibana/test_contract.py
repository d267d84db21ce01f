"""The contract is an OpenAPI document, and the stand-in refuses what breaks it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from kibana_stand_in import contract

from detections.kibana import client

ROOT = Path(__file__).parents[2]
RULES = "/api/detection_engine/rules"
RULE = {
    "rule_id": "a", "name": "A", "description": "A.", "type": "query", "query": "a: 1", "risk_score": 21,
    "severity": "low",
}  # fmt: skip


def ask(stand_in: Any, method: str, path: str, body: Any = None, **headers: str | None) -> tuple[int, Any]:
    """A request as another client would send it; None takes a header away."""
    sent = {
        "authorization": f"ApiKey {stand_in.secrets[1]}", "kbn-xsrf": "x", "elastic-api-version": "2023-10-31",
    }  # fmt: skip
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    if data is not None:
        sent["content-type"] = "application/json"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    known = {name: value for name, value in sent.items() if value is not None}
    request = urllib.request.Request(stand_in.url + path, data, known, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_every_schema_is_one_and_every_reference_leads_somewhere():
    document = contract.document()
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    text = contract.FILE.read_text()
    for reference in set(re.findall(r'"#/([^"]+)"', text)):
        found = document
        for name in reference.split("/"):
            found = found[name]
        assert found


def test_every_operation_says_what_it_is_and_what_it_takes():
    for path, operations in contract.document()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"]
            names = [one.get("$ref", "").rpartition("/")[2] for one in operation["parameters"]]
            assert ("Xsrf" in names) == (method != "get"), (path, method)
            assert "ApiVersion" in names


def test_every_path_of_the_client_is_in_the_contract():
    text = Path(client.__file__).read_text() + Path(client.__file__).with_name("http.py").read_text()
    used = set(re.findall(r'"(/api/[^"]+)"', text))
    assert used
    templates = set(contract.document()["paths"])
    assert {path for path in used if not any(template.startswith(path) for template in templates)} == set()


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "message"),
    [
        ("POST", RULES, RULE, {"kbn_xsrf": None}, 400, "Request must contain a kbn-xsrf header."),
        ("GET", f"{RULES}?rule_id=a", None, {"elastic_api_version": None}, 400, "elastic-api-version"),
        ("GET", f"{RULES}?rule_id=a", None, {"elastic_api_version": "1"}, 400, "elastic-api-version"),
        ("GET", RULES, None, {}, 400, "either id or rule_id must be set"),
        ("GET", f"{RULES}?rule_id=a&id=b", None, {}, 400, "either id or rule_id must be set"),
        ("GET", f"{RULES}/_find?perPage=3", None, {}, 400, "perPage: there is no such parameter"),
        ("GET", f"{RULES}/_find?page=0", None, {}, 400, "page"),
        ("GET", f"{RULES}/_find?sort_field=rule_id", None, {}, 400, "sort_field"),
        ("PATCH", RULES, RULE, {}, 404, "not in the contract"),
        ("GET", "/api/detection_engine/signals", None, {}, 404, "not in the contract"),
        ("GET", "/internal/detection_engine/health/_rule", None, {}, 404, "not in the contract"),
        ("POST", RULES, b"{", {}, 400, "Invalid JSON payload"),
        ("POST", RULES, b"{}", {"content_type": "text/plain"}, 415, "Unsupported Media Type"),
        ("DELETE", f"{RULES}?rule_id=a", {}, {}, 400, "there is none in this request"),
        ("POST", f"{RULES}/_bulk_action", {"action": "enable", "ids": ["a"], "query": ""}, {}, 400, "body"),
        ("POST", f"{RULES}/_bulk_action", {"action": "enable", "ids": ["a"] * 101}, {}, 400, "ids"),
        ("POST", f"{RULES}/_bulk_action", {"action": "explode", "ids": ["a"]}, {}, 400, "action"),
        ("POST", f"{RULES}/_bulk_action?dry_run=yes", {"action": "enable", "ids": ["a"]}, {}, 400, "dry_run"),
        ("POST", f"{RULES}/_import", RULE, {}, 415, "Unsupported Media Type"),
        ("POST", "/api/exception_lists", {"name": "x"}, {}, 400, "required"),
        ("POST", "/api/console/proxy?path=/x&method=GET", {}, {}, 400, "x-elastic-internal-origin"),
    ],
)
def test_what_breaks_the_contract_is_refused_and_remembered(stand_in, method, path, body, headers, status, message):
    code, answer = ask(stand_in, method, path, body, **headers)
    assert code == status
    assert answer["statusCode"] == status
    assert message in answer["message"]
    [breach] = stand_in.breaches
    assert message in breach
    stand_in.breaches.clear()


BAD = [
    ({"type": "correlation"}, "type"),
    ({"severity": "severe"}, "severity"),
    ({"risk_score": 101}, "risk_score"),
    ({"type": "eql"}, "language"),
    ({"type": "esql", "query": "from x", "language": "kuery"}, "language"),
    ({"type": "threshold"}, "threshold"),
    ({"type": "threshold", "threshold": {"field": "a", "value": 0}}, "threshold.value"),
    ({"type": "new_terms", "new_terms_fields": list("abcd"), "history_window_start": "now-7d"}, "new_terms_fields"),
    ({"exceptions_list": [{"list_id": "l", "type": "detection", "namespace_type": "single"}]}, "exceptions_list"),
    ({"note": None}, "note"),
    ({"tags": "ours"}, "tags"),
    ({"interval": "5 minutes"}, "interval"),
]


@pytest.mark.parametrize(("changes", "field"), BAD)
def test_a_rule_that_kibana_would_refuse_is_refused_and_is_no_breach(stand_in, changes, field):
    code, answer = ask(stand_in, "POST", RULES, RULE | changes)
    assert (code, field in answer["message"]) == (400, True), answer
    assert not stand_in.breaches


def test_fields_that_a_type_does_not_have_are_dropped(stand_in):
    esql = RULE | {"type": "esql", "language": "esql", "query": "FROM x", "index": ["x"], "nonsense": 1}
    code, answer = ask(stand_in, "POST", RULES, esql)
    assert code == 200
    assert {"index", "nonsense"}.isdisjoint(answer)


def test_the_file_of_an_import_must_be_ndjson(stand_in):
    from_form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="rules.json"\r\n\r\n{}\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    code, answer = ask(stand_in, "POST", f"{RULES}/_import", from_form, content_type=kind)
    assert (code, answer) == (400, {"status_code": 400, "message": "Invalid file extension .json"})


def test_an_import_has_at_most_so_many_bytes(stand_in):
    code, _ = ask(
        stand_in, "POST", f"{RULES}/_import", b"x" * 10_485_761, content_type="multipart/form-data; boundary=x"
    )
    assert code == 413
    stand_in.breaches.clear()


def test_the_contract_travels_with_the_sources():
    assert contract.FILE == ROOT / "etc/kibana/openapi.json"
