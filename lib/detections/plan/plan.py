"""Plans: what a rule asks of an engine, one class a kind of rule.

All instants are milliseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from detections.mapping import Field, Mapping
from detections.plan.predicate import And, Predicate
from detections.plan.program import Events, Program
from detections.plan.rows import Pipeline

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
    ``Window.history`` is strictly later than ``Window.start``; its alert stands on its first document in the window.
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
class Window:
    """The window of one execution, both ends inclusive; ``None`` is open. ``history`` is where new terms look back to.

    With an open ``start`` there is no history: a new term alerts at its first document.
    """

    start: int | None = None
    end: int | None = None
    history: int | None = None

    def holds(self, time: int) -> bool:
        """Whether an instant lies in the window."""
        return (self.start is None or self.start <= time) and (self.end is None or time <= self.end)
