"""Plans: what a rule asks of an engine.

A plan answers a few questions, so that whoever looks at plans (cases, replay, explain) knows no kind of them. Each kind
is a module of :mod:`detections.plan.kinds`; each engine has a table that says what runs it.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeAlias, TypeVar

from detections.mapping import Field, Mapping
from detections.plan.exceptions import NONE, ExceptionItem, Exceptions
from detections.plan.outline import Outline
from detections.plan.predicate import Predicate, is_relative
from detections.plan.suppression import Suppression
from detections.plan.window import TIMESTAMP, TimeField
from detections.query import NOWHERE, Span

Sent: TypeAlias = "AbstractMapping[str, Any] | None"
"""What the rule puts into the body of Kibana's search (:mod:`detections.compile.request`): what a real Elasticsearch is
asked. None where a plan was changed after it was made, or made without a rule."""


class Found(Protocol):
    """What a plan remembers of an alert."""

    @property
    def timestamp(self) -> int | None: ...

    @property
    def terms(self) -> tuple[str, ...]: ...


AnyFound = TypeVar("AnyFound", bound=Found)


class Role(enum.Enum):
    """What a condition is asked of."""

    EVENT = "the event that alerts"
    FILTER = "the event that alerts, by a filter of the rule: it stands beside the query"
    JOINED = "another event, or one of several, that is joined to it"
    ABSENT = "an event that must not be there"
    EXCEPTION = "the event that alerts, for which it must not hold: an item of an exception list"
    INDICATOR = "an indicator, which shares values with the event that alerts"
    ROW = "a row that the query has made"
    PART = "what a part of a row is computed of"


@dataclass(frozen=True, slots=True)
class Condition:
    """A predicate of a plan. ``label`` names it among others (``event 2``); ``put`` makes the plan with another
    predicate in its place, which has no text that a server could be sent."""

    predicate: Predicate
    label: str
    put: Callable[[Predicate], Plan]
    role: Role = Role.EVENT


@dataclass(frozen=True, slots=True)
class Variant:
    """The plan with something changed that is not a condition: a setting of its type. ``span`` is where it is said,
    if it does."""

    change: str
    plan: Plan
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(ABC):
    """What a rule asks of an engine. ``indices`` are the names and patterns of what it searches; ``shown`` the fields
    whose values its alerts are to carry; ``exceptions`` says which events it passes over, ``suppression``
    which alerts are counted into others. ``building_block``: its
    alerts are parts for other rules, which Kibana does not show among the others."""

    rule_id: str
    rule_name: str
    time: TimeField = TIMESTAMP
    indices: tuple[str, ...] = ()
    mapping: Mapping = field(compare=False, repr=False)
    sent: Sent = field(default=None, compare=False, repr=False)
    shown: tuple[Field, ...] = field(default=(), compare=False, repr=False)
    exceptions: Exceptions = NONE
    suppression: Suppression | None = None
    building_block: bool = False

    @abstractmethod
    def conditions(self) -> Iterator[Condition]:
        """Its conditions, in the order in which they are asked."""

    @property
    @abstractmethod
    def lookback(self) -> int | None:
        """How it may be cut by time: the alerts that stand in a slice of the window are those of the plan run from so
        many milliseconds before the slice to its end. 0: each event alerts by itself. None: only the whole window gives
        them."""

    @abstractmethod
    def asks(self) -> Iterator[Outline]:
        """What is particular to its kind, conditions included, as it is explained."""

    def variants(self) -> Iterator[Variant]:
        """What mutation changes besides conditions: one setting at a time."""
        return iter(())

    @property
    def searched(self) -> tuple[tuple[str, ...], ...]:
        """The sets of indices that its searches are over."""
        return (self.indices,)

    def excepting(self) -> Iterator[Condition]:
        """The items of its exceptions, as conditions that must not hold."""
        items = self.exceptions.items
        for number, item in enumerate(items):

            def put(new: Predicate, number: int = number, item: ExceptionItem = item) -> Plan:
                changed = (*items[:number], replace(item, predicate=new, query=None), *items[number + 1 :])
                return replace(self, exceptions=Exceptions(changed), sent=None)

            yield Condition(item.predicate, f"exception {item.name}", put, Role.EXCEPTION)

    @property
    def relative(self) -> bool:
        """Whether what it finds hangs on the moment of its execution, not on its window alone."""
        kept = (condition.predicate for condition in self.conditions())
        excepted = self.exceptions.condition
        return any(map(is_relative, kept)) or (excepted is not None and is_relative(excepted))

    def history(self, now: int) -> int | None:
        """The instant from which it looks at what was before the window, seen from ``now``; None where it does not.

        Raises:
            ValueError: the rule's date math is none.
        """
        return None

    def since(self, start: int) -> Self:
        """The same for an execution whose window begins at ``start``: it forgets of those before what lies earlier."""
        return self

    def following(self, alerts: Sequence[Found]) -> Self:
        """The same for the next execution, when this one has raised some alerts."""
        return self

    def reached(self, alerts: list[AnyFound], most: int) -> list[AnyFound]:
        """Which of an execution's alerts, oldest first, its search gives where no more than ``most`` will be raised, in
        the order in which they are raised."""
        return alerts

    def unevaluated(self) -> tuple[str, ...]:
        """The parts that nothing in this process evaluates, each with the reason."""
        return ()

    @property
    def presupposes(self) -> Predicate | None:
        """What some document must satisfy for it to say anything at all; None: it always does."""
        return None

    @property
    def alerts_on_nothing(self) -> bool:
        """Whether it may raise an alert where there is no event: on their absence."""
        return False

    def quiet(self) -> str:
        """Why it may raise no alert although each of its conditions holds for some event; empty where it will."""
        return ""

    def outline(self) -> Iterator[Outline]:
        """What it asks, as it is explained."""
        fallback = f", else {self.time.fallback}" if self.time.fallback else ""
        yield Outline(f"time: {self.time.primary}{fallback}")
        if self.indices:
            yield Outline(f"indices: {', '.join(self.indices)}")
        yield from self.asks()
        if self.exceptions.items:
            yield self.exceptions.outline()
        if self.suppression is not None:
            yield Outline(f"suppression: {self.suppression}")
        if self.building_block:
            yield Outline("its alerts are building blocks")

    def named(self, rule_id: str) -> Self:
        """The same for a rule of another id, so that the alerts of several plans can be told apart."""
        return replace(self, rule_id=rule_id)
