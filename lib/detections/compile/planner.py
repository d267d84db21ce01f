"""Rule to Plan: what each rule type asks of an engine."""

from __future__ import annotations

from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.filters import compile_filters
from detections.compile.kql import compile_kql
from detections.compile.request import body_of
from detections.errors import NotEvaluated
from detections.mapping import UNMAPPED, Field, Mapping, catalog_mapping
from detections.plan import EqlPlan, NewTermsPlan, Plan, QueryPlan, RowsPlan, TimeField
from detections.plan.predicate import And, Predicate
from detections.query import parse
from detections.rule import EqlRule, NewTermsRule, Rule


def plan(rule: Rule, mapping: Mapping | None = None) -> Plan:
    """The plan of a rule, for the fields of ``mapping`` (None: the catalog).

    A saved_query rule is planned with the query it carries itself, as Kibana falls back to it.

    Raises:
        QueryError: the query cannot be used; its span lies in ``rule.query``.
        NotEvaluated: nothing in this process evaluates the rule; the message is the reason.
    """
    fields = mapping or catalog_mapping()
    time = time_field(rule)
    if rule.type == "esql":
        pipeline = compile_esql(parse(rule.query or "", "esql"), fields)
        if not pipeline.indices:
            raise NotEvaluated("an ES|QL rule that starts with ROW has no events behind its alerts")
        return RowsPlan(rule.rule_id, rule.name, pipeline, time, fields, body_of(rule, fields))
    if isinstance(rule, EqlRule):
        return _eql_plan(rule, time, fields)
    if rule.type not in ("query", "saved_query", "new_terms"):
        raise NotEvaluated(f"rules of type {rule.type} are not evaluated yet")
    predicate = _predicate(rule, fields)
    sent = body_of(rule, fields)
    if isinstance(rule, NewTermsRule):
        terms = tuple(_aggregated(name, fields) for name in rule.new_terms_fields)
        start = rule.history_window_start
        return NewTermsPlan(rule.rule_id, rule.name, predicate, time, terms, start, fields, sent)
    return QueryPlan(rule.rule_id, rule.name, predicate, time, fields, sent)


def _eql_plan(rule: EqlRule, time: TimeField, fields: Mapping) -> EqlPlan:
    program = compile_eql(
        parse(rule.query or "", "eql"), fields, timestamp_field=rule.timestamp_field or "@timestamp",
        tiebreaker_field=rule.tiebreaker_field or None,
        event_category_field=rule.event_category_override or "event.category",
    )  # fmt: skip
    condition = compile_filters(rule.filters, fields) if rule.filters else None
    return EqlPlan(rule.rule_id, rule.name, program, condition, time, fields, body_of(rule, fields))


def time_field(rule: Rule) -> TimeField:
    """Where the rule finds a document's time (Kibana: primary and secondary timestamp)."""
    override = rule.timestamp_override
    if not override or override == "@timestamp":
        return TimeField()
    return TimeField(override, None if rule.timestamp_override_fallback_disabled else "@timestamp")


def _aggregated(name: str, fields: Mapping) -> Field:
    found = fields.get(name) or Field(name, UNMAPPED)
    if found.family == "text":
        raise NotEvaluated(f"the new terms field {name} is of type {found.type}, whose values cannot be aggregated")
    return found


def _predicate(rule: Rule, fields: Mapping) -> Predicate:
    if rule.language not in (None, "kuery"):
        raise NotEvaluated(f"queries in {rule.language} are not evaluated yet")
    text = rule.query or ""
    if rule.type == "saved_query" and not text:
        raise NotEvaluated("the saved query stands in Kibana, not in the file")
    predicate = compile_kql(parse(text, "kuery"), fields)
    return And((predicate, compile_filters(rule.filters, fields))) if rule.filters else predicate
