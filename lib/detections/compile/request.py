"""What Kibana's executor sends for a rule: what the rule itself puts into the body, and the first request whole.

Kibana (kbn-es-query's ``buildEsQuery``, the rule executors of Security 9.2).
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from typing import Any

from detections.compile.dsl import Dsl
from detections.compile.filters import enabled_parts, is_enabled, is_negated, nested_path, query_of
from detections.compile.kibana import DslOptions, to_dsl
from detections.mapping import Mapping
from detections.plan import TimeField
from detections.query import parse
from detections.rule import EqlRule, NewTermsRule, Rule, ThresholdRule
from detections.values.datemath import resolve
from detections.values.dates import format_date

_OPTIONS = DslOptions(time_zone="Zulu")
_BOUNDS = ("gt", "gte", "lt", "lte")
COMBINED = "kibana.combined_timestamp"
"""Kibana's runtime field: the override where a document has it, else ``@timestamp``."""

_PAGE = 100
"""The most events that an executor asks for at once."""
_EQL_FIELDS = {
    "event_category_field": "event_category_override",
    "timestamp_field": "timestamp_field",
    "tiebreaker_field": "tiebreaker_field",
}


def body_of(rule: Rule, mapping: Mapping) -> Dsl:
    """The ``query`` of a rule in KQL or Lucene's syntax, with its filters; the ``query`` text, ``filter`` and fields of
    one in EQL; the ``query`` text of one in ES|QL.

    Raises:
        QueryError: the query cannot be parsed, or Kibana refuses it for these fields.
    """
    text = rule.query or ""
    if rule.language == "esql":
        return {"query": text}
    if isinstance(rule, EqlRule):
        named = {key: getattr(rule, name) for key, name in _EQL_FIELDS.items() if getattr(rule, name)}
        return {"query": text, "filter": _bool([], rule.filters, mapping), **named}
    if rule.language == "lucene":
        made = _bool([], rule.filters, mapping)
        made["bool"]["must"] = [query_string(text)] if text.strip() else []
        return {"query": made}
    asked = to_dsl(parse(text, "kuery"), mapping, _OPTIONS)
    return {"query": _bool([] if "match_all" in asked else [asked], rule.filters, mapping)}


def query_string(text: str) -> Dsl:
    """What Kibana makes of a query in Lucene's syntax."""
    return {"query_string": {"query": text, "analyze_wildcard": True, "time_zone": "Zulu"}}


def request(rule: Rule, time: TimeField, mapping: Mapping) -> Dsl:
    """The first request of an execution: ``method``, ``path`` and ``body``, its window in the rule's own date math.

    Of indicator match rules the search for their events; what they ask besides is not told.

    Raises:
        QueryError: the query cannot be parsed, or Kibana refuses it for these fields.
    """
    body = body_of(rule, mapping)
    window = time_filter(time, rule.from_, rule.to)
    where = f"/{','.join(rule.index)}" if rule.index else ""
    if rule.language == "esql":
        text = f"{body['query'].rstrip()}\n| limit {rule.max_signals + 1}"
        return _posted("/_query?drop_null_columns=true", {"query": text, "filter": {"bool": {"filter": [window]}}})
    if rule.language == "eql":
        asked = {"bool": {"filter": [window, body["filter"]]}}
        return _posted(f"{where}/_eql/search", {"size": rule.max_signals, **body, "filter": asked})
    asked = {"bool": {"filter": [body["query"], window]}}
    if isinstance(rule, NewTermsRule):
        sources = [{name: {"terms": {"field": name}}} for name in rule.new_terms_fields]
        terms = {"new_terms": {"composite": {"size": 10_000, "sources": sources}}}
        return _posted(f"{where}/_search", {"size": 0, "query": asked, "aggs": terms})
    if isinstance(rule, ThresholdRule):
        return _posted(f"{where}/_search", _groups(rule, time, asked))
    names = [name for name in (time.primary, time.fallback) if name]
    sort = [{name: {"order": "asc", "unmapped_type": "date"}} for name in names]
    return _posted(f"{where}/_search", {"size": min(rule.max_signals, _PAGE), "query": asked, "sort": sort})


def _groups(rule: ThresholdRule, time: TimeField, asked: Dsl) -> Dsl:
    """The search for the groups of a threshold rule."""
    name = time.primary if time.fallback is None else COMBINED
    inner: Dsl = {"max_timestamp": {"max": {"field": name}}, "min_timestamp": {"min": {"field": name}}}
    for counted in (rule.threshold.get("cardinality") or ())[:1]:
        inner["cardinality_count"] = {"cardinality": {"field": counted["field"]}}
        inner["cardinality_check"] = _selector("cardinalityCount", "cardinality_count", counted["value"])
    fields = [field for field in rule.threshold["field"] if field]
    if not fields:
        inner.pop("cardinality_check", None)
        return {"size": 0, "track_total_hits": True, "query": asked, "aggs": inner}
    sources = [{field: {"terms": {"field": field}}} for field in fields]
    inner["count_check"] = _selector("docCount", "_count", rule.threshold["value"])
    terms = {"composite": {"size": 10_000, "sources": sources}, "aggs": inner}
    return {"size": 0, "query": asked, "aggs": {"thresholdTerms": terms}}


def _selector(name: str, path: str, least: int) -> Dsl:
    return {"bucket_selector": {"buckets_path": {name: path}, "script": f"params.{name} >= {least}"}}


def _posted(path: str, body: Dsl) -> Dsl:
    return {"method": "POST", "path": path, "body": body}


def at(query: Dsl, now: int | None) -> Dsl:
    """A query whose date math counts from an instant; None leaves it to the server, whose own now it is then."""
    made: Dsl = query if now is None else _at(query, now)
    return made


def _at(node: Any, now: int) -> Any:
    if isinstance(node, AbstractMapping):
        return {key: _range(value, now) if key == "range" else _at(value, now) for key, value in node.items()}
    return [_at(one, now) for one in node] if isinstance(node, list | tuple) else node


def _range(body: Any, now: int) -> Any:
    """The body of a range query, its date math resolved."""
    if not isinstance(body, AbstractMapping):
        return body
    made = {}
    for name, options in body.items():
        bounds = dict(options) if isinstance(options, AbstractMapping) else {}
        in_millis = bounds.get("format") == "epoch_millis"
        for key in _BOUNDS:
            if isinstance(bounds.get(key), str) and bounds[key].startswith("now"):
                instant = resolve(bounds[key], now, round_up=key in ("gt", "lte"))
                bounds[key] = instant if in_millis else format_date(instant)
        made[name] = bounds or options
    return made


def time_filter(time: TimeField, start: str | None, end: str | None) -> Dsl:
    """Kibana's filter for a window, both ends inclusive: instants or date math; None is open."""
    bounds: Dsl = {"format": "strict_date_optional_time"}
    bounds |= {key: value for key, value in (("gte", start), ("lte", end)) if value is not None}
    primary = {"range": {time.primary: bounds}}
    if time.fallback is None:
        return primary
    without = {"bool": {"must_not": {"exists": {"field": time.primary}}}}
    fallback = {"bool": {"filter": [{"range": {time.fallback: bounds}}, without]}}
    return {"bool": {"should": [primary, fallback], "minimum_should_match": 1}}


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
