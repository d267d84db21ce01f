"""Index templates of mappings."""

from __future__ import annotations

from typing import Any

from detections.elastic.template import template
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


def test_undeclared_fields_are_keywords_where_the_mapping_says_so() -> None:
    assert template(Mapping.of({"a": "ip"})).mappings["dynamic"] is False
    made = template(catalog_mapping())
    assert made.mappings["dynamic"] is True
    rules = [rule for one in made.mappings["dynamic_templates"] for rule in one.values()]
    kinds = {rule["match_mapping_type"]: rule["mapping"] for rule in rules}
    assert kinds.keys() == {"string", "long", "double", "boolean"}
    assert all(kind == {"type": "keyword", "ignore_above": 1024} for kind in kinds.values())
    assert made.settings["index.mapping.ignore_malformed"] is True


def test_the_integration_is_mapped_as_its_package_does() -> None:
    cloudtrail = template(catalog_mapping()).mappings["properties"]["aws"]["properties"]["cloudtrail"]["properties"]
    assert cloudtrail["request_parameters"] == {
        "type": "keyword", "ignore_above": 8191, "fields": {"text": {"type": "text"}},
    }  # fmt: skip
    assert cloudtrail["flattened"]["properties"]["request_parameters"] == {"type": "flattened"}
    assert cloudtrail["digest"]["properties"]["log_files"]["type"] == "nested"
