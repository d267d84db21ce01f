"""What a rule itself puts into the body of the search that Kibana's executor sends for it.

Kibana (kbn-es-query's ``buildEsQuery``, the rule executors of Security 9.2). The executor adds the time range, and what
the rule type asks for beside it.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from typing import Any

from detections import query as languages
from detections.compile.filters import enabled_parts, is_enabled, is_negated, nested_path, query_of
from detections.compile.kibana import Dsl, DslOptions, to_dsl
from detections.compile.mapping import Mapping
from detections.rule import EqlRule, Rule

_OPTIONS = DslOptions(time_zone="Zulu")
_EQL_FIELDS = {
    "event_category_field": "event_category_override",
    "timestamp_field": "timestamp_field",
    "tiebreaker_field": "tiebreaker_field",
}


def body_of(rule: Rule, mapping: Mapping) -> Dsl:
    """The ``query`` of a rule in KQL, with its filters; the ``query`` text, ``filter`` and fields of one in EQL; the
    ``query`` text of one in ES|QL.

    Raises:
        QueryError: the query cannot be parsed, or Kibana refuses it for these fields.
    """
    text = rule.query or ""
    if rule.language == "esql":
        return {"query": text}
    if rule.language == "eql":
        assert isinstance(rule, EqlRule)
        named = {key: getattr(rule, name) for key, name in _EQL_FIELDS.items() if getattr(rule, name)}
        return {"query": text, "filter": _bool([], rule.filters, mapping), **named}
    asked = to_dsl(languages.parse(text, "kuery"), mapping, text, _OPTIONS)
    return {"query": _bool([] if "match_all" in asked else [asked], rule.filters, mapping)}


def _bool(asked: list[Dsl], filters: tuple[AbstractMapping[str, Any], ...], mapping: Mapping) -> Dsl:
    kept = [one for one in filters if is_enabled(one)]
    holding = [_written(one, mapping) for one in kept if not is_negated(one)]
    negated = [_written(one, mapping) for one in kept if is_negated(one)]
    return {"bool": {"must": [], "filter": [*asked, *holding], "should": [], "must_not": negated}}


def _written(given: AbstractMapping[str, Any], mapping: Mapping) -> Dsl:
    """What a filter asks, whether it is negated or not."""
    parts = enabled_parts(given)
    if parts is None:
        query = dict(query_of(given))
        path = nested_path(query, mapping)
        return query if path is None else {"nested": {"path": path, "query": query, "score_mode": "none"}}
    joined = [_signed(one, mapping) for one in parts.items]
    return {"bool": {"filter": joined} if parts.every else {"should": joined, "minimum_should_match": 1}}


def _signed(given: AbstractMapping[str, Any], mapping: Mapping) -> Dsl:
    made = _written(given, mapping)
    return {"bool": {"must_not": [made]}} if is_negated(given) else made
