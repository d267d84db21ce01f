"""Mappings: the API's ``fields`` argument, and the catalog."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from detections.errors import UsageError
from detections.mapping import Field, Mapping, catalog_mapping


def field(fields: dict[str, Any], name: str) -> Field:
    found = Mapping.of(fields).get(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("spec", "types", "family"),
    [
        ("keyword", ("keyword",), "keyword"),
        ("wildcard", ("wildcard",), "keyword"),
        ("match_only_text", ("match_only_text",), "text"),
        (["long", "keyword"], ("long", "keyword"), "number"),
        (("date", "date_nanos"), ("date", "date_nanos"), "date"),
        ({"type": "ip"}, ("ip",), "ip"),
        ({"type": ["text", "keyword"]}, ("text", "keyword"), "text"),
        ("string", ("text",), "text"),
        ("number", ("long",), "number"),
        ("conflict", ("keyword", "text"), "keyword"),
        ("geo_point", ("geo_point",), "geo_point"),
    ],
)
def test_types(spec: Any, types: tuple[str, ...], family: str) -> None:
    found = field({"f": spec}, "f")
    assert (found.types, found.type, found.family) == (types, types[0], family)


@pytest.mark.parametrize("spec", [5, [], [1], None, {"type": 5}, {"type": []}])
def test_what_is_no_type(spec: Any) -> None:
    with pytest.raises(UsageError, match="field 'f'"):
        Mapping.of({"f": spec})


def test_details_of_a_field() -> None:
    found = field({"f": {"type": "keyword", "ignore_above": 8, "null_value": "NULL", "nested": "f_path"}}, "f")
    assert (found.ignore_above, found.null_value, found.nested, found.path) == (8, "NULL", "f_path", "f")


def test_multi_fields_read_their_parents_value() -> None:
    mapping = Mapping.of({"f": {"type": "keyword", "nested": "n", "fields": {"text": "text", "raw": {"type": "ip"}}}})
    assert [(one.name, one.type, one.path, one.nested) for one in mapping] == [
        ("f", "keyword", "f", "n"),
        ("f.text", "text", "f", "n"),
        ("f.raw", "ip", "f", "n"),
    ]
    assert [one.name for one in mapping.at("f")] == ["f", "f.text", "f.raw"]


def test_a_field_below_a_scalar_is_a_multi_field() -> None:
    mapping = Mapping.of(
        {"f.text": "text", "f": "keyword", "o": "object", "o.k": "ip", "p": "flattened", "p.k": "long"}
    )
    assert [(one.name, one.path) for one in mapping] == [
        ("f.text", "f"),
        ("f", "f"),
        ("o.k", "o.k"),
        ("p", "p"),
        ("p.k", "p.k"),
    ]


def test_an_alias_leads_to_its_target() -> None:
    found = field({"a": {"path": "f"}, "b": {"type": "alias", "path": "gone"}, "f": {"type": "ip"}}, "a")
    assert (found.name, found.type, found.path) == ("a", "ip", "f")
    assert Mapping.of({"b": {"type": "alias", "path": "gone"}}).get("b") is None


def test_a_flattened_field_answers_for_its_keys_but_lists_itself_only() -> None:
    mapping = Mapping.of({"x.params": {"type": "flattened", "ignore_above": 9}})
    root, key = mapping.get("x.params"), mapping.get("x.params.a.b")
    assert root is not None and key is not None
    assert (root.key, key.key, key.path, key.ignore_above) == ("", "a.b", "x.params.a.b", 9)
    assert mapping.listed("x.params") is root
    assert mapping.listed("x.params.a.b") is None
    assert mapping.get("x.other") is None
    assert mapping.at("x.params.a.b") == [root]


def test_nested_objects_hold_the_fields_under_them() -> None:
    mapping = Mapping.of(
        {"n": {"type": "nested"}, "n.a": "keyword", "n.m": "nested", "n.m.b": "long", "o": "object", "o.c": "ip"}
    )
    assert [(one.name, one.nested) for one in mapping] == [("n.a", "n"), ("n.m.b", "n.m"), ("o.c", None)]
    assert [mapping.is_nested(path) for path in ("n", "n.m", "n.a", "o", "none")] == [True, True, False, False, False]
    assert mapping.get("n") is None


@pytest.mark.parametrize(
    ("spec", "searchable"),
    [
        ({"type": "keyword", "index": False}, True),
        ({"type": "keyword", "doc_values": False}, True),
        ({"type": "keyword", "index": False, "doc_values": False}, False),
        ({"type": "text", "index": False}, False),
    ],
)
def test_what_can_be_searched(spec: dict[str, Any], searchable: bool) -> None:
    assert field({"f": spec}, "f").searchable is searchable


def test_names_with_stars() -> None:
    mapping = Mapping.of({"a.b": "keyword", "a.c": "long", "b.a": "ip", "a[1]": "keyword"})
    assert [one.name for one in mapping.matching("a*")] == ["a.b", "a.c", "a[1]"]
    assert [one.name for one in mapping.matching("*.a")] == ["b.a"]
    assert [one.name for one in mapping.matching("a.?")] == []
    assert [one.name for one in mapping.matching("a[*")] == ["a[1]"]
    assert [one.name for one in mapping.under("a")] == ["a.b", "a.c"]


def test_the_catalog_knows_ecs_and_takes_the_rest_for_keywords() -> None:
    mapping = catalog_mapping()
    ip, unknown = mapping.get("source.ip"), mapping.get("my.own.field")
    assert ip is not None and unknown is not None
    assert (ip.type, ip.declared) == ("ip", True)
    assert (unknown.type, unknown.ignore_above, unknown.declared) == ("dynamic", 1024, False)
    assert mapping.get("source") is None
    assert [one.name for one in mapping.matching("source.geo.city*")] == ["source.geo.city_name"]
    text = mapping.get("process.command_line.text")
    assert text is not None
    assert (text.path, text.family) == ("process.command_line", "text")
    assert "process.command_line.text" in [one.name for one in mapping.at("process.command_line")]
    assert [mapping.is_nested(path) for path in ("threat.enrichments", "user", "event.action", "my.own")] == [
        True,
        False,
        False,
        True,
    ]


def test_mappings_travel_to_other_processes() -> None:
    for mapping in (catalog_mapping(), Mapping.of({"a": "ip"})):
        copy = pickle.loads(pickle.dumps(mapping))
        assert copy.get("source.ip") == mapping.get("source.ip")
        assert copy.dynamic is mapping.dynamic
