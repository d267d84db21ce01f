"""Rule type threshold as Kibana runs it (Security 9.2): a composite aggregation, or one search where it has no fields.

Kibana lets ``bucket_selector`` scripts compare; here the answers are compared, so that servers without scripts will do.
A second round names the latest documents of each group that is found, which Kibana's alert does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from detections.compile.dsl import Dsl
from detections.elastic.answers import Bucket, Metric, RawHit
from detections.elastic.composite import Grouping, Terms, terms_of
from detections.elastic.search import Source, fields_of, hit
from detections.engine.alert import Alert, Hit, Threshold
from detections.plan import ThresholdPlan, Window
from detections.values import limits

BATCH = 100
"""Groups whose documents one query asks for."""


def threshold(plan: ThresholdPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one a group.

    Raises:
        ServerError: the server refuses a request (a field whose values cannot be aggregated).
        NotEvaluated: the plan's predicate has a part that no query says.
    """
    asked = _not_alerted(plan, source.asked(plan, window), source.combined(plan.time)[0])
    query = source.within(asked, plan.time, window.start, window.end, window.ingested)
    grouping = Grouping(source, plan.fields, plan.time, plan.rule_name)
    metrics = _metrics(plan, source)
    if not plan.fields:
        yield from _whole(plan, grouping, query, metrics)
        return
    found = (one for one in grouping.buckets(query, metrics) if _is_enough(plan, one.count, one.cardinality))
    while batch := {terms_of(bucket): bucket for bucket in itertools.islice(found, BATCH)}:
        latest = {"latest": {"top_hits": _latest(plan, source)}}
        for group in grouping.buckets(grouping.holding(query, batch), latest, BATCH):
            bucket = batch.get(terms_of(group))
            if bucket is not None:
                yield _alert(plan, grouping, terms_of(bucket), bucket, group.latest.hits.hits)


def _whole(plan: ThresholdPlan, grouping: Grouping, query: Dsl, metrics: Dsl) -> Iterator[Alert]:
    """All documents as one group."""
    body = {"query": query, "track_total_hits": True, **_latest(plan, grouping.source), "aggs": metrics}
    body |= grouping.source.combined(plan.time)[1]
    answer = grouping.source.search(body, plan.rule_name)
    if answer.hits.total is None or answer.aggregations is None:
        raise grouping.error("the answer does not count what it found")
    made = answer.aggregations
    whole = Bucket({}, answer.hits.total.value, made.first_seen, made.last_seen, made.cardinality)
    if whole.count and _is_enough(plan, whole.count, whole.cardinality):
        yield _alert(plan, grouping, (), whole, answer.hits.hits)


def _not_alerted(plan: ThresholdPlan, asked: Dsl, time: str) -> Dsl:
    """Without the documents that made the groups of earlier alerts."""
    if not plan.alerted:
        return asked
    groups = [
        [{"range": {time: {"lte": one.until, "format": "epoch_millis"}}},
         *({"term": {field.name: term}} for field, term in zip(plan.fields, one.terms, strict=True))]
        for one in plan.alerted
    ]  # fmt: skip
    return {"bool": {"filter": [asked], "must_not": [{"bool": {"filter": group}} for group in groups]}}


def _metrics(plan: ThresholdPlan, source: Source) -> Dsl:
    name, _ = source.combined(plan.time)
    made: Dsl = {"first_seen": {"min": {"field": name}}, "last_seen": {"max": {"field": name}}}
    if plan.cardinality is not None:
        made["cardinality"] = {"cardinality": {"field": plan.cardinality.field.name}}
    return made


def _latest(plan: ThresholdPlan, source: Source) -> dict[str, Any]:
    """What a search, or ``top_hits``, is asked for the last documents."""
    name, _ = source.combined(plan.time)
    order = [{name: {"order": "desc", "unmapped_type": "date", "missing": "_first"}}, {"_seq_no": "desc"}]
    return {"size": limits.GROUP_EVENTS.most, "sort": order, "_source": False, "fields": fields_of(plan)}


def _is_enough(plan: ThresholdPlan, count: int, different: Metric) -> bool:
    enough = plan.cardinality is None or (different.value or 0) >= plan.cardinality.value
    return count >= plan.value and enough


def _alert(plan: ThresholdPlan, grouping: Grouping, terms: Terms, found: Bucket, latest: list[RawHit]) -> Alert:
    if not latest:
        raise grouping.error("the answer has a group without documents")
    hits: list[Hit] = sorted(hit(one, plan) for one in latest)
    names = [field.name for field in plan.fields]
    asked, first, last = plan.cardinality, grouping.instant(found.first_seen), grouping.instant(found.last_seen)
    values = None if asked is None else (asked.field.name, int(found.cardinality.value or 0))
    result = Threshold(tuple(zip(names, grouping.shown(terms), strict=True)), found.count, first, values)
    return Alert.of_group(plan, hits, last, result)
