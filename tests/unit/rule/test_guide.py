"""Buttons of guides: what the file says becomes Kibana's Markdown, and comes back as it was."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.payload import to_api
from detections.rule import load_rules
from detections.rule.guide import button, placeholders, rendered, restored

CORPUS = Path(__file__).parents[4] / "shared" / "data" / "rules-corpus"
QUERY = {"label": "Services", "query": "SELECT name\nFROM services"}
OTHER = {"label": "Alerts", "providers": [[{"field": "host.name", "value": "{{host.name}}"}]]}
TRANSFORM = {"osquery": [QUERY, {"label": "B", "query": "b"}], "investigate": [OTHER]}


def kibana_reads(text: str) -> list[tuple[str, dict]]:
    """The buttons of a text, found as Kibana finds them: by counting braces, whatever quotes they stand in."""
    found = []
    for kind in ("osquery", "investigate"):
        start = text.find(f"!{{{kind}{{")
        while start >= 0:
            depth, at = 0, start + len(kind) + 2
            while depth >= 0:
                depth += (text[at] == "{") - (text[at] == "}")
                at += 1
            found.append((kind, json.loads(text[start + len(kind) + 2 : at - 1])))
            start = text.find(f"!{{{kind}{{", at)
    return found


def test_a_placeholder_becomes_the_button():
    note = rendered("1. $osquery_0\n2. ${investigate_0}\n", TRANSFORM)
    assert note == (
        '1. !{osquery{"label":"Services","query":"SELECT name\\nFROM services"}}\n'
        '2. !{investigate{"label":"Alerts","providers":[[{"field":"host.name","value":"{{host.name}}"}]]}}\n'
    )
    assert kibana_reads(note) == [("osquery", QUERY), ("investigate", OTHER)]


@pytest.mark.parametrize(
    "note", ["$osquery_2", "$osquery_", "osquery_0", "$osquery_0x", "$query_0", "$5", "${osquery_0"]
)
def test_what_names_no_button_stays(note):
    assert rendered(note, TRANSFORM) == note
    assert rendered("$osquery_0", None) == "$osquery_0"


def test_a_brace_of_a_string_does_not_end_the_button():
    for query in ("WHERE x = '}'", "a { b", "}{", "{ok}", '"{'):
        said = {"label": "L", "query": query}
        assert kibana_reads(button("osquery", said) + " and }} more") == [("osquery", said)]


def test_the_guide_comes_back_as_the_file_spells_it():
    note = "A $osquery_1, ${osquery_0}, ${investigate_0}."
    assert restored(rendered(note, TRANSFORM), TRANSFORM, note) == note
    assert restored(rendered(note, TRANSFORM), TRANSFORM) == "A $osquery_1, $osquery_0, $investigate_0."


def test_a_button_changed_in_kibana_stays_in_the_text():
    theirs = rendered("$osquery_0 and $osquery_1", TRANSFORM).replace("FROM services", "FROM users")
    assert (
        restored(theirs, TRANSFORM)
        == f"{button('osquery', QUERY | {'query': 'SELECT name' + chr(10) + 'FROM users'})} and $osquery_1"
    )


@pytest.mark.parametrize(
    "broken", ["!{osquery{", "!{osquery{}", '!{osquery{"a":1}', "!{osquery" + "{" * 5000, "!{x{}}"]
)
def test_what_is_no_button_stays(broken):
    assert restored(broken, TRANSFORM) == broken


TEXT = st.text(alphabet='{}"\\$!_0a\né', max_size=12)


BUTTON = st.builds(lambda label, query: {"label": label, "query": query}, TEXT, TEXT)
"""With its keys in one order: of buttons that are equal but for that, either may be restored."""


@given(st.lists(BUTTON, max_size=3), TEXT, TEXT)
def test_what_was_rendered_is_restored(buttons, before, after):
    transform = {"osquery": buttons}
    note = before + "".join(f" $osquery_{number} " for number in range(len(buttons))) + after
    theirs = rendered(note, transform)
    assert rendered(restored(theirs, transform, note), transform) == theirs


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared is not there")
def test_public_guides_show_their_buttons():
    rules = [rule for rule in load_rules(CORPUS) if rule.transform]
    assert len(rules) > 30
    for rule in rules:
        note = to_api(rule)["note"]
        has = {(kind, number): said for kind, some in rule.transform.items() for number, said in enumerate(some)}
        named = [has[key] for place in placeholders(rule.note) if (key := (place.kind, place.number)) in has]
        assert sorted(json.dumps(said) for _, said in kibana_reads(note)) == sorted(map(json.dumps, named))
        assert restored(note, rule.transform, rule.note) == rule.note
