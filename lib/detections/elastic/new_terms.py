"""Rule type new_terms as Kibana runs it (Security 9.2): three rounds of composite aggregations.

1. The tuples of values in the window, page by page: the product of a document's values, none if it lacks a field.
2. When each of them was first seen since the history began; new are those first seen strictly after the window's start.
3. The oldest document in the window of each new tuple.

Kibana lets a ``bucket_selector`` script compare in the second round; here the answers are compared, so that servers
without scripts will do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from detections.compile.dsl import Dsl
from detections.elastic.answers import Bucket
from detections.elastic.search import NO_PROGRESS, Source, fields_of, hit
from detections.engine.alert import Alert
from detections.errors import ServerError
from detections.mapping import Field
from detections.plan import NewTermsPlan, Window
from detections.values.coerce import json_text
from detections.values.dates import format_date

Terms: TypeAlias = tuple[object, ...]

PAGE = 10_000
"""Tuples of a page in the first round."""

_LATEST = 10**18

BATCH = 500
"""Tuples that one query of the later rounds asks about."""


def new_terms(plan: NewTermsPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one a new tuple.

    Raises:
        ServerError: the server refuses a request (a field whose values cannot be aggregated).
        NotEvaluated: the plan's predicate has a part that no query says.
    """
    asked = source.asked(plan, window)
    inside = source.within(asked, plan.time, window.start, window.end)
    since = source.within(asked, plan.time, window.history, window.end)
    everything = (_terms(bucket) for bucket in _buckets(source, plan, inside, {}, PAGE))
    while batch := list(itertools.islice(everything, BATCH)):
        if window.start is not None:
            batch = _first_seen_after(source, plan, since, batch, window.start)
        yield from _alerts(source, plan, inside, batch)


def _first_seen_after(source: Source, plan: NewTermsPlan, query: Dsl, terms: list[Terms], start: int) -> list[Terms]:
    name, _ = source.combined(plan.time)
    first = {"first_seen": {"min": {"field": name}}}
    new = set()
    for bucket in _buckets(source, plan, _holding(query, plan.fields, terms), first, BATCH):
        seen = bucket.first_seen.value
        if seen is not None and seen > start:
            new.add(_terms(bucket))
    return [one for one in terms if one in new]


def _alerts(source: Source, plan: NewTermsPlan, query: Dsl, terms: list[Terms]) -> Iterator[Alert]:
    if not terms:
        return
    name, _ = source.combined(plan.time)
    # Among documents of the same time, the one that came first.
    order = [{name: {"order": "asc", "unmapped_type": "date"}}, {"_seq_no": "asc"}]
    first = {"size": 1, "sort": order, "_source": False, "fields": fields_of(plan.time)}
    wanted = set(terms)
    top = {"oldest": {"top_hits": first}}
    for bucket in _buckets(source, plan, _holding(query, plan.fields, terms), top, BATCH):
        values = _terms(bucket)
        if values in wanted:
            hits = bucket.oldest.hits.hits
            if len(hits) != 1:
                raise ServerError("the answer has new terms without their document", request=_request(source))
            shown = tuple(_shown(field, value) for field, value in zip(plan.fields, values, strict=True))
            yield Alert.on(plan, [hit(hits[0], plan.time)], shown)


def _buckets(source: Source, plan: NewTermsPlan, query: Dsl, inner: Mapping[str, Any], size: int) -> Iterator[Bucket]:
    """The tuples of the documents that a query finds, page by page."""
    sources = [{f"field_{number}": {"terms": {"field": field.name}}} for number, field in enumerate(plan.fields)]
    composite: dict[str, Any] = {"size": size, "sources": sources}
    _, runtime = source.combined(plan.time)
    while True:
        aggregation = {"composite": composite, **({"aggs": inner} if inner else {})}
        body = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"new_terms": aggregation}, **runtime}
        aggregations = source.search(body, plan.rule_name).aggregations
        if aggregations is None:
            raise ServerError("the answer has no aggregations", request=_request(source))
        page = aggregations.new_terms
        if not all(_is_of(bucket, plan.fields) for bucket in page.buckets):
            raise ServerError("the answer has terms of other fields", request=_request(source))
        yield from page.buckets
        if page.after_key is None or len(page.buckets) < size:
            return
        if page.after_key == composite.get("after"):
            raise ServerError(NO_PROGRESS, request=_request(source))
        composite["after"] = page.after_key


def _request(source: Source) -> str:
    return f"POST /{source.index}/_search"


def _is_of(bucket: Bucket, fields: Sequence[Field]) -> bool:
    """Whether a bucket has a term of each field; one of a date is in milliseconds."""
    terms = zip(fields, bucket.key.values(), strict=False)
    dates = (isinstance(term, int) and abs(term) < _LATEST for field, term in terms if field.family == "date")
    return len(bucket.key) == len(fields) and all(dates)


def _holding(query: Dsl, fields: Sequence[Field], terms: list[Terms]) -> Dsl:
    """The documents that have one of some tuples."""
    tuples = [
        {"bool": {"filter": [_equal(field, value) for field, value in zip(fields, one, strict=True)]}} for one in terms
    ]
    return {"bool": {"filter": [query, {"bool": {"should": tuples, "minimum_should_match": 1}}]}}


def _equal(field: Field, value: Any) -> Dsl:
    sent = format_date(value) if field.family == "date" else value
    return {"match": {field.name: {"query": sent}}}


def _terms(bucket: Bucket) -> Terms:
    return tuple(bucket.key.values())


def _shown(field: Field, value: Any) -> str:
    return format_date(value) if field.family == "date" else json_text(value)
