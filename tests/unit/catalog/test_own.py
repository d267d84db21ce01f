"""A project's own files of fields."""

from pathlib import Path

import pytest

import detections
from detections.catalog import View, catalog, read_sources
from detections.errors import UsageError
from detections.mapping import catalog_mapping
from made_rules import rule_text


def write(folder: Path, text: str, name: str = "acme.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_declares_the_fields_of_some_indices(tmp_path):
    path = write(
        tmp_path,
        """
index = ["logs-acme.app-*", "logs-acme.web-*"]
[fields]
"acme.took" = "long"
"acme.user" = { type = "keyword", ignore_above = 256, fields = { text = "match_only_text" } }
"acme.items" = "nested"
"acme.items.count" = "integer"
"acme.who" = { path = "acme.user" }
"acme.free" = { keys = "keyword" }
"acme.two" = ["long", "keyword"]
source_name = "keyword"
""",
    )
    own = read_sources([path])
    mapping = catalog_mapping(("logs-acme.web-*",), own)
    assert [mapping.get(name).type for name in ("acme.took", "acme.user", "acme.free.x", "source_name")] == [
        "long", "keyword", "keyword", "keyword",
    ]  # fmt: skip
    text, count, who, two = map(mapping.get, ("acme.user.text", "acme.items.count", "acme.who", "acme.two"))
    assert (text.type, text.path) == ("match_only_text", "acme.user")
    assert (count.nested, mapping.is_nested("acme.items")) == ("acme.items", True)
    assert (who.path, who.ignore_above) == ("acme.user", 256)
    assert two.types == ("long", "keyword")
    assert [str(one) for one in own[0].streams] == ["acme.logs-acme.app-*", "acme.logs-acme.web-*"]


def test_one_says_the_same_in_json_and_may_say_that_nothing_else_is_mapped(tmp_path):
    path = write(tmp_path, '{"index": "acme-*", "undeclared": "unmapped", "fields": {"a.b": {"type": "ip"}}}', "a.json")
    own = read_sources([path])
    mapping = catalog_mapping(("acme-*",), own)
    assert mapping.get("a.b").type == "ip"
    assert mapping.get("a.other") is None and mapping.get("user.name") is None
    assert catalog_mapping(("logs-*",), own).get("user.name").declared


def test_without_an_index_the_fields_are_anywhere(tmp_path):
    own = read_sources([write(tmp_path, '[fields]\n"event.action" = "long"\n')])
    assert View(catalog(own), ["logs-okta*"]).specs("event.action") == [{"type": "long"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[fields", "acme.toml: "),
        ("feilds = {}", "unknown key feilds"),
        ("index = 5", "index must be a pattern"),
        ('undeclared = "what"', "undeclared must be stack, keyword or unmapped"),
        ("fields = 5", "fields must be a table"),
        ('[fields]\n"a" = "keywrod"', "a: unknown type keywrod, did you mean keyword?"),
        ("[fields]\na.b = 'long'", "a: {'b': 'long'} is not a mapping; quote a name that contains dots"),
        ('[fields]\n"a" = 5', "a: 5 is not a mapping"),
        ('[fields]\n"a b" = "long"', "'a b' is not a field name"),
        ('[fields]\n"a" = { type = "keyword", ignore_abvoe = 5 }', "ignore_abvoe is not a supported mapping parameter"),
        ('[fields]\n"a" = { type = "keyword", ignore_above = "5" }', "ignore_above cannot be '5'"),
        ('[fields]\n"a" = { type = "keyword", index = 1 }', "index cannot be 1"),
        ('[fields]\n"a" = { type = "keyword", fields = { b = "x" } }', "a.b: unknown type x"),
    ],
)
def test_what_no_file_can_say(text, said, tmp_path):
    with pytest.raises(UsageError) as error:
        read_sources([write(tmp_path, text)])
    assert said in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        read_sources([tmp_path / "none.toml"])


def test_a_rule_is_judged_with_the_fields_of_its_project(tmp_path):
    fields = write(tmp_path, '[fields]\n"acme.origin" = "ip"\n"acme.kind" = "keyword"\n')
    rule = tmp_path / "rule.toml"
    query = """type = "query"\nlanguage = "kuery"\nquery = 'acme.origin: "10.0.0.0/8"'"""
    rule.write_text(rule_text(query))
    events = [{"event.id": "1", "acme.origin": "10.1.2.3"}]
    assert [one.event_ids for one in detections.replay(detections.load_rules(rule, fields=[fields]), events)] == [
        ("1",)
    ]
    with pytest.warns(detections.DetectionsWarning, match="by a guessed type: acme.origin"):
        assert list(detections.replay(detections.load_rules(rule), events)) == []
