"""Rules: data, and nothing else. What is done with a rule is a function in another room.

Attributes have the names of Kibana's API (``from_`` is its ``from``). What a file does not say has Kibana's default,
where there is one, an empty tuple for lists, and None otherwise. Tables stay the dicts that the file has, and nobody
changes them. Two rules are equal when they are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, overload

from detections.catalog import Source
from detections.errors import Finding, NotEvaluated
from detections.query import Query, parse
from detections.source import Document

Object: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metadata:
    """The table ``[metadata]``: what concerns the file. Nothing of it goes to Kibana. Dates are YYYY/MM/DD.

    ``extra`` holds the keys that no schema knows.
    """

    creation_date: str
    updated_date: str
    maturity: str
    integration: tuple[str, ...] = ()
    min_stack_version: str | None = None
    min_stack_comments: str | None = None
    upstream_rule_id: str | None = None
    source: str | None = None
    deprecation_date: str | None = None
    deprecated_reason: str | None = None
    comments: str | None = None
    os_type_list: tuple[str, ...] = ()
    query_schema_validation: bool | None = None
    bypass_bbr_timing: bool | None = None
    promotion: bool | None = None
    related_endpoint_rules: tuple[list[str], ...] = ()
    extended: Object | None = None
    extra: Object = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Rule:
    """What rules of every type have. ``query``, ``language``, ``index``, ``data_view_id``, ``filters`` and
    ``alert_suppression`` are here because most have them; esql and machine_learning rules leave some at their defaults.

    ``extra`` holds the keys of ``[rule]`` that no schema knows, ``transform`` the table of that name. ``fields`` are
    those that the rule's project declares itself.
    """

    document: Document = field(repr=False)
    metadata: Metadata
    transform: Object | None = None
    extra: Object = field(default_factory=dict)
    fields: tuple[Source, ...] = field(default=(), repr=False)

    type: str
    rule_id: str
    name: str
    description: str
    risk_score: int
    severity: str
    query: str | None = None
    language: str | None = None
    index: tuple[str, ...] = ()
    data_view_id: str | None = None
    filters: tuple[Object, ...] = ()
    alert_suppression: Object | None = None
    author: tuple[str, ...] = ()
    license: str | None = None
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    false_positives: tuple[str, ...] = ()
    note: str | None = None
    setup: str | None = None
    version: int | None = None
    enabled: bool = False
    interval: str = "5m"
    from_: str = "now-6m"
    to: str = "now"
    max_signals: int = 100
    threat: tuple[Object, ...] = ()
    threat_mappings: tuple[Object, ...] = ()
    severity_mapping: tuple[Object, ...] = ()
    risk_score_mapping: tuple[Object, ...] = ()
    rule_name_override: str | None = None
    timestamp_override: str | None = None
    timestamp_override_fallback_disabled: bool = False
    timeline_id: str | None = None
    timeline_title: str | None = None
    building_block_type: str | None = None
    investigation_fields: Object | None = None
    related_integrations: tuple[Object, ...] = ()
    required_fields: tuple[Object, ...] = ()
    exceptions_list: tuple[Object, ...] = ()
    actions: tuple[Object, ...] = ()
    response_actions: tuple[Object, ...] = ()
    throttle: str | None = None
    meta: Object | None = None
    output_index: str | None = None
    namespace: str | None = None

    @property
    def parsed(self) -> Query:
        """The query as a value; a rule without one asks nothing, which is the empty text.

        Raises:
            QuerySyntaxError: the text is not of its language.
            NotEvaluated: nothing here parses the language, or the rule has none.
        """
        if self.language is None:
            raise NotEvaluated(f"rules of type {self.type} have no query")
        return parse(self.query or "", self.language)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.rule_id}>"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class QueryRule(Rule):
    """Each event that the query selects is an alert."""

    query: str | None = ""
    language: str | None = "kuery"
    saved_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SavedQueryRule(Rule):
    """A query rule whose query Kibana keeps; the file's own stands in where Kibana does not find it."""

    language: str | None = "kuery"
    saved_id: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class NewTermsRule(Rule):
    """Combinations of values that the history does not have. The two attributes are the API's; in TOML they stand in
    ``[rule.new_terms]``, ``value`` and ``history_window_start[0].value``."""

    language: str | None = "kuery"
    new_terms_fields: tuple[str, ...]
    history_window_start: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ThresholdRule(Rule):
    """Groups with many events. ``threshold`` is the API's table, its ``field`` always a list."""

    language: str | None = "kuery"
    threshold: Object
    saved_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ThreatMatchRule(Rule):
    """Events that share values with indicators."""

    language: str | None = "kuery"
    threat_query: str
    threat_index: tuple[str, ...]
    threat_mapping: tuple[Object, ...]
    threat_language: str = "kuery"
    threat_filters: tuple[Object, ...] = ()
    threat_indicator_path: str = "threat.indicator"
    concurrent_searches: int | None = None
    items_per_search: int | None = None
    saved_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EqlRule(Rule):
    """Events and sequences of events."""

    event_category_override: str | None = None
    tiebreaker_field: str | None = None
    timestamp_field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EsqlRule(Rule):
    """Rows of an ES|QL query."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MachineLearningRule(Rule):
    """Anomalies that jobs of Elasticsearch's machine learning score at ``anomaly_threshold`` or more."""

    anomaly_threshold: int
    machine_learning_job_id: tuple[str, ...]


RULES: dict[str, type[Rule]] = {
    "query": QueryRule,
    "saved_query": SavedQueryRule,
    "new_terms": NewTermsRule,
    "esql": EsqlRule,
    "eql": EqlRule,
    "threshold": ThresholdRule,
    "threat_match": ThreatMatchRule,
    "machine_learning": MachineLearningRule,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rules(Sequence[Rule]):
    """Rules sorted by path. ``files`` are the paths of all files that were tried, in the same order; ``findings`` is
    what loading found, also about files that gave no rule.

    ``unsound`` are not among the rules: their type is known, but the schema has something against them, and what it
    refuses is at its default, or empty. They are for checks only, so that one run says what else is wrong with them.
    """

    rules: tuple[Rule, ...]
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    unsound: tuple[Rule, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Rule: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Rule, ...]: ...

    def __getitem__(self, index: int | slice) -> Rule | tuple[Rule, ...]:
        return self.rules[index]

    def __len__(self) -> int:
        return len(self.rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __repr__(self) -> str:
        return f"<{len(self.rules):,} rules, {len(self.findings):,} findings>"
