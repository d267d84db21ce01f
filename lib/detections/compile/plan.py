"""Plans: what a rule asks of an engine. And, beside them, what an engine is and what it answers.

All instants are milliseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from detections.compile.eql.program import Events, Program
from detections.compile.ir import And, Predicate
from detections.compile.mapping import Field, Mapping
from detections.compile.rows import Pipeline
from detections.events.batch import Batch

Sent: TypeAlias = "AbstractMapping[str, Any] | None"
"""What the rule puts into the body of Kibana's search (:mod:`detections.compile.request`): what a real Elasticsearch is
asked. None where a plan was changed after it was made, or made without a rule."""


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where a document's time is: the primary field (``timestamp_override``), else ``fallback`` (``@timestamp``).

    ``fallback`` is None when there is no override or the rule disabled the fallback. Kibana calls the result the
    combined timestamp.
    """

    primary: str = "@timestamp"
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """Rule types query and saved_query: each selected document in the window is an alert."""

    rule_id: str
    rule_name: str
    predicate: Predicate
    time: TimeField
    mapping: Mapping = field(compare=False, repr=False)
    sent: Sent = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NewTermsPlan:
    """Rule type new_terms.

    T are the tuples of the ``fields``' values (cartesian product of several values; a document that lacks one gives
    none) over the selected documents in the window; a tuple is new when its first selected document at or after
    ``Span.history`` is strictly later than ``Span.start``; its alert stands on its first document in the window.
    ``history_window_start`` is date math relative to the window's end (``now-14d``).
    """

    rule_id: str
    rule_name: str
    predicate: Predicate
    time: TimeField
    fields: tuple[Field, ...]
    history_window_start: str
    mapping: Mapping = field(compare=False, repr=False)
    sent: Sent = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RowsPlan:
    """Rule type esql without aggregation: each row that the pipeline leaves is an alert."""

    rule_id: str
    rule_name: str
    pipeline: Pipeline
    time: TimeField
    mapping: Mapping = field(compare=False, repr=False)
    sent: Sent = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class EqlPlan:
    """Rule type eql: each event, sequence or sample that the program finds among the events in the window is an alert.

    ``time`` is the rule's time filter; what puts the events in order is the program's own business (Kibana sends
    ``timestamp_field`` for that and filters by ``timestamp_override``). ``filter`` are the rule's filters.
    """

    rule_id: str
    rule_name: str
    program: Program
    filter: Predicate | None
    time: TimeField
    mapping: Mapping = field(compare=False, repr=False)
    sent: Sent = field(default=None, compare=False, repr=False)

    def as_query(self) -> QueryPlan | None:
        """The same as a query, where each event alone decides; None where events are joined or counted."""
        match self.program.body:
            case Events(predicate, ()):
                whole = predicate if self.filter is None else And((self.filter, predicate))
                return QueryPlan(self.rule_id, self.rule_name, whole, self.time, self.mapping)
        return None


Plan: TypeAlias = QueryPlan | NewTermsPlan | RowsPlan | EqlPlan


@dataclass(frozen=True, slots=True)
class Span:
    """The window of one execution, both ends inclusive; ``None`` is open. ``history`` is where new terms look back to.

    With an open ``start`` there is no history: a new term alerts at its first document.
    """

    start: int | None = None
    end: int | None = None
    history: int | None = None

    def holds(self, time: int) -> bool:
        """Whether an instant lies in the window."""
        return (self.start is None or self.start <= time) and (self.end is None or time <= self.end)


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


class Engine(Protocol):
    """Something that can run plans over events: the embedded engine, or a real Elasticsearch."""

    def run(self, tasks: Sequence[tuple[Plan, Span]], batches: Iterable[Batch]) -> Iterator[Alert]:
        """The alerts of every plan over its span, sorted by timestamp, then rule_id, then position."""
        ...
