"""Index templates of mappings."""

from __future__ import annotations

from typing import Any

from detections.elastic.template import needed, template
from detections.mapping import Mapping, catalog_mapping


def properties(fields: dict[str, Any], lacking: tuple[str, ...] = ()) -> Any:
    return template(Mapping.of(fields), lacking).mappings["properties"]


def test_every_parameter() -> None:
    assert properties(
        {
            "a.k": {"type": "keyword", "ignore_above": 8, "null_value": "N", "fields": {"text": "text"}},
            "a.r": {"type": "alias", "path": "a.k"},
            "f": "flattened",
            "c": {"type": "constant_keyword", "value": "v"},
            "d": {"type": "date", "format": "dd.MM.yyyy"},
            "g": "scaled_float",
            "h": {"type": "keyword", "index": False, "doc_values": False},
            "n": "nested",
            "n.m.k": {"type": "long", "nested": "n.m"},
            "two": ["long", "keyword"],
        }
    ) == {
        "a": {
            "properties": {
                "k": {"type": "keyword", "ignore_above": 8, "null_value": "N", "fields": {"text": {"type": "text"}}},
                "r": {"type": "alias", "path": "a.k"},
            }
        },
        "f": {"type": "flattened"},
        "c": {"type": "constant_keyword", "value": "v"},
        "d": {"type": "date", "format": "dd.MM.yyyy||strict_date_optional_time||epoch_millis"},
        "g": {"type": "scaled_float", "scaling_factor": 1000},
        "h": {"type": "keyword", "index": False, "doc_values": False},
        "n": {"type": "nested", "properties": {"m": {"type": "nested", "properties": {"k": {"type": "long"}}}}},
        "two": {"type": "long"},
    }


def test_the_nearest_type_stands_in_and_is_told() -> None:
    fields: dict[str, Any] = dict.fromkeys(["w1", "w2", "w3", "w4"], "wildcard")
    fields["c"] = {"type": "constant_keyword", "value": "v"}
    made = template(Mapping.of(fields), {"wildcard", "constant_keyword", "version"})
    assert made.mappings["properties"] == {name: {"type": "keyword"} for name in fields}
    assert [str(one) for one in made.substitutions] == [
        "keyword instead of constant_keyword (c)",
        "keyword instead of wildcard (w1, w2, w3 and 1 more)",
    ]


def rules(*indices: str, lacking: tuple[str, ...] = ()) -> list[Any]:
    made = template(catalog_mapping(indices), lacking, ()).mappings
    assert made["dynamic"] is True
    return [rule for one in made["dynamic_templates"] for rule in one.values()]


def test_undeclared_fields_are_what_the_data_streams_make_of_them() -> None:
    assert template(Mapping.of({"a": "ip"})).mappings["dynamic"] is False
    assert template(catalog_mapping(("logs-endpoint.events.*",)), (), ()).mappings["dynamic"] is False
    stack = rules()
    assert {"match_mapping_type": "string", "path_match": ["ip", "*.ip", "*_ip"], "mapping": {"type": "ip"}} in stack
    assert stack[-1]["mapping"] == {"type": "keyword", "ignore_above": 1024}
    (beats,) = rules("filebeat-*")
    assert beats == {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 1024}}
    assert template(catalog_mapping(), (), ()).settings["index.mapping.ignore_malformed"] is True


def test_the_nearest_type_stands_in_for_an_undeclared_fields() -> None:
    made = [rule["mapping"] for rule in rules(lacking=("wildcard", "match_only_text", "scaled_float", "flattened"))]
    assert {"type": "keyword", "fields": {"text": {"type": "text"}}} in made
    assert {"type": "double"} in made and {"type": "object", "dynamic": False} in made
    assert not {"wildcard", "match_only_text", "scaled_float", "flattened"} & {one["type"] for one in made}


def test_of_the_catalog_only_what_is_needed_is_declared() -> None:
    mapping = catalog_mapping(("logs-endpoint.events.process-*", "logs-gcp.audit-*", "winlogbeat-*"))
    assert mapping.get("process.Ext.relative_file_creation_time") is not None
    document = {"process": {"name": "x"}, "gcp.audit.authorization_info": [{"permission": "p"}], "my": {"own": 1}}
    declared = needed(mapping, [document, {"powershell.file.script_block_text": "x"}])
    made = template(mapping, {"powershell_script_analyzer", "match_only_text"}, declared)
    assert made.mappings["properties"] == {
        "process": {
            "properties": {
                "Ext": {"properties": {"relative_file_creation_time": {"type": "double"}}},
                "name": {
                    "type": "keyword",
                    "ignore_above": 1024,
                    "fields": {
                        "text": {"type": "text"},
                        "caseless": {"type": "keyword", "ignore_above": 1024, "normalizer": "lowercase"},
                    },
                },
            }
        },
        "gcp": {
            "properties": {
                "audit": {
                    "properties": {
                        "authorization_info": {
                            "type": "nested",
                            "properties": {"permission": {"type": "keyword", "ignore_above": 1024}},
                        }
                    }
                }
            }
        },
        "powershell": {"properties": {"file": {"properties": {"script_block_text": {"type": "text"}}}}},
    }
    assert [str(one) for one in made.substitutions] == [
        "text instead of match_only_text (process.name.text)",
        "the standard one instead of the analyzer powershell_script_analyzer (powershell.file.script_block_text)",
    ]
    assert needed(Mapping.of({"a": "ip"}), [document]) is None


def test_the_integration_is_mapped_as_its_package_does() -> None:
    cloudtrail = template(catalog_mapping()).mappings["properties"]["aws"]["properties"]["cloudtrail"]["properties"]
    assert cloudtrail["request_parameters"] == {
        "type": "keyword", "ignore_above": 8191, "fields": {"text": {"type": "text"}},
    }  # fmt: skip
    assert cloudtrail["flattened"]["properties"]["request_parameters"] == {"type": "flattened"}
    assert cloudtrail["digest"]["properties"]["log_files"]["type"] == "nested"
