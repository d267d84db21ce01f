"""Alerts: what an engine answers."""

from __future__ import annotations

from dataclasses import dataclass


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

    @property
    def order(self) -> tuple[bool, int, str, int, tuple[str, ...]]:
        """The place among other alerts: by timestamp (none last), then rule_id, then input."""
        return self.timestamp is None, self.timestamp or 0, self.rule_id, self.position, self.new_terms
