"""The schemas of the tables below ``[rule]``, of ``[metadata]`` and of ``[transform]``.

What is required and allowed is Kibana's create schema (9.x, public API version 2023-10-31), and for ``[metadata]``,
``[transform]`` and ``[rule.new_terms]`` the layout of elastic/detection-rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import INCLUDE, Schema

from detections.rule.fields import Between, Flag, Items, Matches, OneOf, Record, Sized, Table, Text, Whole

SEVERITIES = ("low", "medium", "high", "critical")
MATURITIES = ("development", "experimental", "beta", "production", "deprecated")

NOT_EMPTY = Sized(min=1)
RISK = Between(min=0, max=100)
DATE = Matches(r"^\d{4}/\d{2}/\d{2}$", "a date like 2026/11/24")
STACK = Matches(r"^\d+\.\d+(\.\d+)?$", "a version like 8.19.0")
DATE_MATH = Matches(
    r"^(now|\d{4}-\d{2}-\d{2}[0-9T:.Z+-]*(\|\|)?)([+-]\d+[yMwdhHms])*(/[yMwdhHms])?$", "date math like now-6m"
)
DURATION = Matches(r"^[1-9]\d*[smhd]$", "a duration like 5m")


class PartSchema(Schema):
    """A table of a rule file. Keys it does not know are kept; another part of this room reports them."""

    class Meta:
        unknown = INCLUDE


def text(about: str = "", *, required: bool = False, validate: Any = None) -> Text:
    return Text(required=required, validate=validate, metadata=_described(about))


def texts(about: str = "", *, each: Any = None, **kwargs: Any) -> Items:
    return Items(Text(validate=each), metadata=_described(about), **kwargs)


def _described(about: str) -> Mapping[str, str]:
    return {"description": about} if about else {}


class MetadataSchema(PartSchema):
    creation_date = text("The day the rule was written, YYYY/MM/DD.", required=True, validate=DATE)
    updated_date = text("The day the rule was last changed, YYYY/MM/DD.", required=True, validate=DATE)
    maturity = text("Only production rules are exported.", required=True, validate=OneOf(MATURITIES))
    integration = texts("The integrations whose events the rule reads.", or_one=True)
    min_stack_version = text("The oldest Elastic Stack that the rule runs on.", validate=STACK)
    min_stack_comments = text("Why it needs that version.")
    upstream_rule_id = text("The id of the public rule that this one follows; it is not exported.")
    source = text("Where the idea of the rule comes from.")
    deprecation_date = text("The day the rule was given up, YYYY/MM/DD.", validate=DATE)
    deprecated_reason = text("Why the rule was given up.")
    comments = text()
    os_type_list = texts("The operating systems the rule is for.")
    query_schema_validation = Flag()
    bypass_bbr_timing = Flag()
    promotion = Flag(metadata=_described("Whether the rule promotes alerts of another product."))
    related_endpoint_rules = Items(Items(Text()))
    extended = Table()


class Subtechnique(PartSchema):
    id = text("T1562.007", required=True)
    name = text(required=True)
    reference = text("https://attack.mitre.org/techniques/T1562/007/", required=True)


class Technique(Subtechnique):
    subtechnique = Items(Record(Subtechnique))


class Threat(PartSchema):
    framework = text("MITRE ATT&CK", required=True)
    tactic = Record(Subtechnique, required=True)
    technique = Items(Record(Technique))


class VersionedThreat(PartSchema):
    framework = text(required=True)
    version = text("The version of ATT&CK that this mapping is for.", required=True)
    threat = Items(Record(Threat), required=True)


class SeverityMapping(PartSchema):
    field = text(required=True)
    operator = text(required=True, validate=OneOf(("equals",)))
    severity = text(required=True, validate=OneOf(SEVERITIES))
    value = text(required=True)


class RiskScoreMapping(PartSchema):
    field = text(required=True)
    operator = text(required=True, validate=OneOf(("equals",)))
    value = text(required=True)
    risk_score = Whole(validate=RISK)


class RelatedIntegration(PartSchema):
    package = text("The integration's package.", required=True, validate=NOT_EMPTY)
    version = text("The versions of the package, in semver.", required=True, validate=NOT_EMPTY)
    integration = text("Which of the package's integrations, where it has several.", validate=NOT_EMPTY)


class RequiredField(PartSchema):
    name = text(required=True, validate=NOT_EMPTY)
    type = text(required=True, validate=NOT_EMPTY)
    ecs = Flag()


class InvestigationFields(PartSchema):
    field_names = texts("The fields shown first on an alert.", each=NOT_EMPTY, required=True, validate=NOT_EMPTY)


class ExceptionList(PartSchema):
    id = text("The saved object's id, which differs between spaces.", required=True, validate=NOT_EMPTY)
    list_id = text(required=True, validate=NOT_EMPTY)
    type = text(required=True)
    namespace_type = text(required=True, validate=OneOf(("agnostic", "single")))


class Action(PartSchema):
    action_type_id = text(required=True)
    id = text("The id of the connector.", required=True)
    params = Table(required=True)
    group = text()
    uuid = text(validate=NOT_EMPTY)
    alerts_filter = Table()
    frequency = Table()


class ResponseAction(PartSchema):
    action_type_id = text(required=True, validate=OneOf((".osquery", ".endpoint")))
    params = Table(required=True)


class Duration(PartSchema):
    value = Whole(required=True, validate=Between(min=1))
    unit = text(required=True, validate=OneOf(("s", "m", "h")))


class Suppression(PartSchema):
    group_by = texts("One to three fields.", required=True, validate=Sized(min=1, max=3))
    duration = Record(Duration)
    missing_fields_strategy = text(validate=OneOf(("suppress", "doNotSuppress")))


class ThresholdSuppression(PartSchema):
    duration = Record(Duration, required=True)


class Cardinality(PartSchema):
    field = text(required=True)
    value = Whole(required=True, validate=Between(min=0))


class Threshold(PartSchema):
    field = texts("The fields to group by, at most five; none counts all events.", or_one=True, required=True,
                  validate=Sized(max=5))  # fmt: skip
    value = Whole(required=True, validate=Between(min=1), metadata=_described("How many events raise an alert."))
    cardinality = Items(Record(Cardinality))


class HistoryWindowStart(PartSchema):
    field = text(required=True, validate=OneOf(("history_window_start",)))
    value = text("How far back a term counts as known: now-14d.", required=True, validate=DATE_MATH)


class NewTerms(PartSchema):
    field = text(required=True, validate=OneOf(("new_terms_fields",)))
    value = texts("One to three fields, whose combination is the term.", required=True, validate=Sized(min=1, max=3))
    history_window_start = Items(Record(HistoryWindowStart), required=True, validate=Sized(min=1, max=1))


class Entry(PartSchema):
    field = text("The field of the event.", required=True, validate=NOT_EMPTY)
    type = text(required=True, validate=OneOf(("mapping",)))
    value = text("The field of the indicator.", required=True, validate=NOT_EMPTY)
    negate = Flag()


class ThreatMapping(PartSchema):
    entries = Items(Record(Entry), required=True)


class Osquery(PartSchema):
    label = text(required=True)
    query = text(required=True)
    ecs_mapping = Table()


class Investigate(PartSchema):
    label = text(required=True)
    description = text()
    providers = Items(Items(Table()), required=True)
    relativeFrom = text()  # noqa: N815
    relativeTo = text()  # noqa: N815


class Transform(PartSchema):
    osquery = Items(Record(Osquery))
    investigate = Items(Record(Investigate))
