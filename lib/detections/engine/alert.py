"""Alerts: what an engine answers, and the events they stand on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from detections.plan import Plan
from detections.values.coerce import json_text

Shown: TypeAlias = tuple[tuple[str, ...], ...]
"""For each field its values, each once."""


class Hit(NamedTuple):
    """A selected event, ordered as alerts are: by time (an event without one comes last), then by input.

    ``position`` is its number in the input, from 0; ``event_id`` its ``event.id``, empty where it has none; ``shown``
    are its values of the fields that the plan shows, as text, in the order of the fields; ``grouped`` those of the
    fields that it suppresses by, each value once, sorted.
    """

    timeless: bool
    time: int
    position: int
    event_id: str
    shown: Shown = ()
    grouped: Shown = ()

    @property
    def timestamp(self) -> int | None:
        """Milliseconds since the epoch."""
        return None if self.timeless else self.time


@dataclass(frozen=True, slots=True)
class Threshold:
    """What Kibana calls a threshold result: ``terms`` are the fields and the values that all events of a group share,
    ``count`` how many events it has, ``start`` the time of the first of them, and ``cardinality`` the field whose
    different values were counted and how many there are."""

    terms: tuple[tuple[str, str], ...]
    count: int
    start: int | None = None
    cardinality: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What an alert says that others may be counted into: the values that they share (``terms``; none of a field that
    they lack), the times of the first and the last of their events, and how many others it has ``count``ed."""

    terms: tuple[tuple[str, tuple[str, ...]], ...]
    start: int | None
    end: int | None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Enrichment:
    """An indicator that an event matches: the event's field, the indicator's value, and its ``event.id``."""

    field: str
    atomic: str
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found. ``event_ids`` are the ``event.id`` of the documents behind it; ``position`` is the number of
    its first document in the input, from 0, which breaks ties; ``new_terms`` is empty for other rule types; ``shown``
    are the documents' values of the fields that the plan shows.

    ``threshold`` is the group of a threshold rule, whose ``event_ids`` are those of its latest events. ``raised`` is
    when the execution started that raised it, where rules are replayed as the scheduler runs them; ``others`` are the
    numbers of its documents behind the first.

    ``row`` has the columns of an ES|QL query that have a value, as Elasticsearch's API shows them (several values are a
    tuple): all of them where the query aggregates, and ``event_ids`` are those of the latest events of the row's group;
    else those that the query has made. ``key`` tells the row from others of its event, also when it is found again;
    None where Kibana takes it for a new one then.

    ``grouped`` are the values of the fields that its plan suppresses by; ``suppression`` is there where other alerts
    may be counted into it, as far as they were when it was raised. ``building_block``: it is a part for other rules.
    """

    rule_id: str
    rule_name: str
    timestamp: int | None
    event_ids: tuple[str, ...]
    new_terms: tuple[str, ...] = ()
    position: int = 0
    shown: Shown = field(default=(), compare=False)
    threshold: Threshold | None = None
    raised: int | None = None
    indicators: tuple[Enrichment, ...] = ()
    others: tuple[int, ...] = field(default=(), compare=False, repr=False)
    row: tuple[tuple[str, object], ...] = ()
    key: tuple[object, ...] | None = field(default=(), compare=False, repr=False)
    grouped: Shown = field(default=(), compare=False, repr=False)
    suppression: Suppressed | None = None
    building_block: bool = False

    @classmethod
    def on(cls, plan: Plan, hits: Sequence[Hit], new_terms: tuple[str, ...] = ()) -> Alert:
        """The alert of a plan on some events, at least one, in the order in which it names them. Its time is that of
        the latest of them."""
        names = tuple([hit.event_id for hit in hits if hit.event_id])
        return cls(
            plan.rule_id, plan.rule_name, max(hits).timestamp, names, new_terms, hits[0].position, _all(hits),
            others=_others(hits), grouped=_shared(hits), building_block=plan.building_block,
        )  # fmt: skip

    @classmethod
    def of_group(cls, plan: Plan, latest: Sequence[Hit], time: int | None, found: Threshold) -> Alert:
        """The alert of a plan on a group of events: ``latest`` are some of its last ones, ``time`` is the very last."""
        names = tuple([hit.event_id for hit in latest if hit.event_id])
        return cls(
            plan.rule_id, plan.rule_name, time, names, (), latest[-1].position, _all(latest), found,
            building_block=plan.building_block,
        )  # fmt: skip

    @property
    def identity(self) -> Hashable:
        """What is the same of an alert that is found again, as in Kibana's id of it: its events and new terms; of a
        group, and of a row that is not an event, the execution and its terms."""
        if self.threshold is not None or self.key is None:
            return self.raised, self.terms, self.row
        return self.position, self.others, self.event_ids, self.new_terms, self.key

    @property
    def terms(self) -> tuple[str, ...]:
        """The values that tell it from other alerts on its event: new terms, or those of its group."""
        return self.new_terms if self.threshold is None else tuple(value for _, value in self.threshold.terms)

    @classmethod
    def of_row(
        cls, plan: Plan, hits: Sequence[Hit], cells: Iterable[tuple[str, object]], key: tuple[object, ...] | None
    ) -> Alert:
        """The alert of a plan on a row that an ES|QL query leaves, and the events behind it, if there are any."""
        row = tuple([(name, tuple(one) if isinstance(one, list) else one) for name, one in cells if one is not None])
        names = tuple([hit.event_id for hit in hits if hit.event_id])
        latest = max(hits, default=None)
        time, position = (None, 0) if latest is None else (latest.timestamp, latest.position)
        behind = hits[0].grouped if len(hits) == 1 else ()
        return cls(
            plan.rule_id, plan.rule_name, time, names, (), position, _all(hits), others=_others(hits), row=row, key=key,
            grouped=_of_row(plan, behind, dict(row)), building_block=plan.building_block,
        )  # fmt: skip

    @property
    def order(self) -> tuple[bool, int, str, int, tuple[str, ...]]:
        """The place among other alerts: by timestamp (none last), then rule_id, then input."""
        return self.timestamp is None, self.timestamp or 0, self.rule_id, self.position, self.terms


def _all(hits: Sequence[Hit]) -> Shown:
    """What is shown of several events, together."""
    if len(hits) == 1:
        return hits[0].shown
    every = zip(*(hit.shown for hit in hits), strict=True)
    return tuple([tuple(dict.fromkeys(value for values in field for value in values)) for field in every])


def _shared(hits: Sequence[Hit]) -> Shown:
    """The values of the suppression's fields that events have in common, as Kibana's alert on a sequence has them: the
    same value, and of several those that all have."""
    if len(hits) == 1:
        return hits[0].grouped
    return tuple(map(_common, zip(*(hit.grouped for hit in hits), strict=True)))


def _common(values: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    first, *others = values
    if all(other == first for other in others):
        return first
    if min(map(len, values)) < 2:
        return ()
    return tuple([value for value in first if all(value in other for other in others)])


def _of_row(plan: Plan, behind: Shown, row: Mapping[str, object]) -> Shown:
    """The values of the suppression's fields in a row, else in the event behind it."""
    if plan.suppression is None:
        return ()
    names = [one.name for one in plan.suppression.fields]
    events = behind or ((),) * len(names)
    return tuple([_texts(row[name]) if name in row else some for name, some in zip(names, events, strict=True)])


def _texts(cell: object) -> tuple[str, ...]:
    return tuple(sorted({json_text(value) for value in (cell if isinstance(cell, tuple) else (cell,))}))


def _others(hits: Sequence[Hit]) -> tuple[int, ...]:
    return tuple([hit.position for hit in hits[1:]])
