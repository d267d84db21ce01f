"""Fields of a cluster, from its answers."""

import pytest

from detections.catalog.mappings import from_answer
from detections.errors import UsageError

ONE = {
    "dynamic": "true",
    "dynamic_templates": [{"ecs_ip": {"match_mapping_type": "string", "mapping": {"type": "ip"}}}],
    "properties": {
        "acme": {
            "properties": {
                "user": {"type": "keyword", "ignore_above": 256, "fields": {"text": {"type": "match_only_text"}}},
                "took": {"type": "long"},
                "stored": {"type": "keyword", "index": False, "doc_values": False},
                "shown": {"type": "keyword", "index": False},
                "off": {"type": "object", "enabled": False, "properties": {}},
                "ratio": {"type": "scaled_float", "scaling_factor": 100.0},
                "many": {"type": "nested", "properties": {"x": {"type": "ip"}}},
                "name": {"type": "keyword", "normalizer": "lowercase", "eager_global_ordinals": True},
                "who": {"type": "alias", "path": "acme.user"},
                "odd": {"type": "some_plugin"},
            }
        },
        "data_stream": {"properties": {"dataset": {"type": "constant_keyword", "value": "acme.app"}}},
    },
}


def test_a_mapping():
    fields, undeclared = from_answer({".ds-logs-acme-1": {"mappings": ONE}})
    assert undeclared == "stack"
    assert fields == {
        "acme.user": {"type": "keyword", "ignore_above": 256, "fields": {"text": "match_only_text"}},
        "acme.took": "long",
        "acme.stored": {"type": "keyword", "index": False},
        "acme.shown": "keyword",
        "acme.ratio": {"type": "scaled_float", "scaling_factor": 100.0},
        "acme.many": "nested",
        "acme.many.x": "ip",
        "acme.name": {"type": "keyword", "normalizer": "lowercase"},
        "acme.who": {"type": "alias", "path": "acme.user"},
        "data_stream.dataset": {"type": "constant_keyword", "value": "acme.app"},
    }


def test_indices_that_differ_and_templates():
    other = {"dynamic": False, "properties": {"acme": {"properties": {"took": {"type": "keyword"}}}}}
    fields, undeclared = from_answer({"a": {"mappings": ONE}, "b": {"mappings": other}})
    assert (fields["acme.took"], undeclared) == (["long", "keyword"], "stack")
    template = {"index_templates": [{"name": "x", "index_template": {"template": {"mappings": other}}}]}
    assert from_answer(template) == ({"acme.took": "keyword"}, "unmapped")
    assert from_answer({"a": {"mappings": {}}}) == ({}, "keyword")


def test_field_capabilities():
    plain = {"searchable": True, "aggregatable": True}
    fields, undeclared = from_answer(
        {
            "indices": ["a"],
            "fields": {
                "acme": {"object": {"type": "object"}},
                "acme.user": {"keyword": plain},
                "acme.user.text": {"match_only_text": plain},
                "acme.took": {"long": plain, "keyword": plain},
                "acme.stored": {"keyword": {"searchable": False, "aggregatable": False}},
                "acme.many": {"nested": {"searchable": False}},
                "_id": {"_id": {**plain, "metadata_field": True}},
            },
        }
    )
    assert undeclared == "stack"
    assert fields == {
        "acme.many": "nested",
        "acme.stored": {"type": "keyword", "index": False},
        "acme.took": ["long", "keyword"],
        "acme.user": {"type": "keyword", "fields": {"text": "match_only_text"}},
    }


@pytest.mark.parametrize("answer", [5, {}, [], {"error": {"reason": "x"}}, {"a": {"mapping": {}}}])
def test_other_answers(answer):
    with pytest.raises(UsageError, match="not an answer of _mapping or _field_caps"):
        from_answer(answer)
