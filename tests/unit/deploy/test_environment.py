"""Environments: what a table may say, where credentials come from, what a rule's payload is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from detections.deploy.environment import TAG, Credentials, Environment, Override
from detections.deploy.environments import environments, from_variables
from detections.errors import UsageError
from detections.rule import Rule, load
from detections.source import parse

RULE = """
[metadata]
creation_date = "2026/11/24"
updated_date = "2026/11/24"
maturity = "production"

[rule]
rule_id = "one"
name = "One"
description = "d"
risk_score = 21
severity = "low"
tags = ["Domain: Cloud"]
{fields}
"""
QUERY = 'type = "query"\nquery = "a: b"\nindex = ["logs-*"]'
ESQL = 'type = "esql"\nlanguage = "esql"\nquery = "FROM logs-*"'


def rule(fields: str = QUERY) -> Rule:
    loaded, findings = load(parse(RULE.format(fields=fields), "one.toml"))
    assert loaded is not None, findings
    return loaded


def read(text: str, variables: dict[str, str] | None = None) -> dict[str, Environment]:
    return environments(parse(text, "conf/environments.toml"), (), variables or {})


def test_a_table_says_where_it_is_and_what_is_different_there() -> None:
    found = read(
        """
        [dev]
        url = "http://localhost:5601"

        [prod]
        url = "https://kibana.example.com:5601/base"
        space = "security"
        ca_file = "ca.pem"
        timeout = 5
        tag = "Ours"
        [prod.overrides]
        enabled = true
        from = "now-20m"
        [[prod.rules]]
        rule_ids = ["one"]
        overrides = { enabled = false }
        """,
        {"KIBANA_API_KEY": "plain", "KIBANA_API_KEY_PROD": "special"},
    )
    assert list(found) == ["dev", "prod"]
    assert found["dev"].tag == TAG and found["dev"].space == "default"
    prod = found["prod"]
    assert (prod.space, prod.ca_file, prod.tag) == ("security", Path("conf/ca.pem"), "Ours")
    assert prod.connection().url == "https://kibana.example.com:5601/base"
    assert prod.connection().timeout == 5.0
    assert prod.connection().api_key == "special"
    assert found["dev"].connection().api_key == "plain"
    assert prod.payload(rule())["enabled"] is False
    assert prod.payload(rule())["from"] == "now-20m"
    assert "special" not in repr(prod) and "special" not in repr(prod.connection())


def test_they_stand_in_pyproject_too() -> None:
    document = parse('[tool.detections.environments.dev]\nurl = "http://localhost:5601"\n', "pyproject.toml")
    assert list(environments(document, ("tool", "detections", "environments"), {})) == ["dev"]
    assert environments(parse("[tool]\n", "pyproject.toml"), ("tool", "detections", "environments"), {}) == {}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("[dev]\nspcae = 'x'", "did you mean space?", 2),
        ("[dev]\nspace = 'My Space'", "dev.space must be a space's id", 2),
        ("[dev]\nurl = 3", "dev.url must be a string", 2),
        ("[dev]\nurl = 'https://elastic:hunter2@host'", "must not hold a user or a password", 2),
        ("[dev]\nurl = 'https://host'\ncloud_id = 'x:y'", "url and cloud_id cannot both be set", 3),
        ("[dev.overrides]\nrule_id = 'x'", "unknown key rule_id in [dev.overrides]", 2),
        ("[dev.overrides]\nseverty = 'low'", "did you mean severity?", 2),
        ("[dev.overrides]\nseverity = 'bad'", "dev.overrides.severity must be", 2),
        ("[dev.overrides]\nquery = 3", "dev.overrides.query must be a string", 2),
        ("[dev.overrides]\ninterval = 'often'", "dev.overrides.interval must be a duration like 5m", 2),
        ("[dev.overrides]\nindex = ['a']\ndata_view_id = 'b'", "index and data_view_id cannot both be set", 3),
        ("[[dev.rules]]\noverrides = { enabled = true }", "rule_ids or tags must be set", 1),
        ("[[dev.rules]]\ntags = ['x']", "dev.rules[0].overrides is missing", 1),
        ("[[dev.rules]]\ntags = ['x']\n[[dev.rules.overrides.actions]]\nid = 'x'", "actions[0].params is missing", 3),
        ("dev = 3", "dev must be a table", 1),
        ("['a b']\nurl = 'https://host'", "invalid environment name", 1),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, message: str, line: int) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert message in str(caught.value)
    assert f"conf/environments.toml:{line}:" in str(caught.value)


@pytest.mark.parametrize("text", ["[dev]\nurl = 'https://elastic:hunter2@host'", "[dev]\napi_key = 'hunter2'"])
def test_what_is_a_secret_by_mistake_is_not_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert "hunter2" not in str(caught.value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        from_variables({"KIBANA_URL": "https://elastic:hunter2@"}).connection()
    assert "hunter2" not in str(caught.value)


def test_without_a_configuration_the_variables_describe_one() -> None:
    found = from_variables({"KIBANA_URL": "https://host", "KIBANA_SPACE": "dev", "KIBANA_CA_FILE": "ca.pem"})
    assert (found.name, found.url, found.space, found.ca_file) == ("default", "https://host", "dev", Path("ca.pem"))
    with pytest.raises(UsageError, match="environment default: neither url nor cloud_id"):
        from_variables({}).connection()


def test_the_url_may_come_from_a_variable() -> None:
    variables = {"KIBANA_URL": "https://any", "KIBANA_URL_PROD_EU": "https://prod"}
    found = read("[dev]\n[prod-eu]", variables)
    assert (found["dev"].url, found["prod-eu"].url) == ("https://any", "https://prod")


def test_credentials_of_one_environment_are_not_mixed_with_those_of_all() -> None:
    variables = {"KIBANA_API_KEY": "key", "KIBANA_USERNAME_PROD": "me", "KIBANA_PASSWORD_PROD": "secret"}
    assert Credentials.find(variables, "KIBANA", "_PROD") == Credentials(None, "me", "secret")
    assert Credentials.find(variables, "KIBANA", "_DEV") == Credentials("key")
    assert Credentials.find({}, "KIBANA") == Credentials()


def test_a_credential_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("abc\n")
    assert Credentials.find({"KIBANA_API_KEY_PROD_FILE": str(file)}, "KIBANA", "_PROD").api_key == "abc"
    with pytest.raises(UsageError, match=r"KIBANA_API_KEY_FILE: .* cannot be read: No such file"):
        Credentials.find({"KIBANA_API_KEY_FILE": str(tmp_path / "none")}, "KIBANA")
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="is not UTF-8"):
        Credentials.find({"KIBANA_API_KEY_FILE": str(file)}, "KIBANA")


def environment(*overrides: Override) -> Environment:
    return Environment("dev", overrides=overrides)


def test_the_payload_has_the_tag_of_ownership_once() -> None:
    assert environment().payload(rule())["tags"] == ["Domain: Cloud", TAG]
    assert Environment("dev", tag="Domain: Cloud").payload(rule())["tags"] == ["Domain: Cloud"]


def test_the_rule_itself_stays_as_it_is() -> None:
    one = rule()
    environment(Override({"index": ["x"]})).payload(one)
    assert one.document.data["rule"]["index"] == ["logs-*"] and one.document.data["rule"]["tags"] == ["Domain: Cloud"]


def test_the_last_override_that_concerns_a_rule_counts() -> None:
    overrides = (
        Override({"interval": "1m", "enabled": True}),
        Override({"interval": "2m"}, tags=("Domain: Cloud",)),
        Override({"interval": "3m"}, rule_ids=("two",)),
    )
    payload = environment(*overrides).payload(rule())
    assert (payload["interval"], payload["enabled"]) == ("2m", True)


def test_a_field_that_the_type_does_not_have_is_left_out() -> None:
    payload = environment(Override({"index": ["x"], "max_signals": 7})).payload(rule(ESQL))
    assert "index" not in payload and payload["max_signals"] == 7


def test_indices_and_data_views_take_each_others_place() -> None:
    by_view = environment(Override({"data_view_id": "v"})).payload(rule())
    assert by_view["data_view_id"] == "v" and "index" not in by_view
    both = (Override({"data_view_id": "v"}), Override({"index": ["x"]}, rule_ids=("one",)))
    payload = environment(*both).payload(rule(QUERY.replace('index = ["logs-*"]', 'data_view_id = "w"')))
    assert payload["index"] == ["x"] and "data_view_id" not in payload


def test_an_override_for_a_rule_that_is_not_there_is_told_with_its_place() -> None:
    found = read(
        """
        [dev]
        [[dev.rules]]
        rule_ids = ["one"]
        tags = ["Domain: Cloud", "Domain: Clod"]
        overrides = {}
        [[dev.rules]]
        rule_ids = ["two"]
        overrides = {}
        """
    )
    assert [str(one) for one in found["dev"].strays([rule()])] == [
        "conf/environments.toml:3:9: environment no rule has the tag Domain: Clod",
        "conf/environments.toml:7:9: environment no rule has the rule_id two",
    ]
