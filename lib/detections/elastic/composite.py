"""Composite aggregations: the tuples of values that documents have, page by page.

A document counts in the product of its values, and nowhere if it lacks a field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.compile.dsl import Dsl
from detections.elastic.answers import Bucket, Metric
from detections.elastic.search import NO_PROGRESS, Source
from detections.errors import ServerError
from detections.mapping import Field
from detections.plan import TimeField
from detections.values.coerce import json_text
from detections.values.dates import format_date

Terms: TypeAlias = tuple[object, ...]

PAGE = 10_000
"""Tuples of a page."""

_LATEST = 10**18


@dataclass(frozen=True, slots=True)
class Grouping:
    """Documents of a source by the values of some fields, for a rule whose documents have their time in ``time``."""

    source: Source
    fields: Sequence[Field]
    time: TimeField
    rule: str

    def buckets(self, query: Dsl, inner: Mapping[str, Any], size: int | None = None) -> Iterator[Bucket]:
        """The tuples of the documents that a query finds, each with what ``inner`` aggregates of it."""
        size = size or PAGE
        sources = [{f"field_{number}": {"terms": {"field": field.name}}} for number, field in enumerate(self.fields)]
        composite: dict[str, Any] = {"size": size, "sources": sources}
        _, runtime = self.source.combined(self.time)
        while True:
            aggregation = {"composite": composite, **({"aggs": inner} if inner else {})}
            body = {"size": 0, "track_total_hits": False, "query": query, "aggs": {"terms": aggregation}, **runtime}
            page = self.source.search(body, self.rule).aggregations
            if page is None or page.terms is None:
                raise self.error("the answer has no aggregations")
            buckets, after = page.terms.buckets, page.terms.after_key
            if not all(self._is_of(bucket) for bucket in buckets):
                raise self.error("the answer has terms of other fields")
            yield from buckets
            if after is None or len(buckets) < size:
                return
            if after == composite.get("after"):
                raise self.error(NO_PROGRESS)
            composite["after"] = after

    def holding(self, query: Dsl, terms: Iterable[Terms]) -> Dsl:
        """The documents that have one of some tuples."""
        tuples = [
            {"bool": {"filter": [_equal(field, value) for field, value in zip(self.fields, term, strict=True)]}}
            for term in terms
        ]
        return {"bool": {"filter": [query, {"bool": {"should": tuples, "minimum_should_match": 1}}]}}

    def shown(self, terms: Terms) -> tuple[str, ...]:
        """A tuple as an alert shows it."""
        return tuple(
            format_date(value) if field.family == "date" and isinstance(value, int) else json_text(value)
            for field, value in zip(self.fields, terms, strict=True)
        )

    def instant(self, found: Metric) -> int | None:
        """A time that was aggregated, None where no document has one."""
        if found.value is None:
            return None
        if not abs(found.value) < _LATEST:
            raise self.error("the answer has an invalid time")
        return int(found.value)

    def error(self, message: str) -> ServerError:
        return ServerError(message, request=f"POST /{self.source.index}/_search")

    def _is_of(self, bucket: Bucket) -> bool:
        """Whether a bucket has a term of each field; one of a date is in milliseconds."""
        terms = zip(self.fields, bucket.key.values(), strict=False)
        dates = (isinstance(term, int) and abs(term) < _LATEST for field, term in terms if field.family == "date")
        return len(bucket.key) == len(self.fields) and all(dates)


def terms_of(bucket: Bucket) -> Terms:
    return tuple(bucket.key.values())


def _equal(field: Field, value: Any) -> Dsl:
    sent = format_date(value) if field.family == "date" else value
    return {"match": {field.name: {"query": sent}}}
