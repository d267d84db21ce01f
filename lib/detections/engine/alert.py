"""Alerts: what an engine answers, and the events they stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from detections.plan import Plan


class Hit(NamedTuple):
    """A selected event, ordered as alerts are: by time (an event without one comes last), then by input.

    ``position`` is its number in the input, from 0; ``event_id`` its ``event.id``, empty where it has none.
    """

    timeless: bool
    time: int
    position: int
    event_id: str

    @property
    def timestamp(self) -> int | None:
        """Milliseconds since the epoch."""
        return None if self.timeless else self.time


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found. ``event_ids`` are the ``event.id`` of the documents behind it; ``position`` is the number of
    its first document in the input, from 0, which breaks ties; ``new_terms`` is empty for other rule types."""

    rule_id: str
    rule_name: str
    timestamp: int | None
    event_ids: tuple[str, ...]
    new_terms: tuple[str, ...] = ()
    position: int = 0

    @classmethod
    def on(cls, plan: Plan, hits: Sequence[Hit], new_terms: tuple[str, ...] = ()) -> Alert:
        """The alert of a plan on some events, at least one, in the order in which it names them. Its time is that of
        the latest of them."""
        names = tuple([hit.event_id for hit in hits if hit.event_id])
        return cls(plan.rule_id, plan.rule_name, max(hits).timestamp, names, new_terms, hits[0].position)

    @property
    def order(self) -> tuple[bool, int, str, int, tuple[str, ...]]:
        """The place among other alerts: by timestamp (none last), then rule_id, then input."""
        return self.timestamp is None, self.timestamp or 0, self.rule_id, self.position, self.new_terms
