"""Exception lists, value lists and connectors in files, and the bundles that they go into."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from detections import bundle
from detections.bundle.attachments import Attachments, load_attachments, with_attachments
from detections.errors import Level
from detections.payload import to_api
from detections.rule import Rule, load
from detections.source import parse

RULE = """
[metadata]
creation_date = "2026/11/24"
updated_date = "2026/11/24"
maturity = "production"

[rule]
rule_id = "{name}"
name = "Rule"
description = "d"
risk_score = 21
severity = "low"
type = "query"
query = "a: b"
"""
LIST = """
[exception_list]
list_id = "{name}"
name = "Trusted"
description = "Those we trust."
type = "detection"
namespace_type = "{space}"

[[items]]
item_id = "{name}-1"
name = "The scanner"
type = "simple"
entries = [{{ field = "user.name", operator = "included", type = "match", value = "scanner" }}]

[[items]]
item_id = "{name}-2"
name = "Addresses"
type = "simple"
[[items.entries]]
field = "source.ip"
operator = "included"
type = "list"
list = {{ id = "addresses", type = "ip" }}
"""
CONNECTOR = """
[connector]
id = "{name}"
name = "The team's channel"
connector_type_id = ".slack"
type_migration_version = "10.1.0"
[connector.config]
channel = "soc"
"""
VALUES = '[value_list]\nid = "addresses"\nname = "Addresses"\ndescription = "Ours"\ntype = "ip"\n'


def rule(name: str = "one", lists: tuple[tuple[str, str], ...] = (), connectors: tuple[str, ...] = ()) -> Rule:
    text = RULE.format(name=name)
    for list_id, space in lists:
        text += f'[[rule.exceptions_list]]\nid = "x"\nlist_id = "{list_id}"\ntype = "detection"\n'
        text += f'namespace_type = "{space}"\n'
    for connector in connectors:
        text += f'[[rule.actions]]\nid = "{connector}"\naction_type_id = ".slack"\nparams = {{ message = "m" }}\n'
    found, findings = load(parse(text, f"rules/{name}.toml"))
    assert found is not None, findings
    return found


def bundled(attachments: Attachments, *rules: Rule) -> tuple[list[dict[str, Any]], list[str]]:
    objects, findings = with_attachments([(one, to_api(one)) for one in rules], attachments)
    return objects, [f"{one.level} {one}" for one in findings]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "exceptions/trusted.toml": LIST.format(name="trusted", space="single"),
        "exceptions/deep/all.toml": LIST.format(name="all", space="agnostic"),
        "exceptions/.hidden.toml": "=",
        "value_lists/addresses.toml": VALUES,
        "value_lists/addresses.txt": "10.0.0.1\n\n10.0.0.2\n",
        "connectors/soc.toml": CONNECTOR.format(name="soc"),
        "connectors/other.toml": CONNECTOR.format(name="other"),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def read(folder: Path) -> Attachments:
    return load_attachments(folder / "exceptions", folder / "value_lists", folder / "connectors")


def test_they_are_read_from_their_folders(folder: Path) -> None:
    found = read(folder)
    assert set(found.exception_lists) == {("single", "trusted"), ("agnostic", "all")}
    assert found.value_lists["addresses"].values == ("10.0.0.1", "10.0.0.2")
    assert set(found.connectors) == {"soc", "other"}
    assert found.findings == ()
    assert load_attachments(folder / "a", folder / "b", folder / "c") == Attachments({}, {}, {}, ())


def test_a_bundle_has_what_its_rules_name_and_nothing_else(folder: Path) -> None:
    first, second = rule("b", (("trusted", "single"),), ("soc",)), rule("a", (("trusted", "single"),))
    objects, findings = bundled(read(folder), first, second)
    assert findings == []
    assert [one.get("rule_id") or one.get("item_id") or one.get("list_id") or one["id"] for one in objects] == [
        "b", "a", "trusted", "trusted-1", "trusted-2", "soc",
    ]  # fmt: skip
    container, item, _, connector = objects[2:]
    assert container["namespace_type"] == "single" and container["list_id"] == "trusted"
    assert (item["list_id"], item["namespace_type"], item["comments"], item["tags"]) == ("trusted", "single", [], [])
    assert connector["type"] == "action" and connector["typeMigrationVersion"] == "10.1.0"
    assert connector["attributes"] == {
        "actionTypeId": ".slack", "config": {"channel": "soc"}, "isMissingSecrets": True, "name": "The team's channel",
        "secrets": {},
    }  # fmt: skip


def test_the_bytes_are_the_same_each_time(folder: Path) -> None:
    rules = (rule("b", (("trusted", "single"), ("all", "agnostic")), ("soc", "other")),)
    once = bundle.to_ndjson(bundled(read(folder), *rules)[0])
    assert once == bundle.to_ndjson(bundled(read(folder), *rules)[0])
    order = [b'"list_id":"all","name":"Trusted"', b'"list_id":"trusted","name":"Trusted"', b'"item_id":"all-1"',
             b'"item_id":"trusted-1"', b'"id":"other","references"', b'"id":"soc","references"']  # fmt: skip
    places = [once.index(one) for one in order]
    assert places == sorted(places)


def test_a_list_that_no_file_holds_is_an_error_at_its_place(folder: Path) -> None:
    _, findings = bundled(read(folder), rule("one", (("trusted", "agnostic"),)))
    assert len(findings) == 1
    assert findings[0].startswith("error rules/one.toml:17:")
    assert "the exception list trusted (agnostic) has no file" in findings[0]


def test_a_list_that_kibana_makes_itself_needs_no_file(folder: Path) -> None:
    endpoint = {"id": "x", "list_id": "endpoint_list", "type": "endpoint", "namespace_type": "agnostic"}
    named = rule("one")
    payload = to_api(named)
    objects, findings = with_attachments([(named, payload | {"exceptions_list": [endpoint]})], read(folder))
    assert ([one["rule_id"] for one in objects], findings) == (["one"], [])
    other = endpoint | {"type": "endpoint_trusted_apps"}
    _, findings = with_attachments([(named, payload | {"exceptions_list": [other]})], read(folder))
    assert [one.message for one in findings] == ["the exception list endpoint_list (agnostic) has no file"]


def test_an_item_may_look_into_a_list_without_a_name(folder: Path) -> None:
    path = folder / "exceptions/trusted.toml"
    path.write_text(path.read_text().replace('id = "addresses", ', ""))
    lists = read(folder).exception_lists
    assert [list(one.value_lists()) for one in lists.values()] != []


def test_what_was_not_pulled_is_not_sent(folder: Path) -> None:
    path = folder / "connectors/soc.toml"
    path.write_text(path.read_text() + 'url = "<not pulled: url>"\nheaders = "<not pulled: headers>"\n')
    objects, _ = bundled(read(folder), rule("one", connectors=("soc",)))
    assert objects[-1]["attributes"]["config"] == {"channel": "soc"}


def test_connectors_and_value_lists_may_be_kibanas_alone(folder: Path) -> None:
    (folder / "value_lists/addresses.toml").unlink()
    objects, findings = bundled(read(folder), rule("one", (("trusted", "single"),), ("preconfigured",)))
    assert len(objects) == 4
    assert [one.split()[0] for one in findings] == ["warning", "warning"]
    assert "the connector preconfigured" in findings[0] and "the value list addresses" in findings[1]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("exceptions/x.toml", "=", "x.toml:1:1: toml"),
        ("exceptions/x.toml", '[exception_list]\nname = "x"\n', "exception_list.list_id is missing"),
        ("exceptions/x.toml", LIST.format(name="trusted", space="single"), "the same id is in"),
        ("exceptions/x.toml", LIST.format(name="x", space="everywhere"), "namespace_type must be"),
        ("connectors/x.toml", CONNECTOR.format(name="x").replace("config]", "confgi]"), "did you mean config?"),
        ("value_lists/x.toml", VALUES.replace('"addresses"', '"x"'), "x.txt: attachment the file of its values does"),
    ],
)
def test_what_is_wrong_with_a_file_is_a_finding_and_the_others_are_read(
    folder: Path, name: str, text: str, message: str
) -> None:
    (folder / name).write_text(text)
    found = read(folder)
    assert any(message in one.render() for one in found.findings), found.findings
    assert all(one.level is Level.ERROR for one in found.findings)
    assert set(found.exception_lists) == {("single", "trusted"), ("agnostic", "all")}
    assert set(found.connectors) == {"soc", "other"}
