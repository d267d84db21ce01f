"""Rule type new_terms as Kibana runs it (Security 9.2): three rounds of composite aggregations.

1. The tuples of values in the window, page by page: the product of a document's values, none if it lacks a field.
2. When each of them was first seen since the history began; new are those first seen strictly after the window's start.
3. The oldest document in the window of each new tuple.

Kibana lets a ``bucket_selector`` script compare in the second round; here the answers are compared, so that servers
without scripts will do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from detections.compile.dsl import Dsl
from detections.elastic.composite import Grouping, Terms, terms_of
from detections.elastic.search import Source, fields_of, hit
from detections.engine.alert import Alert
from detections.plan import NewTermsPlan, Window

BATCH = 500
"""Tuples that one query of the later rounds asks about."""


def new_terms(plan: NewTermsPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one a new tuple.

    Raises:
        ServerError: the server refuses a request (a field whose values cannot be aggregated).
        NotEvaluated: the plan's predicate has a part that no query says.
    """
    grouping = Grouping(source, plan.fields, plan.time, plan.rule_name)
    asked = source.asked(plan, window)
    inside = source.within(asked, plan.time, window.start, window.end, window.ingested)
    since = source.within(asked, plan.time, window.history, window.end, window.ingested)
    everything = map(terms_of, grouping.buckets(inside, {}))
    while batch := list(itertools.islice(everything, BATCH)):
        if window.start is not None:
            batch = _first_seen_after(grouping, since, batch, window.start)
        yield from _alerts(plan, grouping, inside, batch)


def _first_seen_after(grouping: Grouping, query: Dsl, terms: list[Terms], start: int) -> list[Terms]:
    name, _ = grouping.source.combined(grouping.time)
    first = {"first_seen": {"min": {"field": name}}}
    new = set()
    for bucket in grouping.buckets(grouping.holding(query, terms), first, BATCH):
        seen = bucket.first_seen.value
        if seen is not None and seen > start:
            new.add(terms_of(bucket))
    return [term for term in terms if term in new]


def _alerts(plan: NewTermsPlan, grouping: Grouping, query: Dsl, terms: list[Terms]) -> Iterator[Alert]:
    if not terms:
        return
    name, _ = grouping.source.combined(plan.time)
    # Among documents of the same time, the one that came first.
    order = [{name: {"order": "asc", "unmapped_type": "date"}}, {"_seq_no": "asc"}]
    first = {"size": 1, "sort": order, "_source": False, "fields": fields_of(plan)}
    wanted = set(terms)
    for bucket in grouping.buckets(grouping.holding(query, terms), {"oldest": {"top_hits": first}}, BATCH):
        values = terms_of(bucket)
        if values in wanted:
            hits = bucket.oldest.hits.hits
            if len(hits) != 1:
                raise grouping.error("the answer has new terms without their document")
            yield Alert.on(plan, [hit(hits[0], plan)], grouping.shown(values))
