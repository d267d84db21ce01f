"""The schemas of a rule file, one a rule type: the single description of what a rule is.

Required and optional fields, values and defaults are those of Kibana's create API (9.x); ``rule_id`` is required
besides, because an import does. ``etc/rule.schema.json`` is made from these classes.
"""

from __future__ import annotations

from functools import cache

from marshmallow import Schema

from detections.rule.fields import Between, Flag, Items, Matches, OneOf, Record, Sized, Table, Whole
from detections.rule.parts import (
    DATE_MATH,
    DURATION,
    NOT_EMPTY,
    RISK,
    SEVERITIES,
    Action,
    ExceptionList,
    InvestigationFields,
    MetadataSchema,
    NewTerms,
    PartSchema,
    RelatedIntegration,
    RequiredField,
    ResponseAction,
    RiskScoreMapping,
    SeverityMapping,
    Suppression,
    Threat,
    ThreatMapping,
    Threshold,
    ThresholdSuppression,
    Transform,
    VersionedThreat,
    text,
    texts,
)


class FileSchema(PartSchema):
    """The tables of a rule file, ``[rule]`` aside: its schema depends on the type."""

    metadata = Record(MetadataSchema, required=True)
    transform = Record(Transform)


class CommonSchema(PartSchema):
    """What rules of every type have."""

    rule_id = text("Unique, and never changed; a UUID.", required=True, validate=NOT_EMPTY)
    name = text(required=True, validate=NOT_EMPTY)
    description = text("What the rule finds.", required=True, validate=NOT_EMPTY)
    risk_score = Whole(required=True, validate=RISK, metadata={"description": "0 to 100, in the band of the severity."})
    severity = text(required=True, validate=OneOf(SEVERITIES))
    author = texts()
    license = text()
    tags = texts()
    references = texts("Links for whoever reads the alert.")
    false_positives = texts("What else looks like this.")
    note = text("The investigation guide, in Markdown.")
    setup = text("What must be in place for the rule to see anything, in Markdown.")
    version = Whole(validate=Between(min=1))
    enabled = Flag()
    interval = text("How often the rule runs; 5m if absent.", validate=DURATION)
    from_ = text("Where the window of a run begins; now-6m if absent.", validate=DATE_MATH)
    from_.data_key = "from"
    to = text("Where the window of a run ends; now if absent.", validate=DATE_MATH)
    max_signals = Whole(validate=Between(min=1), metadata={"description": "Alerts in one run, at most; 100 if absent."})
    threat = Items(Record(Threat))
    threat_mappings = Items(Record(VersionedThreat))
    severity_mapping = Items(Record(SeverityMapping))
    risk_score_mapping = Items(Record(RiskScoreMapping))
    rule_name_override = text("The field whose value names the alert.")
    timestamp_override = text("The field of the time that counts, event.ingested mostly.")
    timestamp_override_fallback_disabled = Flag()
    timeline_id = text()
    timeline_title = text()
    building_block_type = text(validate=OneOf(("default",)))
    investigation_fields = Record(InvestigationFields)
    related_integrations = Items(Record(RelatedIntegration))
    required_fields = Items(Record(RequiredField))
    exceptions_list = Items(Record(ExceptionList))
    actions = Items(Record(Action))
    response_actions = Items(Record(ResponseAction))
    throttle = text(validate=Matches(r"^(no_actions|rule|[1-9]\d*[smhd])$", "no_actions, rule or a duration like 1h"))
    meta = Table()
    output_index = text()
    namespace = text()


class _Searched(PartSchema):
    """What rules have that search an index with a query and filters."""

    index = texts("The index patterns that the rule searches.")
    data_view_id = text()
    filters = Items(Table())


class _Kibana(_Searched):
    """The same in one of Kibana's own languages."""

    query = text(required=True)
    language = text("kuery if absent.", validate=OneOf(("kuery", "lucene")))
    alert_suppression = Record(Suppression)


class QuerySchema(CommonSchema, _Kibana):
    type = text(required=True, validate=OneOf(("query",)))
    query = text("Nothing means every event that the filters leave.")
    saved_id = text()


class SavedQuerySchema(CommonSchema, _Kibana):
    type = text(required=True, validate=OneOf(("saved_query",)))
    query = text("What is searched for where Kibana cannot find the saved query.")
    saved_id = text("The id of the saved query.", required=True)


class NewTermsSchema(CommonSchema, _Kibana):
    type = text(required=True, validate=OneOf(("new_terms",)))
    new_terms = Record(NewTerms, required=True)


class ThresholdSchema(CommonSchema, _Kibana):
    type = text(required=True, validate=OneOf(("threshold",)))
    threshold = Record(Threshold, required=True)
    saved_id = text()
    alert_suppression = Record(ThresholdSuppression)


class ThreatMatchSchema(CommonSchema, _Kibana):
    type = text(required=True, validate=OneOf(("threat_match",)))
    threat_query = text("The query for indicators.", required=True)
    threat_index = texts("The index patterns of the indicators.", required=True)
    threat_mapping = Items(Record(ThreatMapping), required=True, validate=Sized(min=1))
    threat_language = text("kuery if absent.", validate=OneOf(("kuery", "lucene")))
    threat_filters = Items(Table())
    threat_indicator_path = text("threat.indicator if absent.")
    concurrent_searches = Whole(validate=Between(min=1))
    items_per_search = Whole(validate=Between(min=1))
    saved_id = text()


class EqlSchema(CommonSchema, _Searched):
    type = text(required=True, validate=OneOf(("eql",)))
    query = text(required=True)
    language = text(required=True, validate=OneOf(("eql",)))
    event_category_override = text()
    tiebreaker_field = text()
    timestamp_field = text()
    alert_suppression = Record(Suppression)


class EsqlSchema(CommonSchema):
    type = text(required=True, validate=OneOf(("esql",)))
    query = text("Names its indices itself, in FROM.", required=True)
    language = text(required=True, validate=OneOf(("esql",)))
    alert_suppression = Record(Suppression)


class MachineLearningSchema(CommonSchema):
    type = text(required=True, validate=OneOf(("machine_learning",)))
    anomaly_threshold = Whole(required=True, validate=Between(min=0, max=100))
    machine_learning_job_id = texts(or_one=True, required=True, validate=NOT_EMPTY)
    alert_suppression = Record(Suppression)


SCHEMAS: dict[str, type[CommonSchema]] = {
    "query": QuerySchema,
    "saved_query": SavedQuerySchema,
    "new_terms": NewTermsSchema,
    "esql": EsqlSchema,
    "eql": EqlSchema,
    "threshold": ThresholdSchema,
    "threat_match": ThreatMatchSchema,
    "machine_learning": MachineLearningSchema,
}

RESPONSE_ONLY = frozenset(
    {"id", "immutable", "rule_source", "revision", "created_at", "created_by", "updated_at", "updated_by",
     "execution_summary", "outcome", "alias_purpose", "alias_target_id"}
)  # fmt: skip
"""Fields that Kibana answers with and an import ignores."""


@cache
def schema(kind: type[Schema]) -> Schema:
    """The one instance of a schema class; making one costs more than loading a rule."""
    return kind()
