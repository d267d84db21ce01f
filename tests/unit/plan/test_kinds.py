"""What the kinds of plans answer to the questions that every plan is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detections.compile.planner import plan as make_plan
from detections.plan import EqlPlan, NewTermsPlan, Plan, Role
from detections.plan.predicate import Always
from detections.report.explain import text
from made_rules import QUERY, new_terms, rule_of

MINUTE = 60_000
FILTERED = f'{QUERY}\nfilters = [{{ query = {{ term = {{ "user.name" = "bob" }} }} }}]'
SEQUENCE = """sequence by user.name, host.name with maxspan=10m
  [any where event.action == "stop"] with runs=2
  ![any where event.action == "check"]
  [any where event.action == "start"]
until [any where event.action == "end"]"""
TERMS = new_terms("event.action: a", '"user.name", "host.name"', "now-7d")


THRESHOLD = f"""{QUERY.replace("query", "threshold", 1)}
[rule.threshold]
field = ["user.name", "host.name"]
value = 2
[[rule.threshold.cardinality]]
field = "source.ip"
value = 3
"""


def eql(query: str, more: str = "") -> str:
    return f"type = \"eql\"\nlanguage = \"eql\"\nquery = '''{query}'''\n{more}"


def esql(query: str) -> str:
    return f"type = \"esql\"\nlanguage = \"esql\"\nquery = '''FROM logs-* METADATA _id | {query}'''"


def made(body: str) -> Plan:
    return make_plan(rule_of(body, index="" if "esql" in body else 'index = ["logs-*"]\n'))


CONDITIONS = {
    "query": (QUERY, [("query", Role.EVENT)]),
    "filters": (FILTERED, [("query", Role.EVENT), ("filters", Role.FILTER)]),
    "new terms": (TERMS, [("query", Role.EVENT)]),
    "threshold": (THRESHOLD, [("query", Role.EVENT)]),
    "events": (eql("any where true"), [("query", Role.EVENT)]),
    "sequence": (
        eql(SEQUENCE, 'filters = [{ query = { term = { "user.name" = "bob" } } }]'),
        [
            ("event 1", Role.JOINED), ("event 3", Role.ABSENT), ("event 4", Role.JOINED), ("until", Role.ABSENT),
            ("filters", Role.FILTER),
        ],
    ),
    "sample": (
        eql("sample by host.name [any where true] [any where true]"),
        [("event 1", Role.JOINED), ("event 2", Role.JOINED)],
    ),
    "rows": (
        esql('WHERE a == "b" | WHERE c == "d" | EVAL e = 1 | WHERE e == 1'),
        [("WHERE 1", Role.EVENT), ("WHERE 2", Role.EVENT), ("WHERE 3", Role.ROW)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_conditions_are_those_of_the_text_each_in_its_place(name: str) -> None:
    body, expected = CONDITIONS[name]
    plan = made(body)
    conditions = list(plan.conditions())
    assert [(condition.label, condition.role) for condition in conditions] == expected
    for number, condition in enumerate(conditions):
        same = condition.put(condition.predicate)
        assert same == plan
        assert same.sent is None and plan.sent is not None
        changed = [one.predicate for one in condition.put(Always(True)).conditions()]
        assert changed == [Always(True) if at == number else one.predicate for at, one in enumerate(conditions)]


LOOKBACK = [
    (QUERY, 0),
    (TERMS, 1),
    (THRESHOLD, None),
    (eql("any where true"), 0),
    (eql("any where true | head 1"), None),
    (eql("sequence with maxspan=10m [any where true] [any where false]"), 10 * MINUTE),
    (eql("sequence with maxspan=10m [any where true] [any where false] | tail 1"), None),
    (eql("sequence [any where true] [any where false]"), None),
    (eql("sequence with maxspan=10m [any where true] ![any where false] [any where true]"), None),
    (
        eql("sequence with maxspan=10m [any where true] [any where false]", 'timestamp_override = "event.ingested"'),
        None,
    ),
    (eql("sequence with maxspan=10m [any where true] [any where false]", 'timestamp_field = "event.created"'), None),
    (eql("sample by host.name [any where true] [any where false]"), None),
    (esql("WHERE a == b | EVAL b = 2 | SORT b"), 0),
    (esql("WHERE a == b | LIMIT 5"), None),
]


@pytest.mark.parametrize(("body", "expected"), LOOKBACK)
def test_how_a_plan_may_be_cut_by_time(body: str, expected: int | None) -> None:
    assert made(body).lookback == expected


def test_only_new_terms_look_at_what_was_before_the_window() -> None:
    day = 24 * 60 * MINUTE
    assert made(TERMS).history(10 * day) == 3 * day
    assert made(QUERY).history(10 * day) is None
    wrong = replace(made(TERMS), history_window_start="yesterday")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="history_window_start: "):
        wrong.history(0)


def test_the_settings_of_a_type_are_its_variants() -> None:
    assert [(variant.change, variant.span) for variant in made(QUERY).variants()] == []
    assert [(variant.change, variant.span) for variant in made(esql("WHERE a == b")).variants()] == []
    terms = {variant.change: variant.plan for variant in made(TERMS).variants()}
    assert list(terms) == [
        "new terms without user.name", "new terms without host.name", "history of an hour", "history without end",
    ]  # fmt: skip
    left = terms["new terms without user.name"]
    assert isinstance(left, NewTermsPlan) and [field.name for field in left.fields] == ["host.name"]
    plan = made(eql(SEQUENCE))
    joins = {variant.change: variant for variant in plan.variants()}
    assert list(joins) == [
        "without join key user.name", "without join key host.name", "half the maxspan", "twice the maxspan",
        "without until", "stage 3 before stage 2", "stage 4 before stage 3",
    ]  # fmt: skip
    assert isinstance(plan, EqlPlan)
    assert all(variant.plan != plan and variant.plan.sent is None for variant in joins.values())
    assert SEQUENCE[slice(*joins["without until"].span)] == '[any where event.action == "end"]'
    samples = made(eql("sample by host.name, user.name [any where true] [any where false]"))
    assert [variant.change for variant in samples.variants()] == [
        "without join key host.name", "without join key user.name",
    ]  # fmt: skip


def test_the_settings_of_a_threshold_are_its_variants() -> None:
    plan = made(THRESHOLD)
    assert [variant.change for variant in plan.variants()] == [
        "threshold of 1 instead of 2", "threshold of 3 instead of 2", "threshold without user.name",
        "threshold without host.name", "without 3 values of source.ip", "2 instead of 3 values of source.ip",
        "4 instead of 3 values of source.ip",
    ]  # fmt: skip
    assert len({variant.plan for variant in plan.variants()} | {plan}) == 8
    asked = "2 events with the same user.name, host.name, with 3 values of source.ip"
    assert text(plan.outline()).split("\n")[2:] == [f"threshold: {asked}", "event.action = 'a'  (keyword)"]
    assert plan.quiet() == f"the query finds its event, but there are not {asked} in the window"


def test_a_plan_is_explained_by_what_it_asks() -> None:
    assert text(made(f"{TERMS}\n").outline()) == (
        "time: @timestamp\nindices: logs-*\nnew terms: user.name, host.name since now-7d\nevent.action = 'a'  (keyword)"
    )
    override = made(FILTERED.replace("type =", 'timestamp_override = "event.ingested"\ntype =', 1))
    assert text(override.outline()).split("\n")[:2] == ["time: event.ingested, else @timestamp", "indices: logs-*"]
    assert (
        text(made(eql(SEQUENCE)).outline())
        == """time: @timestamp
indices: logs-*
ordered by @timestamp
sequence within 600,000 ms
  first by user.name, host.name
    event.action = 'stop'  (keyword)
  then by user.name, host.name
    event.action = 'stop'  (keyword)
  none like this by user.name, host.name
    event.action = 'check'  (keyword)
  then by user.name, host.name
    event.action = 'start'  (keyword)
  until by user.name, host.name
    event.action = 'end'  (keyword)"""
    )


def test_what_is_left_to_say_when_each_condition_holds() -> None:
    assert "user.name, host.name are not new" in made(TERMS).quiet()
    assert "see their order" in made(eql(SEQUENCE)).quiet()
    assert made(QUERY).quiet() == made(eql("any where true")).quiet() == ""


def test_plans_know_the_indices_and_can_be_renamed() -> None:
    assert made(QUERY).indices == made(esql("WHERE a == b")).indices == ("logs-*",)
    plan = made(QUERY)
    assert plan.named("7").rule_id == "7"
    assert plan.named(plan.rule_id) == plan
