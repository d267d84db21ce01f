"""What rules of each type become."""

from __future__ import annotations

import pytest

from detections.compile.planner import plan
from detections.errors import NotEvaluated, QuerySyntaxError, QueryTypeError
from detections.mapping import Mapping
from detections.plan import EqlPlan, NewTermsPlan, QueryPlan, RowsPlan, ThresholdPlan, TimeField
from detections.plan.predicate import And, Equals, Not, Predicate, leaves
from detections.plan.predicate import Test as Ask
from detections.plan.program import Events
from detections.rule import Rule
from made_rules import rule_of

KQL = 'index = ["logs-*"]\ntype = "query"\nlanguage = "kuery"\nquery = "a: b"\n'
FIELDS = Mapping.of({"a": "keyword", "n": "long", "t": "text", "x": "keyword", "event.ingested": "date"})


def rule(body: str) -> Rule:
    return rule_of(body, "a rule", rule_id="id", index="")


def test_query() -> None:
    made = plan(rule(KQL), FIELDS)
    assert isinstance(made, QueryPlan)
    assert (made.rule_id, made.rule_name, made.time) == ("id", "a rule", TimeField())
    assert isinstance(made.predicate, Ask)
    assert (made.predicate.field.name, made.predicate.operator) == ("a", Equals(frozenset({"b"})))


def test_filters_stand_beside_the_query() -> None:
    body = '[[rule.filters]]\n[rule.filters.meta]\nnegate = true\n[rule.filters.query.term]\n"x" = "y"\n'
    made = plan(rule(KQL + body), FIELDS)
    assert isinstance(made, QueryPlan)
    kept = made.filter
    while isinstance(kept, And):
        (kept,) = kept.items
    assert isinstance(kept, Not)
    assert isinstance(made.selects, And) and made.selects.items == (made.predicate, made.filter)


@pytest.mark.parametrize(
    ("body", "time"),
    [
        ("", TimeField()),
        ('timestamp_override = "@timestamp"\n', TimeField()),
        ('timestamp_override = "event.ingested"\n', TimeField("event.ingested", "@timestamp")),
        (
            'timestamp_override = "event.ingested"\ntimestamp_override_fallback_disabled = true\n',
            TimeField("event.ingested"),
        ),
    ],
)
def test_where_the_time_is(body: str, time: TimeField) -> None:
    assert plan(rule(KQL + body), FIELDS).time == time


TERMS = """index = ["logs-*"]
type = "new_terms"
language = "kuery"
query = "a: b"
[rule.new_terms]
field = "new_terms_fields"
value = ["x", "unknown"]
[[rule.new_terms.history_window_start]]
field = "history_window_start"
value = "now-7d"
"""


def test_new_terms() -> None:
    made = plan(rule(TERMS), FIELDS)
    assert isinstance(made, NewTermsPlan)
    assert [(field.name, field.type) for field in made.fields] == [("x", "keyword"), ("unknown", "unmapped")]
    assert made.history_window_start == "now-7d"


def test_new_terms_cannot_be_words_of_a_text() -> None:
    with pytest.raises(NotEvaluated, match="t is of type text, whose values cannot be aggregated"):
        plan(rule(TERMS.replace('"unknown"', '"t"')), FIELDS)


def test_esql() -> None:
    made = plan(rule('type = "esql"\nlanguage = "esql"\nquery = "FROM logs METADATA _id | WHERE n > 1"\n'), FIELDS)
    assert isinstance(made, RowsPlan)
    assert len(made.pipeline.commands) == 1


def test_a_saved_query_rule_has_a_query_of_its_own() -> None:
    saved = KQL.replace('"query"', '"saved_query"').replace("query = ", "query = ", 1) + 'saved_id = "s"\n'
    assert isinstance(plan(rule(saved), FIELDS), QueryPlan)
    without = 'type = "saved_query"\nsaved_id = "s"\n'
    with pytest.raises(NotEvaluated, match="is in Kibana"):
        plan(rule(without), FIELDS)


THRESHOLD = """index = ["logs-*"]
type = "threshold"
language = "kuery"
query = "a: b"
[rule.threshold]
field = ["x", "unknown"]
value = 3
[[rule.threshold.cardinality]]
field = "n"
value = 2
[[rule.threshold.cardinality]]
field = "x"
value = 4
"""


def test_threshold() -> None:
    made = plan(rule(THRESHOLD), FIELDS)
    assert isinstance(made, ThresholdPlan) and made.value == 3
    assert [(field.name, field.type) for field in made.fields] == [("x", "keyword"), ("unknown", "unmapped")]
    assert made.cardinality is not None and (made.cardinality.field.name, made.cardinality.value) == ("n", 2)
    for none in ("[]", '""'):
        everything = plan(rule(THRESHOLD.replace('["x", "unknown"]', none)), FIELDS)
        assert isinstance(everything, ThresholdPlan) and everything.fields == ()


@pytest.mark.parametrize(("old", "role"), [('"unknown"', "threshold"), ('"n"', "cardinality")])
def test_words_of_a_text_are_not_grouped_by(old: str, role: str) -> None:
    with pytest.raises(NotEvaluated, match=f"the {role} field t is of type text, whose values cannot be aggregated"):
        plan(rule(THRESHOLD.replace(old, '"t"')), FIELDS)


@pytest.mark.parametrize(
    ("query", "error", "start"), [("a: (", QuerySyntaxError, 4), ("a: b and n: x", QueryTypeError, 12)]
)
def test_a_query_that_cannot_be_used_has_its_place(query: str, error: type[Exception], start: int) -> None:
    with pytest.raises(error) as caught:
        plan(rule(KQL.replace("a: b", query)), FIELDS)
    assert caught.value.start == start  # type: ignore[attr-defined]


def names(predicate: Predicate | None) -> list[str]:
    assert predicate is not None
    return [leaf.field.name for leaf in leaves(predicate) if isinstance(leaf, Ask)]


def test_an_eql_rule_says_what_orders_events_and_what_their_category_is() -> None:
    body = 'type = "eql"\nlanguage = "eql"\nquery = "b where true"\n'
    usual = plan(rule(body))
    assert isinstance(usual, EqlPlan) and isinstance(usual.program.body, Events)
    assert (usual.program.order.timestamp.name, usual.program.order.tiebreaker) == ("@timestamp", None)
    assert names(usual.program.body.predicate) == ["event.category"]
    other = plan(
        rule(
            body + 'timestamp_field = "event.created"\ntiebreaker_field = "event.sequence"\n'
            'event_category_override = "event.kind"\ntimestamp_override = "event.ingested"\n'
            '[[rule.filters]]\nquery.exists.field = "user.name"\n'
        )
    )
    assert isinstance(other, EqlPlan) and isinstance(other.program.body, Events)
    assert other.program.order.timestamp.name == "event.created"
    assert other.program.order.tiebreaker is not None and other.program.order.tiebreaker.name == "event.sequence"
    assert names(other.program.body.predicate) == ["event.kind"]
    assert names(other.filter) == ["user.name"]
    assert other.time == TimeField("event.ingested", "@timestamp")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (KQL.replace("kuery", "lucene").replace("a: b", "a: b~"), "fuzzy words"),
        (
            'type = "threat_match"\nlanguage = "kuery"\nquery = "a:b"\nthreat_query = "a:b~"\nthreat_index = ["t"]\n'
            'threat_language = "lucene"\n[[rule.threat_mapping]]\n'
            'entries = [{ field = "a", type = "mapping", value = "b" }]\n',
            "fuzzy words",
        ),
    ],
)
def test_what_nothing_here_evaluates_is_said(body: str, reason: str) -> None:
    with pytest.raises(NotEvaluated, match=reason):
        plan(rule(body), FIELDS)
