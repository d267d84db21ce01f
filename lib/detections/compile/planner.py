"""Rule to Plan: what each rule type asks of an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypedDict

from detections.compile.eql import compile_eql
from detections.compile.esql import compile_esql
from detections.compile.exceptions import ExceptionLists
from detections.compile.filters import compile_filters
from detections.compile.kql import compile_kql
from detections.compile.lucene import compile_lucene
from detections.compile.request import body_of
from detections.compile.tables import Tables
from detections.errors import NotEvaluated, QuerySyntaxError
from detections.mapping import UNMAPPED, Field, Mapping, catalog_mapping
from detections.plan import (
    Cardinality,
    EqlPlan,
    GroupsPlan,
    MachineLearningPlan,
    NewTermsPlan,
    Plan,
    QueryPlan,
    RowsPlan,
    Sent,
    Suppression,
    ThreatMatchPlan,
    ThresholdPlan,
    TimeField,
)
from detections.plan.kinds.machine_learning import INDICES, INTERIM, JOB, KIND, SCORE, TIME, anomalies
from detections.plan.kinds.threat_match import Entry
from detections.plan.predicate import Predicate
from detections.query import EqlQuery, EsqlQuery, KqlQuery, LuceneQuery, Query, parse
from detections.rule import EqlRule, MachineLearningRule, NewTermsRule, Rule, ThreatMatchRule, ThresholdRule

Planner: TypeAlias = Callable[[Any, Mapping], Plan]
"""Makes the plan of a rule of one type, for the fields of a mapping."""


NO_TABLES: Tables = {}
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000}
_BY_AGGREGATION = ("query", "saved_query")
"""Types of rules whose alerts are suppressed by an aggregation of their events."""
NO_LISTS = ExceptionLists()


class Common(TypedDict):
    """What plans of every kind have."""

    rule_id: str
    rule_name: str
    time: TimeField
    indices: tuple[str, ...]
    mapping: Mapping
    sent: Sent


def plan(
    rule: Rule, mapping: Mapping | None = None, tables: Tables = NO_TABLES, exceptions: ExceptionLists = NO_LISTS
) -> Plan:
    """The plan of a rule, for the fields of ``mapping`` (None: what the catalog knows of the rule's indices), with
    those of its exceptions that are among the lists. ``tables`` are what ES|QL looks up, by the name of the lookup
    index (LOOKUP JOIN) or of the policy (ENRICH).

    A saved_query rule is planned with the query it carries itself, as Kibana falls back to it.

    Raises:
        QueryError: the query cannot be used; its span lies in ``rule.query``.
        NotEvaluated: nothing in this process evaluates the rule; the message is the reason.
    """
    planner = PLANNERS.get(rule.type)
    if planner is None:
        raise NotEvaluated(f"rules of type {rule.type} are not evaluated yet")
    fields = mapping or mapping_of(rule)
    made = _esql(rule, fields, tables) if tables and rule.type == "esql" else planner(rule, fields)
    return replace(
        made,
        exceptions=exceptions.of(rule, fields),
        suppression=_suppression(rule, fields),
        building_block=rule.building_block_type is not None,
    )


def mapping_of(rule: Rule) -> Mapping:
    """What the catalog knows of the fields in the rule's indices; all of it, where those are not known."""
    return catalog_mapping(indices_of(rule), rule.fields)


def indices_of(rule: Rule) -> tuple[str, ...]:
    """The index patterns that the rule searches; none where a data view has them, or an ES|QL query does not parse."""
    if rule.type != "esql":
        return () if rule.data_view_id else rule.index
    try:
        query = rule.parsed
    except QuerySyntaxError:
        return ()
    return query.tree.indices if isinstance(query, EsqlQuery) else ()


def time_field(rule: Rule) -> TimeField:
    """Where the rule finds a document's time (Kibana: primary and secondary timestamp)."""
    override = rule.timestamp_override
    if not override or override == "@timestamp":
        return TimeField()
    return TimeField(override, None if rule.timestamp_override_fallback_disabled else "@timestamp")


def common(rule: Rule, mapping: Mapping) -> Common:
    """What a plan of any kind has of its rule.

    Raises:
        QueryError: the query cannot be parsed, or Kibana refuses it for these fields.
    """
    return Common(
        rule_id=rule.rule_id, rule_name=rule.name, time=time_field(rule),
        indices=indices_of(rule), mapping=mapping, sent=body_of(rule, mapping),
    )  # fmt: skip


def selected(rule: Rule, mapping: Mapping) -> tuple[Predicate, Predicate | None]:
    """What a rule in KQL or Lucene's syntax asks of each document: its query, and its filters.

    Raises:
        QueryTypeError: the fields refuse it.
        NotEvaluated: a part of it is not evaluated.
    """
    return _condition(rule.parsed, mapping), _filter(rule, mapping)


def _condition(query: Query, mapping: Mapping) -> Predicate:
    if isinstance(query, LuceneQuery):
        return compile_lucene(query, mapping)
    assert isinstance(query, KqlQuery)
    return compile_kql(query, mapping)


def _filter(rule: Rule, mapping: Mapping) -> Predicate | None:
    return compile_filters(rule.filters, mapping) if rule.filters else None


def _query(rule: Rule, mapping: Mapping) -> QueryPlan:
    predicate, condition = selected(rule, mapping)
    return QueryPlan(**common(rule, mapping), predicate=predicate, filter=condition)


def _saved_query(rule: Rule, mapping: Mapping) -> QueryPlan:
    if not rule.query:
        raise NotEvaluated("the saved query is in Kibana, not in the file")
    return _query(rule, mapping)


def _new_terms(rule: NewTermsRule, mapping: Mapping) -> NewTermsPlan:
    predicate, condition = selected(rule, mapping)
    return NewTermsPlan(
        **common(rule, mapping), predicate=predicate, filter=condition,
        fields=tuple(aggregated(name, mapping, "new terms") for name in rule.new_terms_fields),
        history_window_start=rule.history_window_start,
    )  # fmt: skip


def _threshold(rule: ThresholdRule, mapping: Mapping) -> ThresholdPlan:
    predicate, condition = selected(rule, mapping)
    asked = rule.threshold
    # Of several cardinalities Kibana reads the first.
    counted = next(iter(asked.get("cardinality") or ()), None)
    return ThresholdPlan(
        **common(rule, mapping), predicate=predicate, filter=condition,
        fields=tuple(aggregated(name, mapping, "threshold") for name in asked["field"] if name),
        value=asked["value"],
        cardinality=counted and Cardinality(aggregated(counted["field"], mapping, "cardinality"), counted["value"]),
    )  # fmt: skip


def _threat_match(rule: ThreatMatchRule, mapping: Mapping) -> ThreatMatchPlan:
    predicate, condition = selected(rule, mapping)
    indicators = _condition(parse(rule.threat_query, rule.threat_language), mapping)
    groups = tuple(tuple(_entry(entry, mapping) for entry in group["entries"]) for group in rule.threat_mapping)
    if not all(any(not entry.negate for entry in group) for group in groups):
        raise NotEvaluated("a group of the threat mapping has no entry that is not negated")
    known = common(rule, mapping)
    searched = known["indices"]
    known["indices"] = (*searched, *rule.threat_index) if searched else ()
    return ThreatMatchPlan(
        **known, predicate=predicate, filter=condition, groups=groups, indicators=indicators,
        indicator_filter=compile_filters(rule.threat_filters, mapping) if rule.threat_filters else None,
        event_indices=searched, threat_indices=rule.threat_index,
    )  # fmt: skip


def _entry(entry: dict[str, Any], mapping: Mapping) -> Entry:
    event, indicator = (mapping.get(entry[name]) or Field(entry[name], UNMAPPED) for name in ("field", "value"))
    return Entry(event, indicator, bool(entry.get("negate")))


def _machine_learning(rule: MachineLearningRule, mapping: Mapping) -> MachineLearningPlan:
    types = {field.name: field.type for field in (JOB, SCORE, KIND, INTERIM)}
    jobs, threshold = rule.machine_learning_job_id, rule.anomaly_threshold
    return MachineLearningPlan(
        rule_id=rule.rule_id, rule_name=rule.name, time=TimeField(TIME), indices=INDICES, jobs=jobs,
        mapping=Mapping.of({"@timestamp": "date", TIME: "date", "event.id": "keyword", **types}),
        predicate=anomalies(jobs, threshold), threshold=threshold,
    )  # fmt: skip


def _suppression(rule: Rule, mapping: Mapping) -> Suppression | None:
    """Which of the rule's alerts are counted into others; None where each is raised.

    Raises:
        NotEvaluated: a field whose values Elasticsearch cannot aggregate.
    """
    asked = rule.alert_suppression
    if not asked:
        return None
    lasting = asked.get("duration")
    duration = lasting and lasting["value"] * _UNITS[lasting["unit"]]
    names = asked.get("group_by", ())
    if rule.type in _BY_AGGREGATION:
        fields = tuple(aggregated(name, mapping, "suppression") for name in names)
    else:
        fields = tuple(mapping.get(name) or Field(name, UNMAPPED) for name in names)
    missing = asked.get("missing_fields_strategy") != "doNotSuppress"
    return Suppression(fields, duration, missing, each=rule.type in _BY_AGGREGATION)


def aggregated(name: str, mapping: Mapping, role: str) -> Field:
    """A field whose values are grouped by, as an aggregation would; ``role`` is what the rule takes it for.

    Raises:
        NotEvaluated: Elasticsearch cannot aggregate values of its type.
    """
    field = mapping.get(name) or Field(name, UNMAPPED)
    if field.family == "text":
        raise NotEvaluated(f"the {role} field {name} is of type {field.type}, whose values cannot be aggregated")
    return field


def _eql(rule: EqlRule, mapping: Mapping) -> EqlPlan:
    query = rule.parsed
    assert isinstance(query, EqlQuery)
    program = compile_eql(
        query, mapping, timestamp_field=rule.timestamp_field or "@timestamp",
        tiebreaker_field=rule.tiebreaker_field or None,
        event_category_field=rule.event_category_override or "event.category",
    )  # fmt: skip
    condition = _filter(rule, mapping)
    return EqlPlan(**common(rule, mapping), program=program, filter=condition)


def _esql(rule: Rule, mapping: Mapping, tables: Tables = NO_TABLES) -> RowsPlan:
    query = rule.parsed
    assert isinstance(query, EsqlQuery)
    lacking: tuple[str, ...] = ()
    try:
        pipeline = compile_esql(query, mapping, tables=tables)
    except NotEvaluated as error:
        # A server may run it all the same.
        lacking = (str(error),)
        pipeline = compile_esql(query, mapping, tables=tables, refused=[])
    if not pipeline.indices:
        raise NotEvaluated("an ES|QL rule that starts with ROW has no events behind its alerts")
    kind = GroupsPlan if query.tree.aggregates else RowsPlan
    return kind(**common(rule, mapping), pipeline=pipeline, tables=tables, lacking=lacking)


PLANNERS: dict[str, Planner] = {
    "query": _query,
    "saved_query": _saved_query,
    "new_terms": _new_terms,
    "threshold": _threshold,
    "machine_learning": _machine_learning,
    "threat_match": _threat_match,
    "eql": _eql,
    "esql": _esql,
}
"""What plans a rule, by its type."""
