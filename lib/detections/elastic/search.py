"""Searches as Kibana's rule executors send them (Security 9.2), and what comes back.

A document's time is its ``timestamp_override`` where it has one, else ``@timestamp``; both ends of a window are in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from detections.compile.dsl import Dsl, to_dsl
from detections.compile.request import COMBINED, at, time_filter
from detections.elastic.answers import Overview, PointInTime, RawHit, Search
from detections.elastic.server import Server
from detections.engine.alert import Alert, Hit
from detections.engine.evaluator import EVENT_ID
from detections.engine.indices import hidden
from detections.errors import ServerError
from detections.plan import Plan, SelectionPlan, TimeField, Window
from detections.values.coerce import json_text
from detections.values.dates import combined, format_date
from detections.values.limits import SHOWN_VALUES

SEARCH = "an answer to a search"
NO_PROGRESS = "the server answers with the same page again and again"

PLACE = "detections.index"
"""Where the events of an index of ours say in which index they were, if a rule searches some of these only."""

PAGE = 1000
"""Hits held at a time. Kibana's pages are 100; how many there are changes nothing in what is found."""

_OURS = re.compile(r"[0-9]{1,18}:([0-9]{1,18})")
_MILLIS = re.compile(r"(-?[0-9]{1,18})(?:\.[0-9]*)?")
_SCALARS = (str, int, float)
_KEEP_ALIVE = "2m"
_SCRIPT = (
    "for (name in params.names) { if (doc.containsKey(name) && doc[name].size() > 0) "
    "{ emit(doc[name].get(0).toInstant().toEpochMilli()); return; } }"
)


@dataclass(frozen=True, slots=True)
class Source:
    """The documents that searches see: an index or pattern, and of these only what ``only`` finds.

    ``names`` are the indices that documents of ours say they were in. ``written``: the combined timestamps stand in the
    documents, since the server has no runtime fields.
    """

    server: Server
    index: str
    only: tuple[Dsl, ...] = ()
    written: bool = False
    names: frozenset[str] = frozenset()

    def asked(self, plan: SelectionPlan, window: Window) -> Dsl:
        """The query of a plan in an execution: what Kibana sends for its rule, else its predicate.

        Raises:
            NotEvaluated: the predicate has a part that no query says.
        """
        if plan.sent is None or (plan.relative and plan.sent["query"].get("bool", {}).get("must")):
            # Date math in a text counts from the server's own now.
            return to_dsl(plan.selects, window.now)
        return sparing(plan, at(dict(plan.sent["query"]), window.now), window)

    def within(
        self, asked: Dsl, time: TimeField, start: int | None, end: int | None, ingested: int | None = None
    ) -> Dsl:
        """A query for the documents in a window; without any end those that have no time, too. What came after
        ``ingested`` is not found."""
        ends = [None if at is None else format_date(at) for at in (start, end)]
        times = [time_filter(time, *ends)] if any(ends) else []
        if ingested is not None:
            later = {"range": {"event.ingested": {"gt": ingested, "format": "epoch_millis"}}}
            times.append({"bool": {"must_not": [later]}})
        return {"bool": {"filter": [asked, *times, *self.only]}}

    def without(self, field: str, values: Sequence[str]) -> Source:
        """The documents without those that have one of some values."""
        return replace(self, only=(*self.only, {"bool": {"must_not": {"terms": {field: values}}}})) if values else self

    def seen_by(self, indices: tuple[str, ...]) -> Source:
        """The documents of ours that some index patterns find."""
        return self.without(PLACE, hidden(indices, self.names))

    def within_indices(self, names: Sequence[str]) -> Source:
        """The documents of some indices only."""
        return replace(self, only=(*self.only, {"terms": {"_index": list(names)}}))

    def combined(self, time: TimeField) -> tuple[str, Dsl]:
        """The name of the field with the combined timestamp, and the part of a body that defines it."""
        if time.fallback is None:
            return time.primary, {}
        if self.written:
            return combined_name(time), {}
        script = {"source": _SCRIPT, "params": {"names": list(time.names)}}
        return COMBINED, {"runtime_mappings": {COMBINED: {"type": "date", "script": script}}}

    def search(self, body: Mapping[str, Any], rule: str) -> Search:
        """One search of the documents, without hits that count."""
        return self.server.read(Search, SEARCH, "POST", f"/{self.index}/_search", dict(body), rule=rule)

    def hits(self, query: Dsl, plan: Plan, extra: Mapping[str, Any] | None = None) -> Iterator[RawHit]:
        """Every hit, oldest first, page by page out of one point in time."""
        rule = plan.rule_name
        path, parameters = f"/{self.index}/_pit", {"keep_alive": _KEEP_ALIVE}
        pit = self.server.read(PointInTime, "a point in time", "POST", path, rule=rule, parameters=parameters).id
        body = {
            "size": PAGE, "query": query, "track_total_hits": False, "_source": False, "fields": fields_of(plan),
            "sort": [{name: {"order": "asc", "unmapped_type": "date"}} for name in plan.time.names],
            **(extra or {}),
        }  # fmt: skip
        try:
            while True:
                body["pit"] = {"id": pit, "keep_alive": _KEEP_ALIVE}
                answer = self.server.read(Search, SEARCH, "POST", "/_search", body, rule=rule)
                page = answer.hits.hits
                pit = answer.pit_id or pit
                yield from page
                if len(page) < PAGE:
                    return
                if page[-1].sort == body.get("search_after"):
                    raise ServerError(NO_PROGRESS, request="POST /_search")
                body["search_after"] = page[-1].sort
        finally:
            self.server.ask("DELETE", "/_pit", {"id": pit}, accept=(404,))


def overview(source: Source, asked: Dsl, time: TimeField, window: Window, rule: str = "") -> Overview:
    """How many documents a query finds in a window, and on which days.

    Raises:
        ServerError: the server refuses the request, or does not answer.
    """
    name, more = source.combined(time)
    daily = {"field": name, "fixed_interval": "1d", "min_doc_count": 1}
    asks = {"first": {"min": {"field": name}}, "last": {"max": {"field": name}}, "days": {"date_histogram": daily}}
    query = source.within(asked, time, window.start, window.end)
    body = {"size": 0, "track_total_hits": True, "query": query, "aggs": asks, **more}
    return source.server.read(Overview, SEARCH, "POST", f"/{source.index}/_search", body, rule=rule)


def sparing(plan: Plan, asked: Dsl, window: Window) -> Dsl:
    """A query without the documents that the plan's exceptions pass over, as Kibana sends it."""
    queries = [
        to_dsl(item.predicate, window.now) if item.query is None else at(dict(item.query), window.now)
        for item in plan.exceptions.at(window.now)
    ]
    if not queries:
        return asked
    return {"bool": {"filter": [asked], "must_not": [{"bool": {"should": queries, "minimum_should_match": 1}}]}}


def events(plan: SelectionPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one a hit.

    Raises:
        NotEvaluated: the plan's predicate has a part that no query says.
    """
    query = source.within(source.asked(plan, window), plan.time, window.start, window.end, window.ingested)
    for document in source.hits(query, plan):
        yield Alert.on(plan, [hit(document, plan)])


def fields_of(plan: Plan) -> list[object]:
    """The ``fields`` of a search that :func:`hit` reads."""
    times = ({"field": name, "format": "epoch_millis"} for name in plan.time.names)
    return [*times, *dict.fromkeys([EVENT_ID.name, *_grouping(plan), *(one.name for one in plan.shown)])]


def hit(found: RawHit, plan: Plan) -> Hit:
    """A hit. The ``_id`` of a document of a temporary index ends in its place in the input; any other document has no
    such place, and is named by its ``_id`` where it has no ``event.id``."""
    instant = combined(_instants(found, name) for name in plan.time.names)
    ours = _OURS.fullmatch(found.id)
    name = next(iter(found.fields.get(EVENT_ID.name, ())), "" if ours else found.id)
    name = str(name) if isinstance(name, _SCALARS) else ""
    grouped = tuple([_values(found, field) for field in _grouping(plan)])
    shown = tuple([_values(found, field.name)[: SHOWN_VALUES.most] for field in plan.shown])
    return Hit(instant is None, instant or 0, int(ours[1]) if ours else 0, name, shown, grouped)


def _grouping(plan: Plan) -> list[str]:
    return [] if plan.suppression is None else [field.name for field in plan.suppression.fields]


def _values(found: RawHit, name: str) -> tuple[str, ...]:
    """The values of a field, each once, sorted."""
    return tuple(sorted(set(texts_of(found, name))))


def texts_of(found: RawHit, name: str) -> list[str]:
    """The values of a field, as texts."""
    return [json_text(value) for value in found.fields.get(name, ()) if isinstance(value, _SCALARS)]


def _instants(found: RawHit, name: str) -> list[int]:
    """The values of a date field, asked for as ``epoch_millis``; a nanosecond's have a fraction."""
    instants = []
    for value in found.fields.get(name, ()):
        match = _MILLIS.fullmatch(str(value)) if isinstance(value, _SCALARS) else None
        if match is None:
            raise ServerError(f"the time of a document is not in milliseconds ({name})", request="POST /_search")
        instants.append(int(match[1]))
    return instants


def combined_name(time: TimeField) -> str:
    """The field with a combined timestamp where a server has no runtime fields: it is written when documents are
    indexed, one field an override."""
    return f"{COMBINED}.{time.primary.replace('.', '_')}"
