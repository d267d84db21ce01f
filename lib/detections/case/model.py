"""What a case is, and what running one says.

A case changes a base event a little and says what the rule must do with it. Its file mirrors the rule's:
``rules/aws/x.toml`` is proved by ``tests/rules/aws/x.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detections.engine.alert import Alert
from detections.errors import Finding
from detections.events import Settings
from detections.rule import Rule
from detections.source import Document

Expectation = Literal["alert", "quiet", "suppressed"]
"""``suppressed``: the alert is counted into another one."""


@dataclass(frozen=True, slots=True)
class EventSpec:
    """How an event is made.

    The ``base`` file (under the events folder) holds a raw record of a log source or an ECS document. ``raw`` and
    ``raw_unset`` change a raw record before it is mapped to ECS, ``settings`` are those of the source's integration for
    the mapping, ``set`` and ``unset`` change the ECS document after it; all by dotted path. ``at`` is the event's time
    in milliseconds relative to now.
    """

    base: str
    raw: Mapping[str, Any]
    raw_unset: tuple[str, ...]
    set: Mapping[str, Any]
    unset: tuple[str, ...]
    settings: Settings
    at: int


@dataclass(frozen=True, slots=True)
class Case:
    """One event (and what happened before it), and the verdict the rule must reach about that event.

    ``index`` is its place among the ``[[case]]`` tables. ``new_terms``, where given, are the tuples that the event's
    alerts must name, in any order. ``row``, where given, has columns of ES|QL and the values that an alert's row must
    have in them; several values are a tuple. ``threshold``, where given, has what an alert's group must have: its
    ``count`` of events, ``terms`` (a value for each field) and ``cardinality`` (how many different values).
    ``indicators`` are documents that an indicator match rule compares with, as ECS has
    them.
    """

    name: str
    verdict: Expectation
    event: EventSpec
    history: tuple[EventSpec, ...]
    new_terms: tuple[tuple[str, ...], ...] | None
    index: int
    row: Mapping[str, object] | None = None
    threshold: Mapping[str, object] | None = None
    indicators: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A leaf of the query (its text) that no case can decide, and why."""

    leaf: str
    why: str
    index: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How noisy a rule may be over a data set, and which events it must alert on (their ``event.id``). ``most_a_day``
    are alerts on any day, ``share`` alerts an event that was read; None is not a bound."""

    most_a_day: float | None = None
    share: float | None = None
    must_alert: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one rule. ``tables`` are the lookup tables that it tells, by name. ``findings`` is what is wrong
    with the file; cases that could be read are there.

    ``scaffolded``: they were made from the query, and nobody has looked at them yet. ``noise`` are the rule's bounds by
    the name of a data set.
    """

    document: Document
    cases: tuple[Case, ...]
    uncovered: tuple[Uncovered, ...]
    findings: tuple[Finding, ...]
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scaffolded: bool = False
    noise: Mapping[str, Bounds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What running a case said. ``problem`` is empty when it passed; ``finding`` places it in the case file."""

    case: Case
    alerts: tuple[Alert, ...]
    problem: str
    finding: Finding | None

    @property
    def passed(self) -> bool:
        return not self.problem


@dataclass(frozen=True, slots=True)
class Clause:
    """A leaf of a rule's query in its text, and the names of the cases whose verdict turns on it alone.

    ``excuse`` is why none does, where the case file says so.
    """

    text: str
    span: tuple[int, int]
    cases: tuple[str, ...]
    excuse: str = ""

    @property
    def covered(self) -> bool:
        return bool(self.cases)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule changed in one place. ``noticed`` are the names of the cases that tell it from the rule."""

    change: str
    span: tuple[int, int]
    noticed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What the cases of a rule say about it.

    ``not_run`` is why they could not be run (nothing here evaluates the rule, or it has no cases), empty otherwise.
    ``findings`` are the problems of the proof itself: cases that failed, leaves that no case covers.
    """

    rule: Rule
    verdicts: tuple[Verdict, ...] = ()
    clauses: tuple[Clause, ...] = ()
    mutants: tuple[Mutant, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_run: str = ""

    @property
    def passed(self) -> int:
        """How many cases said what they should."""
        return sum(verdict.passed for verdict in self.verdicts)
