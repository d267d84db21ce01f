"""Exception lists: what each entry asks, and what is said of those that cannot be evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from detections.compile.exceptions import SMALL, ExceptionLists, Values
from detections.compile.planner import plan as make_plan
from detections.engine import Embedded
from detections.events import batches
from detections.mapping import Mapping
from detections.plan import Window
from detections.report.explain import text
from detections.rule import Rule
from made_rules import QUERY, new_terms, rule_of

NOON = 1_768_392_000_000
MAPPING = Mapping.of({
    "@timestamp": "date", "event.id": "keyword", "event.action": "keyword", "user.name": "keyword", "source.ip": "ip",
    "message": "text", "host.os.type": "keyword", "dlls": "nested", "dlls.name": "keyword", "dlls.signed": "boolean",
    "process.pid": "long",
})  # fmt: skip
REFERENCE = '\n[[rule.exceptions_list]]\nid = "x"\nlist_id = "known"\ntype = "detection"\nnamespace_type = "single"\n'
EVENTS: dict[str, dict[str, Any]] = {
    "ann": {"user": {"name": "ann"}, "source": {"ip": "10.1.2.3"}, "message": "The backup job", "process": {"pid": 7}},
    "Ann": {"user": {"name": "Ann"}, "host": {"os": {"type": "linux"}}},
    "bob": {"user": {"name": ["bob", "cat"]}, "source": {"ip": "192.168.0.9"}, "message": "job of backup"},
    "nobody": {"dlls": [{"name": "a", "signed": True}, {"name": "b", "signed": False}]},
}


def rule(body: str = QUERY, **more: Any) -> Rule:
    return rule_of(body + REFERENCE)


def item(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"item_id": "i", "name": "known", "type": "simple", "entries": list(entries), **more}


def entry(field: str, kind: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "type": kind, "operator": "included", **({} if value is None else {"value": value}), **more}


def lists(*items: dict[str, Any], **values: Values) -> ExceptionLists:
    return ExceptionLists({("single", "known"): items}, values)


def left(given: ExceptionLists, made: Rule | None = None, now: int = NOON) -> list[str]:
    """The events that still alert."""
    assert list(given.problems(made or rule(), MAPPING)) == []
    plan = make_plan(made or rule(), MAPPING, exceptions=given)
    documents = [
        {"@timestamp": NOON, "event": {"id": name, "action": "a"}, **fields} for name, fields in EVENTS.items()
    ]
    found = Embedded().run([(plan, Window(NOON - 1, NOON, now=now))], batches(documents))
    return [name for alert in found for name in alert.event_ids]


EXCEPTED = [
    (entry("user.name", "match", "ann"), ["ann"]),
    (entry("user.name", "match", "ann", operator="excluded"), ["Ann", "bob", "nobody"]),
    (entry("user.name", "match_any", ["ann", "cat"]), ["ann", "bob"]),
    (entry("user.name", "match_any", ["ann", "cat"], operator="excluded"), ["Ann", "nobody"]),
    (entry("user.name", "wildcard", "?nn"), ["ann", "Ann"]),
    (entry("user.name", "wildcard", "A*", operator="excluded"), ["ann", "bob", "nobody"]),
    (entry("user.name", "exists"), ["ann", "Ann", "bob"]),
    (entry("user.name", "exists", operator="excluded"), ["nobody"]),
    (entry("message", "match", "backup job"), ["ann"]),
    (entry("source.ip", "match", "10.0.0.0/8"), ["ann"]),
    (entry("process.pid", "match", "7"), ["ann"]),
    (entry("nowhere", "match", "ann"), []),
    (entry("nowhere", "match", "ann", operator="excluded"), ["ann", "Ann", "bob", "nobody"]),
    (
        {"field": "dlls", "type": "nested", "entries": [entry("name", "match", "a"), entry("signed", "match", "true")]},
        ["nobody"],
    ),
    (
        {"field": "dlls", "type": "nested", "entries": [entry("name", "match", "b"), entry("signed", "match", "true")]},
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "excepted"), EXCEPTED)
def test_what_an_entry_excepts(given: dict[str, Any], excepted: list[str]) -> None:
    assert left(lists(item(given))) == [name for name in EVENTS if name not in excepted]


def test_all_entries_of_an_item_must_hold_and_any_item_will_do() -> None:
    both = item(entry("user.name", "match", "ann"), entry("message", "match", "restore"))
    assert left(lists(both)) == list(EVENTS)
    assert left(lists(both, item(entry("user.name", "match", "Ann")))) == ["ann", "bob", "nobody"]
    assert left(lists()) == list(EVENTS)


def test_operating_systems_are_asked_besides() -> None:
    given = item(entry("user.name", "exists"), os_types=["linux", "windows"])
    assert left(lists(given)) == ["ann", "bob", "nobody"]


def test_an_item_ends() -> None:
    given = lists(item(entry("user.name", "match", "ann"), expire_time="2026-01-14T12:00:00.000Z"))
    assert left(given) == ["Ann", "bob", "nobody"]
    assert left(given, now=NOON + 1) == list(EVENTS)
    shown = text(make_plan(rule(), MAPPING, exceptions=given).outline())
    assert "exceptions: none of\n  known, until 2026-01-14T12:00:00.000Z\n    user.name = 'ann'" in shown


@pytest.mark.parametrize(
    ("kind", "values", "field", "excepted"),
    [
        ("keyword", ("ann", "zoe"), "user.name", ["ann"]),
        ("ip", ("10.1.2.3", "::1"), "source.ip", ["ann"]),
        ("ip_range", ("10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12"), "source.ip", ["ann"]),
        ("ip_range", ("192.168.0.0-192.168.0.255",), "source.ip", ["bob"]),
        ("ip_range", ("192.168.0.0 - 192.168.0.8", "10.0.0.0/9"), "source.ip", ["ann"]),
    ],
)
def test_value_lists(kind: str, values: tuple[str, ...], field: str, excepted: list[str]) -> None:
    asked = {"field": field, "type": "list", "operator": "included", "list": {"id": "known", "type": kind}}
    given = lists(item(asked), known=Values(kind, values))
    assert left(given) == [name for name in EVENTS if name not in excepted]
    turned = lists(item({**asked, "operator": "excluded"}), known=Values(kind, values))
    assert left(turned) == excepted


def test_a_million_values_are_compared_at_once() -> None:
    values = Values("keyword", (*(f"user-{number}" for number in range(1_000_000)), "ann"))
    asked = {"field": "user.name", "type": "list", "operator": "included", "list": {"id": "many", "type": "keyword"}}
    given = lists(item(asked), many=values)
    assert left(given) == ["Ann", "bob", "nobody"]
    shown = text(make_plan(rule(), MAPPING, exceptions=given).outline())
    assert "and 65,436 more" in shown and len(shown) < 100_000
    terms = rule(new_terms("event.action: a", '"user.name"', "now-1h"))
    (said,) = given.problems(terms, MAPPING)
    assert "the value list many is too large for rules of type new_terms: Kibana ignores the item" in said.message


def test_blocks_of_addresses_are_compared_at_once() -> None:
    blocks = tuple(f"10.{number // 256}.{number % 256}.0/24" for number in range(SMALL))
    asked = {"field": "source.ip", "type": "list", "operator": "included", "list": {"id": "net", "type": "ip_range"}}
    given = lists(item(asked), net=Values("ip_range", blocks))
    assert left(given) == ["Ann", "bob", "nobody"]
    # The blocks touch: they are one range.
    assert "source.ip in one of 1 ranges" in text(make_plan(rule(), MAPPING, exceptions=given).outline())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (item(), "it has no entries"),
        (item(entry("user.name", "match")), "its entry on user.name is of type match, or has no value of this type"),
        (item(entry("user.name", "match", ["a"])), "is of type match, or has no value"),
        (item(entry("user.name", "match_any", [])), "is of type match_any, or has no value"),
        (item(entry("user.name", "sounds like", "a")), "is of type sounds like"),
        (item({"type": "match", "value": "x"}), "'field'"),
        (item(entry("source.ip", "match", "ten")), "'ten' is not an IP"),
        (item(entry("source.ip", "wildcard", "10.*")), "Can only use wildcard queries on keyword"),
        (item(entry("user.name", "match", "a"), expire_time="soon"), "its expire_time 'soon' is not a date"),
        (item({"field": "a", "type": "list", "list": {"id": "x"}}), "the value list x is not among the files"),
        (item({"field": "a", "type": "list"}), "'list'"),
        (
            item({"field": "a", "type": "list", "list": {"id": "known"}}),
            "are of type text, which are not compared here",
        ),
        (item({"field": "a", "type": "nested", "entries": [entry("b", "exists")]}), "failed to find nested object"),
    ],
)
def test_an_item_that_cannot_be_evaluated_is_told_and_the_others_are(given: dict[str, Any], message: str) -> None:
    whole = lists(given, item(entry("user.name", "match", "ann")), known=Values("text", ("a",)))
    made = rule()
    (said,) = whole.problems(made, MAPPING)
    assert said.message.startswith("r: the exception item 'known' of known excludes nothing here: ")
    assert message in said.message
    assert len(make_plan(made, MAPPING, exceptions=whole).exceptions.items) == 1


def test_a_list_that_is_nowhere_is_told() -> None:
    made = rule()
    (said,) = ExceptionLists().problems(made, MAPPING)
    assert said.message == "r: the exception list known has no file: its items exclude nothing here"
    assert said.location.line == 17
    assert make_plan(made, MAPPING).exceptions.items == ()


SEQUENCE = """type = "eql"
language = "eql"
query = 'sequence by event.action [any where true] [any where true]'"""


@pytest.mark.parametrize(
    ("body", "index"),
    [
        (new_terms("event.action: a", '"event.action"', "now-1h"), 'index = ["logs-*"]\n'),
        (
            QUERY.replace("query", "threshold", 1) + "\n[rule.threshold]\nfield = []\nvalue = 4",
            'index = ["logs-*"]\n',
        ),
        (SEQUENCE, 'index = ["logs-*"]\n'),
        ('type = "eql"\nlanguage = "eql"\nquery = "any where true"', 'index = ["logs-*"]\n'),
        ('type = "esql"\nlanguage = "esql"\nquery = "FROM logs-* METADATA _id"', ""),
    ],
)
def test_rules_of_every_type_pass_over_what_is_excepted(body: str, index: str) -> None:
    made = rule_of(body + REFERENCE, index=index)
    given = lists(item(entry("user.name", "match", "ann")))
    found = left(given, made)
    assert "ann" not in found
    plan = make_plan(made, MAPPING, exceptions=given)
    assert [condition.label for condition in plan.excepting()] == ["exception known"]
    assert left(lists(), made) != found
