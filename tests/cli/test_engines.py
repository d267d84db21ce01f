"""``--on``: which engine runs the rules, and with which server and credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from detections.cli.on_elasticsearch import named_server
from detections.errors import UsageError


def test_a_server_without_saying_so(run: Callable[..., Any], project: Path) -> None:
    outcome = run("test", "--elasticsearch", "http://127.0.0.1:1")
    assert (outcome.code, outcome.out) == (2, "")
    assert "use --on elasticsearch" in outcome.err


def test_a_server_that_is_none(
    run: Callable[..., Any], project: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/").respond_with_json({"hello": "secret"}, headers={"X-other": "1"})
    monkeypatch.setenv("ELASTICSEARCH_URL", httpserver.url_for("/"))
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "c2VjcmV0")
    outcome = run("test", "--on", "elasticsearch")
    assert outcome.code == 1
    assert f"GET {httpserver.url_for('/')} answered 200: this is not an Elasticsearch server" in outcome.err
    assert "c2VjcmV0" not in outcome.err + outcome.out


def test_a_url_and_an_image(run: Callable[..., Any], project: Path) -> None:
    outcome = run("test", "--on", "elasticsearch", "--elasticsearch", "http://127.0.0.1:1", "--docker", "image")
    assert (outcome.code, "use one of them" in outcome.err) == (2, True)


def test_cases_run_on_a_node_of_our_own(
    run: Callable[..., Any], project: Path, elasticsearch_node: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELASTICSEARCH_URL", elasticsearch_node.url)
    outcome = run("test", "--on", "elasticsearch", "--format", "json")
    told = json.loads(outcome.out)
    assert outcome.code == 0
    assert told["summary"]["cases"] == told["summary"]["passed"] > 10
    lines = outcome.err.splitlines()
    assert lines[0] == f"on Elasticsearch {elasticsearch_node.version}"
    assert any(line.startswith("keyword instead of constant_keyword (") for line in lines)


def test_where_the_server_is() -> None:
    assert named_server(None, {}) is None
    assert named_server(None, {"ELASTICSEARCH_API_KEY": "k"}) is None
    found = named_server("http://a:1", {"ELASTICSEARCH_URL": "http://b:2", "ELASTICSEARCH_CA_FILE": "/ca.pem"})
    assert found is not None and (found.url, found.ca_file) == ("http://a:1", Path("/ca.pem"))


def test_credentials_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    names = {"ELASTICSEARCH_USERNAME": "me", "ELASTICSEARCH_PASSWORD_FILE": str(tmp_path / "password")}
    found = named_server("http://a:1", names)
    assert found is not None and found.basic == ("me", "secret")
    assert "secret" not in repr(found)


def test_a_file_of_credentials_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"^ELASTICSEARCH_API_KEY_FILE: /none cannot be read: No such file"):
        named_server("http://a:1", {"ELASTICSEARCH_API_KEY_FILE": "/none"})
