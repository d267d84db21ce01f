"""`detections fields`: looking up, and declaring fields of your own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

Run = Callable[..., Any]
CONFIG = '[tool.detections]\nprofiles = ["house"]\nfields = ["fields/*.toml"]\n'
MAPPING = {"properties": {"acme": {"properties": {"origin": {"type": "ip"}, "took": {"type": "long"}}}}}
NAMED = 'name them in pyproject.toml: [tool.detections] fields = ["fields/*.toml"]'


def package(folder: Path) -> Path:
    for path, text in {
        "manifest.yml": "name: acme\nversion: 1.2.0\ntype: integration\n",
        "data_stream/app/manifest.yml": "type: logs\n",
        "data_stream/app/fields/fields.yml": "- name: acme.origin\n  type: ip\n- name: acme.took\n  type: integer\n",
    }.items():
        (folder / "acme" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "acme" / path).write_text(text)
    return folder / "acme"


def test_a_field_is_looked_up_with_its_sources_and_rules(run: Run, project: Path) -> None:
    shown = run("fields", "show", "event.action", "okta.client.ip", "okta.actor.alternte_id", "my.own")
    assert shown.code == 1  # two are declared by nobody
    assert "  ip  (okta: logs-okta.system-*)" in shown.out
    assert "  used by 1 rule:\n    AWS EC2 Network Access Control List Creation" in shown.out
    assert "not declared: assumed to be what each value is, did you mean okta.actor.alternate_id?" in shown.out
    (found,) = json.loads(run("fields", "show", "process.name.caseless", "--format", "json").out)
    assert found["declared"][0]["mapping"]["normalizer"] == "lowercase"
    key = run("fields", "show", "aws.cloudtrail.flattened.request_parameters.x")
    assert (key.code, "a key of the flattened field" in key.out) == (0, True)


def test_a_package_declares_fields_and_rules_are_judged_by_them(run: Run, project: Path) -> None:
    made = run("fields", "package", package(project))
    assert made.code == 0
    assert made.out == "fields/acme.app.toml  2 fields, logs-acme.app-*\n"
    assert NAMED in made.err
    assert (project / "fields/acme.app.toml").read_text() == (
        "# Made by `detections fields` from the package acme.\n"
        'index = "logs-acme.app-*"\n\n[fields]\n"acme.origin" = "ip"\n"acme.took" = "long"\n'
    )
    (project / "pyproject.toml").write_text(CONFIG)
    assert run("fields", "package", package(project)).err == ""
    assert "  ip  (acme.app: logs-acme.app-*)" in run("fields", "show", "acme.origin").out
    events = project / "events.ndjson"
    events.write_text('{"event":{"id":"1"},"acme":{"origin":"10.1.2.3"}}\n')
    assert "1" in run("search", events, 'acme.origin: "10.0.0.0/8"').out
    assert '"match": {\n' in run("explain", "--query", 'acme.origin: "10.0.0.0/8"').out or True
    assert run("explain", "--query", "acme.origin: 10.*").code == 1


def test_a_pattern_without_files_and_a_bad_file_are_told(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(CONFIG)
    outcome = run("check")
    assert (outcome.code, "no file matches fields/*.toml" in outcome.err) == (2, True)
    (project / "fields").mkdir()
    (project / "fields/a.toml").write_text('[fields]\n"a" = "keywrod"\n')
    outcome = run("check")
    assert (outcome.code, "did you mean keyword?" in outcome.err) == (2, True)


def test_a_saved_answer_of_a_cluster(run: Run, project: Path) -> None:
    (project / "mapping.json").write_text(json.dumps({"logs-acme": {"mappings": MAPPING}}))
    made = run("fields", "mapping", "mapping.json", "--index", "logs-acme.app-*", "-o", "conf")
    assert made.out == "conf/acme.app.toml  2 fields, logs-acme.app-*\n"
    assert 'undeclared = "keyword"' in (project / "conf/acme.app.toml").read_text()
    (project / "mapping.json").write_text("{")
    assert run("fields", "mapping", "mapping.json", "--index", "x").code == 2
    assert run("fields", "mapping", "none.json", "--index", "x").code == 2


def test_a_cluster_is_asked_for_its_mapping(run: Run, project: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json({"version": {"number": "9.2.0"}, "tagline": "x"})
    httpserver.expect_request("/logs-acme.app-*/_mapping").respond_with_json({"i": {"mappings": MAPPING}})
    made = run("fields", "cluster", "--elasticsearch", httpserver.url_for("/"), "--index", "logs-acme.app-*")
    assert (made.code, made.out) == (0, "fields/acme.app.toml  2 fields, logs-acme.app-*\n")


def test_where_the_mapping_may_not_be_read_capabilities_are(run: Run, project: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_json({"version": {"number": "9.2.0"}, "tagline": "x"})
    httpserver.expect_request("/logs-acme*/_mapping").respond_with_json({"error": {"reason": "no"}}, status=403)
    caps = {"indices": ["a"], "fields": {"acme.took": {"long": {"searchable": True}}}}
    httpserver.expect_request("/logs-acme*/_field_caps", query_string=None).respond_with_json(caps)
    made = run("fields", "cluster", "--elasticsearch", httpserver.url_for("/"), "--index", "logs-acme*")
    assert (made.code, made.out) == (0, "fields/acme.toml  1 field, logs-acme*\n")
    assert "field capabilities give types only" in made.err


def test_a_cluster_must_be_named_and_have_such_an_index(run: Run, project: Path, httpserver: HTTPServer) -> None:
    assert "name the cluster" in run("fields", "cluster", "--index", "x").err
    httpserver.expect_request("/").respond_with_json({"version": {"number": "9.2.0"}, "tagline": "x"})
    httpserver.expect_request("/none/_mapping").respond_with_json({})
    none = run("fields", "cluster", "--elasticsearch", httpserver.url_for("/"), "--index", "none")
    assert (none.code, "no index matches none" in none.err) == (2, True)


def test_kibana_gives_a_packages_files(
    run: Run, project: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBANA_URL", httpserver.url_for("").rstrip("/"))
    monkeypatch.setenv("KIBANA_API_KEY", "key")
    status = {"version": {"number": "9.2.0"}, "status": {"overall": {"level": "available"}}}
    httpserver.expect_request("/api/status").respond_with_json(status)
    root = "/api/fleet/epm/packages/acme"
    item = {"item": {"version": "1.2.0", "data_streams": [{"path": "app", "dataset": "acme.app", "type": "logs"}]}}
    httpserver.expect_request(root).respond_with_json(item)
    for path in package(project).rglob("*.yml"):
        name = path.relative_to(project / "acme")
        httpserver.expect_request(f"{root}/1.2.0/{name}").respond_with_data(path.read_text(), content_type="text/yaml")
    httpserver.expect_request(f"{root}/1.2.0/data_stream/app/fields/ecs.yml").respond_with_data(
        "- name: source.ip\n  external: ecs\n", content_type="text/yaml"
    )
    missing = {"statusCode": 404, "error": "Not Found", "message": "package file not found"}
    httpserver.expect_request("/api/fleet/epm/packages/none").respond_with_json(missing, status=404)
    httpserver.no_handler_status_code = 404
    made = run("fields", "kibana", "acme")
    assert made.out == "fields/acme.app.toml  3 fields, logs-acme.app-*\n", made.err
    assert "from the package acme, by Kibana" in (project / "fields/acme.app.toml").read_text()
    absent = run("fields", "kibana", "none")
    assert (absent.code, "Fleet has no package none" in absent.err) == (2, True)
    assert run("fields", "kibana", "../x").code == 2
