"""Rule type threat_match as Kibana runs it (Security 9.2): indicators page by page, the events that share their values.

Kibana asks the smaller side about the larger; here indicators are always the ones that are asked about, and a named
query says which of them an event matches. What must have one value only is looked at in the answer, as there.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from detections.compile.dsl import Dsl, to_dsl
from detections.elastic.answers import RawHit
from detections.elastic.search import Source, fields_of, hit, texts_of
from detections.engine.alert import Alert, Enrichment, Hit
from detections.engine.threat_match import takes_several
from detections.plan import ThreatMatchPlan, Window
from detections.plan.kinds.threat_match import Entry
from detections.plan.predicate import conjunction
from detections.values import limits

BATCH = 200
"""Indicators that one query asks about."""


class _Asked(NamedTuple):
    """What an event is asked about an indicator: the query, and what it says of an event that it finds."""

    query: Dsl
    group: tuple[Entry, ...]
    enrichment: Enrichment
    several: bool


def threat_match(plan: ThreatMatchPlan, source: Source, window: Window) -> Iterator[Alert]:
    """The alerts of a plan, one an event.

    Raises:
        ServerError: the server refuses a request.
        NotEvaluated: a predicate of the plan has a part that no query says.
    """
    hits: dict[int, Hit] = {}
    matches: dict[int, dict[Enrichment, None]] = {}
    events = source.seen_by(plan.event_indices)
    query = events.within(events.asked(plan, window), plan.time, window.start, window.end, window.ingested)
    names = {"fields": [*fields_of(plan), *{entry.field.name: None for group in plan.groups for entry in group}]}
    indicators = _indicators(plan, source.seen_by(plan.threat_indices), window)
    while batch := list(itertools.islice(indicators, BATCH)):
        asked = list(itertools.chain.from_iterable(_asked_of(plan, one) for one in batch))
        named = [{"bool": {"filter": [one.query], "_name": str(number)}} for number, one in enumerate(asked)]
        joined = {"bool": {"filter": [query, {"bool": {"should": named, "minimum_should_match": 1}}]}}
        for found in events.hits(joined, plan, names):
            numbers = sorted(map(int, found.matched_queries))
            for one in [asked[number] for number in numbers if _is_single(found, asked[number])]:
                event = hit(found, plan)
                hits[event.position] = event
                matches.setdefault(event.position, {})[one.enrichment] = None
    for position, event in hits.items():
        yield replace(Alert.on(plan, [event]), indicators=tuple(matches[position])[: limits.MATCHES.most])


def _indicators(plan: ThreatMatchPlan, source: Source, window: Window) -> Iterator[RawHit]:
    """The indicators, whenever they were."""
    every = conjunction(plan.indicators, plan.indicator_filter, plan.exceptions.condition)
    query = source.within(to_dsl(every, window.now), plan.time, None, None, window.ingested)
    names = dict.fromkeys(entry.value.name for group in plan.groups for entry in group)
    yield from source.hits(query, plan, {"fields": [*fields_of(plan), *names]})


def _asked_of(plan: ThreatMatchPlan, indicator: RawHit) -> Iterator[_Asked]:
    """What is asked about an indicator, group by group; nothing of a group for which it has not the values."""
    name = hit(indicator, plan).event_id
    for group in plan.groups:
        first = next(entry for entry in group if not entry.negate)
        several = takes_several(group)
        texts = {entry: texts_of(indicator, entry.value.name) for entry in group}
        if all(texts[entry] and (several or len(texts[entry]) == 1) for entry in group if not entry.negate):
            query = {"bool": {"filter": [_holding(entry, texts[entry]) for entry in group]}}
            yield _Asked(query, group, Enrichment(first.field.name, texts[first][0], name), several)


def _holding(entry: Entry, texts: Sequence[str]) -> Dsl:
    field = entry.field.name
    if not entry.negate:
        return {"match": {field: {"query": texts[0]}}}
    if not texts:
        return {"exists": {"field": field}}
    if len(texts) > 1:
        return {"match_all": {}}  # Kibana passes over it
    return {"bool": {"must_not": [{"match": {field: {"query": texts[0]}}}]}}


def _is_single(found: RawHit, asked: _Asked) -> bool:
    """Whether an event has one value of each field that must have one only."""
    fields = [entry.field.name for entry in asked.group if not entry.negate]
    return asked.several or all(len(found.fields.get(name, ())) == 1 for name in fields)
