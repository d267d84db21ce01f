"""An import cut into requests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detections.errors import UsageError
from detections.kibana.chunks import MAX_BYTES, MAX_OBJECTS, chunks, lines, texts
from detections.kibana.multipart import OVERHEAD, one_file


def rule(name, *connectors, size=0):
    actions = [{"id": one, "action_type_id": ".email", "params": {}} for one in connectors]
    return {"rule_id": name, "name": "x" * size, "actions": actions}


def connector(name):
    return {"id": name, "type": "action", "attributes": {"name": name, "actionTypeId": ".email"}}


LIST = {"list_id": "l", "name": "l", "type": "detection"}
ITEM = {"list_id": "l", "item_id": "i", "entries": []}


def test_nothing_is_no_request():
    assert chunks([]) == []


def test_exceptions_go_before_rules_and_connectors_beside_the_rules_that_use_them():
    objects = [rule("a", "c1"), ITEM, connector("c1"), connector("c2"), LIST]
    assert chunks(objects) == [[LIST, ITEM, connector("c2")], [connector("c1"), rule("a", "c1")]]


def test_a_connector_is_in_every_request_with_rules_that_use_it():
    objects = [connector("c"), *(rule(f"r{number}", "c") for number in range(4))]
    found = chunks(objects, max_objects=3)
    assert [[one.get("rule_id", "c") for one in chunk] for chunk in found] == [["c", "r0", "r1"], ["c", "r2", "r3"]]


def test_a_connector_of_two_actions_is_sent_once():
    assert chunks([rule("a", "c", "c"), connector("c")]) == [[connector("c"), rule("a", "c", "c")]]


def test_so_many_objects_fit():
    rules = [{"rule_id": str(number)} for number in range(MAX_OBJECTS * 2 + 1)]
    assert [len(chunk) for chunk in chunks(rules)] == [MAX_OBJECTS, MAX_OBJECTS, 1]


def test_one_byte_more_is_another_request():
    one = rule("a")
    room = MAX_BYTES - OVERHEAD - len(lines([one]))
    other = rule("b")
    fits = rule("b", size=room - len(lines([other])))
    assert len(chunks([one, fits])) == 1
    [chunk] = chunks([one, fits])
    assert len(one_file("rules.ndjson", lines(chunk))[1]) <= MAX_BYTES
    assert len(chunks([one, {**fits, "name": fits["name"] + "x"}])) == 2


def test_what_fits_in_no_request_is_refused_by_name():
    with pytest.raises(UsageError, match=r"big is larger than 10,485,760 bytes"):
        chunks([rule("small"), rule("big", size=MAX_BYTES)])


def test_two_rules_with_one_rule_id_are_refused():
    with pytest.raises(UsageError, match="two rules of the import have the rule_id a"):
        chunks([rule("a"), rule("b"), rule("a")])


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.sets(st.sampled_from("cde"), max_size=2)), max_size=25),
    st.integers(1_200, 3_000),
    st.integers(3, 9),
)
def test_nothing_is_lost_doubled_or_too_large(rules, max_bytes, max_objects):
    objects = [connector(name) for name in "cde"]
    objects += [rule(f"r{number}", *sorted(used), size=size) for number, (size, used) in enumerate(rules)]
    found = chunks(objects, max_bytes=max_bytes, max_objects=max_objects)
    names = [one["rule_id"] for chunk in found for one in chunk if "rule_id" in one]
    assert names == [f"r{number}" for number in range(len(rules))]
    for chunk in found:
        assert len(chunk) <= max_objects
        assert len(one_file("rules.ndjson", lines(chunk))[1]) <= max_bytes
        sent = [one["id"] for one in chunk if "id" in one]
        assert len(sent) == len(set(sent))
        used = {action["id"] for one in chunk for action in one.get("actions", ())}
        assert used <= set(sent)
    assert {one["id"] for chunk in found for one in chunk if "id" in one} == set("cde")


def test_lines_are_json():
    assert [json.loads(line) for line in lines([LIST, rule("ä")]).splitlines()] == [LIST, rule("ä")]


def test_values_are_lines_of_files_that_fit():
    assert texts([]) == []
    assert texts(["a", "b b", "ä"]) == ["a\nb b\nä\n".encode()]
    assert texts(["aaa", "bbb", "c"], max_bytes=6) == [b"aaa\n", b"bbb\nc\n"]


@pytest.mark.parametrize("value", ["", " ", " a", "a\t", "a\nb", "a\rb", "a\u2028b", "a\u2029b"])
def test_what_is_no_line_is_no_value(value):
    with pytest.raises(UsageError, match="invalid list value"):
        texts(["a", value])
