"""Laws of EQL's conditions: a condition on mapped fields is true or false of an event, whatever null does inside it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import detections

FIELDS: dict[str, Any] = {
    "@timestamp": "date", "id": "long", "name": "keyword", "tags": "keyword", "size": "long", "ratio": "double",
    "flag": "boolean", "ip": "ip",
    "host": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 3}}},
}  # fmt: skip

TEXTS = st.sampled_from(["", "a", "A", "ab", "Äb", "b*", "10.0.0.1"])
NUMBERS = st.integers(-3, 3)


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values | st.lists(st.none() | values, max_size=3)


EVENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": _some(TEXTS), "tags": _some(TEXTS), "host": _some(TEXTS), "flag": _some(st.booleans()),
            "size": _some(NUMBERS), "ratio": _some(st.sampled_from([0.5, 2.0])),
            "ip": _some(st.sampled_from(["10.0.0.1", "::1", "none"])),
        },
    ),
    max_size=6,
).map(lambda events: [{**event, "id": at, "@timestamp": at} for at, event in enumerate(events)])  # fmt: skip

_STRING = TEXTS.map('"{}"'.format)
_PATTERN = st.sampled_from(['"*"', '"a*"', '"?"', '"[ab]+"', '"A"', '""'])
_NUMBER = NUMBERS.map(str)
_TEXT_FIELD = st.sampled_from(["name", "tags", "host"])
_TEXT = st.deferred(
    lambda: (
        _TEXT_FIELD
        | st.tuples(st.sampled_from(["substring", "concat"]), _TEXT, _NUMBER).map(lambda t: f"{t[0]}({t[1]}, {t[2]})")
        | _WHOLE.map("string({})".format)
        | st.tuples(_TEXT, _STRING, _STRING).map(lambda t: f"between~({t[0]}, {t[1]}, {t[2]})")
    )
)
_WHOLE = st.deferred(
    lambda: (
        st.just("size")
        | _TEXT.map("length({})".format)
        | st.tuples(_WHOLE, st.sampled_from("+-*/%"), _WHOLE | _NUMBER).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | st.tuples(_TEXT, _STRING).map(lambda t: f"indexOf({t[0]}, {t[1]})")
    )
)
_LEAF = (
    st.tuples(_TEXT, st.sampled_from(["==", "!=", "<", ">="]), _STRING).map(" ".join)
    | st.tuples(_WHOLE, st.sampled_from(["==", "!=", "<", ">="]), _NUMBER).map(" ".join)
    | st.tuples(_NUMBER, st.sampled_from(["==", "<"]), _WHOLE | st.just("ratio")).map(" ".join)
    | st.tuples(_TEXT, st.sampled_from([":", "like", "like~", "regex", "regex~"]), _PATTERN, _PATTERN).map(
        lambda t: f"{t[0]} {t[1]} ({t[2]}, {t[3]})"
    )
    | st.tuples(_TEXT, st.sampled_from(["in", "in~"]), _STRING, _STRING).map(
        lambda t: f"{t[0]} {t[1]} ({t[2]}, {t[3]})"
    )
    | st.tuples(_TEXT | _WHOLE, st.sampled_from(["== null", "!= null"])).map(" ".join)
    | st.tuples(st.sampled_from(["startsWith", "endsWith~", "stringContains"]), _TEXT, _STRING).map(
        lambda t: f"{t[0]}({t[1]}, {t[2]})"
    )
    | st.sampled_from(["flag", "flag == false", 'cidrMatch(ip, "10.0.0.0/8")', "null == (size > 1)"])
)
CONDITIONS = st.recursive(
    _LEAF,
    lambda inner: (
        inner.map("not ({})".format)
        | st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    ),
    max_leaves=4,
)


def _found(events: list[dict[str, Any]], condition: str) -> set[int]:
    return {event["id"] for event in detections.search(events, f"any where {condition}", "eql", fields=FIELDS).events}


@given(EVENTS, CONDITIONS, CONDITIONS)
@settings(max_examples=150)
def test_conditions_are_two_valued(events: list[dict[str, Any]], one: str, other: str) -> None:
    all_of = {event["id"] for event in events}
    first, second = _found(events, one), _found(events, other)
    assert _found(events, f"not ({one})") == all_of - first
    assert _found(events, f"({one}) and ({other})") == first & second
    assert _found(events, f"({one}) or ({other})") == first | second
    assert _found(events, f"null == ({one})") <= all_of
    assert _found(events, f"({one}) == true") == first


@given(EVENTS, CONDITIONS)
@settings(max_examples=80)
def test_an_event_is_judged_by_itself(events: list[dict[str, Any]], condition: str) -> None:
    alone = {number for event in events for number in _found([event], condition)}
    assert _found(events, condition) == alone


@given(EVENTS, _TEXT_FIELD, _STRING)
@settings(max_examples=80)
def test_a_query_and_a_script_agree_on_one_field(events: list[dict[str, Any]], name: str, text: str) -> None:
    for condition, computed in (
        ("{0} == {1}", 'concat({0}, "") == {1}'),
        ("{0} != {1}", 'concat({0}, "") != {1}'),
        ("{0} in ({1})", 'concat({0}, "") in ({1})'),
        ("endsWith({0}, {1})", 'endsWith(concat({0}, ""), {1})'),
        ("startsWith({0}, {1})", 'startsWith(concat({0}, ""), {1})'),
        ("{0} : {1}", 'concat({0}, "") : {1}'),
    ):
        if condition.startswith("endsWith") and any(mark in text for mark in "*?\\"):
            continue  # a wildcard query, in which they are marks
        assert _found(events, condition.format(name, text)) == _found(events, computed.format(name, text)), condition
