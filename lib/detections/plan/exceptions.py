"""Exceptions: events for which a rule raises no alert."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from detections.plan.outline import Outline, outline
from detections.plan.predicate import And, Not, Or, Predicate, Until
from detections.values.dates import format_date


@dataclass(frozen=True, slots=True)
class ExceptionItem:
    """An item of an exception list: an event for which ``predicate`` is true is excepted, in executions that start at
    ``until`` (milliseconds) or before; None is for ever. ``query`` says the same in Query DSL, as Kibana sends it; None
    where the item was changed after it was made."""

    name: str
    predicate: Predicate
    until: int | None = None
    query: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Exceptions:
    """The items of all lists of a rule. ``condition`` is true of the events that none of them excepts; None without
    items."""

    items: tuple[ExceptionItem, ...] = ()
    condition: Predicate | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        excepted = tuple(_in_time(item) for item in self.items)
        object.__setattr__(self, "condition", Not(Or(excepted)) if excepted else None)

    def at(self, now: int | None) -> tuple[ExceptionItem, ...]:
        """The items that count in an execution that starts ``now``; None is the clock's."""
        start = round(time.time() * 1000) if now is None else now
        return tuple(item for item in self.items if item.until is None or start <= item.until)

    def outline(self) -> Outline:
        inside = (
            Outline(f"{item.name}{_ends(item.until)}", (outline(item.predicate),)) for item in self.items
        )  # fmt: skip
        return Outline("exceptions: none of", tuple(inside))


NONE = Exceptions()


def _in_time(item: ExceptionItem) -> Predicate:
    return item.predicate if item.until is None else And((Until(item.until), item.predicate))


def _ends(until: int | None) -> str:
    return "" if until is None else f", until {format_date(until)}"
