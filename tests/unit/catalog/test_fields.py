import pytest

from detections.catalog import Source, Stream, View, catalog


def specs(name, *indices):
    return View(catalog(), indices).specs(name)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("@timestamp", {"type": "date"}),
        ("message", {"type": "match_only_text"}),
        ("event.action", {"type": "keyword", "ignore_above": 1024}),
        ("event.type", {"type": "keyword", "ignore_above": 1024, "array": True}),
        ("event.original", {"type": "keyword", "index": False}),
        ("source.ip", {"type": "ip"}),
        ("data_stream.dataset", {"type": "constant_keyword"}),
        ("aws.cloudtrail.read_only", {"type": "boolean"}),
        ("aws.cloudtrail.management_event", {"type": "keyword", "ignore_above": 1024}),
        ("aws.cloudtrail.request_parameters", {"type": "keyword", "ignore_above": 8191}),
        ("aws.cloudtrail.flattened.request_parameters", {"type": "flattened"}),
        ("aws.cloudtrail.user_identity.session_context.creation_date", {"type": "date"}),
        ("process.Ext.relative_file_creation_time", {"type": "double"}),
        ("okta.client.ip", {"type": "ip"}),
        ("okta.security_context.is_proxy", {"type": "boolean"}),
        ("gcp.audit.request", {"type": "flattened"}),
        ("kibana.alert.risk_score", {"type": "float"}),
        ("ml_is_dga.malicious_probability", {"type": "float"}),
    ],
)
def test_a_field_has_its_mapping(name, spec):
    assert specs(name)[0] == spec


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("user.name.text", {"type": "match_only_text", "path": "user.name"}),
        ("aws.cloudtrail.response_elements.text", {"type": "text", "path": "aws.cloudtrail.response_elements"}),
        (
            "process.name.caseless",
            {"type": "keyword", "ignore_above": 1024, "normalizer": "lowercase", "path": "process.name"},
        ),
    ],
)
def test_a_multi_field_leads_to_its_parent(name, spec):
    assert specs(name)[0] == spec


def test_an_alias_leads_to_its_target():
    assert specs("process.cwd", "auditbeat-*") == [
        {"type": "keyword", "ignore_above": 1024, "path": "process.working_directory"}
    ]


@pytest.mark.parametrize("indices", [(), ("logs-system.*",), ("auditbeat-*",)])
def test_every_name_has_a_mapping(indices):
    view = View(catalog(), indices)
    assert [name for name in (*view.names("*"), *view.listed()) if not view.specs(name)] == []


def test_a_type_is_that_of_the_data_streams_that_are_searched():
    script = {"type": "text", "analyzer": "powershell_script_analyzer"}
    assert specs("powershell.file.script_block_text", "winlogbeat-*", "logs-windows.powershell*") == [script]
    assert [one["type"] for one in specs("http.request.headers", "logs-network_traffic.http*")] == ["flattened"]
    assert specs("auditd.data.dport", "logs-auditd_manager.auditd-*") == [{"type": "long"}]
    keyword = {"type": "keyword", "ignore_above": 1024}
    assert specs("auditd.data.dport", "auditbeat-*") == [keyword]
    assert specs("auditd.data.dport", "auditbeat-*", "logs-auditd_manager.auditd-*") == [{"type": "long"}, keyword]
    assert specs("event.dataset", "logs-okta.system-*") == [{"type": "constant_keyword"}]
    assert specs("event.dataset", "filebeat-*", "logs-okta.system-*") == [keyword, {"type": "constant_keyword"}]
    # What only others declare is taken from them: the indices may be new, or have another name.
    assert specs("okta.client.ip", "my-own-*") == specs("okta.client.ip", "logs-github.audit-*") == [{"type": "ip"}]


def test_where_nothing_else_is_mapped_a_field_of_others_is_not():
    assert specs("okta.client.ip", "logs-endpoint.events.*") == []
    assert specs("process.Ext.relative_file_creation_time", "logs-endpoint.events.*") == [{"type": "double"}]
    # ECS's fields are those that Endpoint lists.
    assert specs("event.agent_id_status", "logs-endpoint.events.process-*") == []
    assert specs("event.agent_id_status", "logs-endpoint.events.process-*", "my-*") != []
    # A pipeline may put these into any index.
    assert specs("problemchild.prediction", "logs-endpoint.events.process-*") == [{"type": "long"}]


def test_a_field_below_a_nested_object_names_it():
    assert specs("threat.enrichments.matched.atomic")[0]["nested"] == "threat.enrichments"
    assert specs("threat.enrichments.indicator.file.elf.sections.name")[0]["nested"] == (
        "threat.enrichments.indicator.file.elf.sections"
    )
    assert [one.get("nested") for one in specs("gcp.audit.authorization_info.permission", "logs-gcp.audit-*")] == [
        "gcp.audit.authorization_info"
    ]


@pytest.mark.parametrize("name", ["event", "event.actoin", "nothing.here", "", ".", "labels", "threat.enrichments"])
def test_what_is_no_field_has_no_mapping(name):
    assert specs(name) == []


@pytest.mark.parametrize(
    ("name", "answer"),
    [("labels", True), ("threat.enrichments", True), ("user.target", True), ("user.name", False), ("user.nam", False)],
)
def test_objects_are_told_from_fields(name, answer):
    assert catalog().is_object(name) is answer


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("okta.actor.alternate_id", True),
        ("okta.actor.alternte_id", False),
        ("okta.debug_context.debug_data.anything", True),
        ("azure.auditlogs.properties.target_resources.3.display_name", True),
        ("aws.cloudtrail.flattened.request_parameters.any.key", True),
        ("labels.team", True),
        ("github.reasons.code", True),
        ("githb.repo", False),
        ("event.actoin", False),
    ],
)
def test_what_is_known(name, answer):
    assert catalog().is_known(name) is answer


def test_every_name_listed_is_answered_once():
    names = list(catalog().names())
    assert len(names) == len(set(names)) > 20_000
    assert all(catalog().fields(name) for name in names)


def test_siblings_share_the_first_part():
    assert set(catalog().siblings("event.x")) >= {"event.action", "event.outcome"}
    assert {name.partition(".")[0] for name in catalog().siblings("event.x")} == {"event"}


@pytest.mark.parametrize(
    ("name", "indices", "expected"),
    [
        ("my.own", [], ("dynamic", False)),
        ("my.client_ip", [], ("ip", False)),
        ("my.created", [], ("date", False)),
        ("my.message", [], ("match_only_text", False)),
        ("my.command_line", [], ("wildcard", False)),
        ("my.risk_score", [], ("float", False)),
        ("my.client_ip", ["filebeat-*"], ("dynamic", False)),
        ("my.client_ip", ["filebeat-*", "logs-okta*"], ("ip", False)),
        ("okta.debug_context.debug_data.x", ["logs-okta*"], ("keyword", True)),
        ("my.client_ip", ["logs-endpoint.events.*"], None),
        ("my.client_ip", [".alerts-security.*"], None),
        ("process.thread.Ext.call_stack.x", ["logs-endpoint.events.*"], None),
    ],
)
def test_what_nobody_declared_is_what_the_stack_would_make_of_it(name, indices, expected):
    found = View(catalog(), indices).undeclared(name)
    assert (None if found is None else (found[0]["type"], found[1])) == expected


def test_a_projects_own_source_knows_better():
    stream = Stream("acme", "app", "logs-acme.app-*", own=True)
    own = Source("acme", (stream,), {"k": {"type": "long"}, "o": {"type": "nested"}}, {
        "acme": {"k": "took list.count", "o": "list"}, "event": {"k": "action"},
    })  # fmt: skip
    known = catalog((own,))
    here, elsewhere = View(known, ["logs-acme.app-*"]), View(known, ["logs-okta*"])
    assert here.specs("acme.took") == elsewhere.specs("acme.took") == [{"type": "long"}]
    assert here.specs("acme.list.count") == [{"type": "long", "nested": "acme.list"}]
    assert here.specs("event.action") == [{"type": "long"}]
    assert elsewhere.specs("event.action") == [{"type": "keyword", "ignore_above": 1024}]
    assert "acme.took" in list(here.listed())
