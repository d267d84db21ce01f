"""What an alert of a plan needs: which events, what each of them answers, what they share, and when they happen.

One function a kind of plan; a kind without one is not scaffolded.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from detections.errors import NotEvaluated
from detections.mapping import Field
from detections.plan import EqlPlan, NewTermsPlan, Plan, QueryPlan, RowsPlan, ThresholdPlan
from detections.plan.predicate import Exists, Predicate, Test
from detections.plan.program import Events, Joined, Sample, Sequence, Stage
from detections.scaffold.goals import Asked, Spot, Wish, spots
from detections.scaffold.inline import conditions_of_rows
from detections.scaffold.solve import Slot, Values

_MANY = 100
_STEP = 2_000
"""Milliseconds between the events of a sequence, where it leaves them time."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a case: its fields, and its time in milliseconds relative to the own event."""

    values: Mapping[str, object]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """A case that no condition asks for, such as one about the order of events. ``events``: the own one last."""

    name: str
    verdict: str
    events: tuple[Happened, ...]


Extras: TypeAlias = "Callable[[Values], Iterator[Extra]]"
Beside: TypeAlias = "Callable[[Mapping[str, object]], Iterator[Happened]]"


def _no_extras(values: Values) -> Iterator[Extra]:
    return iter(())


def _nothing_beside(own: Mapping[str, object]) -> Iterator[Happened]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Frame:
    """``needed`` is what an alert needs; ``spots`` are the leaves of the query.

    ``times`` are the events that an alert has, by number, with their times relative to the own event in milliseconds;
    ``absent`` those that must not be there, likewise, with what each of them would answer. ``same`` are fields of
    several events that hold one value. ``extras`` makes further cases from the values of an alert, ``beside`` the
    events that each case needs besides, of the fields of its own event.
    """

    needed: tuple[Asked, ...]
    spots: tuple[Spot, ...]
    times: Mapping[int, int] = field(default_factory=lambda: {0: 0})
    absent: Mapping[int, tuple[int, Asked]] = field(default_factory=dict)
    same: tuple[tuple[Slot, ...], ...] = ()
    extras: Extras = _no_extras
    beside: Beside = _nothing_beside

    @property
    def own(self) -> int:
        """The number of the event that a case is about."""
        return max(self.times, key=lambda number: (self.times[number], number))


def frame(plan: Plan) -> Frame:
    """The frame of a plan.

    Raises:
        NotEvaluated: cases for plans of its kind, or for what it does, are not made here; the message says why.
    """
    maker = FRAMES.get(type(plan))
    if maker is None:
        raise NotEvaluated(f"cases are not made for {type(plan).__name__} yet")
    return maker(plan)


def _one_event(predicate: Predicate, condition: Predicate | None, *more: Asked, extras: Extras = _no_extras) -> Frame:
    filters = () if condition is None else (Asked(condition, Wish.TRUE),)
    return Frame((Asked(predicate, Wish.TRUE), *filters, *more), tuple(spots(predicate)), extras=extras)


def _query(plan: QueryPlan) -> Frame:
    return _one_event(plan.predicate, plan.filter)


def _new_terms(plan: NewTermsPlan) -> Frame:
    """The fields of the terms have values; the history has other ones, or none."""
    present = [Asked(Test(one, Exists()), Wish.TRUE) for one in plan.fields]
    names = ", ".join(one.name for one in plan.fields)

    def extras(values: Values) -> Iterator[Extra]:
        own = event_of(values, 0)
        back = -plan.history(0) // 1_000 * 1_000 if plan.history(0) < 0 else 0
        if back > 7_200_000:
            yield Extra(f"{names}: seen in the history", "quiet", (Happened(own, -back // 2), Happened(own)))
            yield Extra(
                f"{names}: seen before the history only", "alert", (Happened(own, -back - 86_400_000), Happened(own))
            )

    return _one_event(plan.predicate, plan.filter, *present, extras=extras)


def _threshold(plan: ThresholdPlan) -> Frame:
    """As many events as the threshold asks for, alike but for the field whose values are counted."""
    if plan.value > _MANY:
        raise NotEvaluated(f"cases are not made for thresholds of more than {_MANY} events")
    counted = plan.cardinality
    present = [Asked(Test(one, Exists()), Wish.TRUE) for one in plan.fields]
    if counted is not None:
        present.append(Asked(Test(counted.field, Exists()), Wish.TRUE))
    number = max(plan.value, counted.value if counted else 0)

    def beside(own: Mapping[str, object]) -> Iterator[Happened]:
        path = counted.field.path if counted else ""
        other = itertools.cycle(_different(counted.field, own.get(path), counted.value)) if counted else None
        for place in range(1, number):
            changed = {} if other is None else {path: next(other)}
            yield Happened({**own, **changed}, -_STEP * place)

    def extras(values: Values) -> Iterator[Extra]:
        own = event_of(values, 0)
        others = tuple(reversed(list(beside(own))))
        if others:
            yield Extra(f"one event less than {number}", "quiet", (*others[1:], Happened(own)))
        if counted is not None and counted.value > 1:
            alike = tuple(Happened(own, one.at) for one in others)
            yield Extra(f"one value of {counted.field.name} only", "quiet", (*alike, Happened(own)))

    made = _one_event(plan.predicate, plan.filter, *present, extras=extras)
    return replace(made, beside=beside)


def _different(field: Field, value: object, count: int) -> list[object]:
    """Values of a field that differ from one, and from each other: as many as are needed beside it, or one more."""
    if field.family == "ip":
        return [f"198.51.100.{number}" for number in range(100, 100 + count)]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return [value + number for number in range(1, count + 1)]
    return [f"{value}-{number}" for number in range(2, count + 2)]


def _rows(plan: RowsPlan) -> Frame:
    found = conditions_of_rows(plan)
    needed = tuple(Asked(predicate, Wish.TRUE) for predicate in found)
    return Frame(needed, tuple(spot for predicate in found for spot in spots(predicate)))


def _eql(plan: EqlPlan) -> Frame:
    match plan.program.body:
        case Events(predicate):
            return _one_event(predicate, plan.filter)
        case Sequence() | Sample() as joined:
            return _joined(joined, plan.filter)


def _joined(joined: Joined, condition: Predicate | None) -> Frame:
    """Every stage that is not missing is an event; all of them pass the rule's filters and share the join keys."""
    present = [number for number, stage in enumerate(joined.stages) if not stage.missing]
    times = _times(joined, present)
    needed: list[Asked] = []
    found: list[Spot] = []
    absent: dict[int, tuple[int, Asked]] = {}
    for number, stage in enumerate(joined.stages):
        asked = Asked(stage.predicate, Wish.TRUE, number)
        if stage.missing:
            absent[number] = _between(times, number), asked
        else:
            needed.append(asked)
        found += spots(stage.predicate, number)
    if isinstance(joined, Sequence) and joined.until is not None:
        number = len(joined.stages)
        absent[number] = _between(times, present[-1]), Asked(joined.until.predicate, Wish.TRUE, number)
        found += spots(joined.until.predicate, number)
    if condition is not None:
        needed += [Asked(condition, Wish.TRUE, number) for number in present]
    stages: dict[int, Stage] = dict(enumerate(joined.stages))
    if isinstance(joined, Sequence) and joined.until is not None:
        stages[len(joined.stages)] = joined.until
    same = _shared(stages)
    for number in stages:
        keys = [key for key in stages[number].keys if not key.optional]
        needed += [Asked(Test(key.field, Exists()), Wish.TRUE, number) for key in keys if number in present]
    return Frame(
        tuple(needed), tuple(found), times, absent, same, lambda values: _about_joins(joined, times, same, values)
    )


def _times(joined: Joined, present: list[int]) -> dict[int, int]:
    """Times of the events, the last one's being 0: a whole number of seconds apart, within the span if there is one."""
    gaps = max(1, len(present) - 1)
    span = joined.maxspan if isinstance(joined, Sequence) else None
    step = _STEP if span is None else min(_STEP, span // gaps // 1_000 * 1_000)
    return {number: -step * (len(present) - 1 - place) for place, number in enumerate(present)}


def _between(times: Mapping[int, int], number: int) -> int:
    """A time just before the next event that there is."""
    later = [time for one, time in times.items() if one >= number]
    return (min(later) if later else 1_000) - 1_000


def _shared(stages: Mapping[int, Stage]) -> tuple[tuple[Slot, ...], ...]:
    """The join keys, each with the field of every event."""
    count = max((len(stage.keys) for stage in stages.values()), default=0)
    slots = (
        tuple((number, stage.keys[at].field.path) for number, stage in stages.items() if at < len(stage.keys))
        for at in range(count)
    )
    return _merged([slot for slot in slots if len(slot) > 1])


def _merged(groups: list[tuple[Slot, ...]]) -> tuple[tuple[Slot, ...], ...]:
    """Groups without a slot in common: two keys may be one field of an event."""
    made: list[dict[Slot, None]] = []
    for group in groups:
        together = dict.fromkeys(group)
        apart = []
        for one in made:
            if one.keys() & together.keys():
                together |= one
            else:
                apart.append(one)
        made = [*apart, together]
    return tuple(tuple(one) for one in made)


def _about_joins(
    joined: Joined, times: Mapping[int, int], same: tuple[tuple[Slot, ...], ...], values: Values
) -> Iterator[Extra]:
    """Events that do not belong together: another key, too long a time."""
    order = sorted(times, key=lambda number: (times[number], number))
    events = {number: event_of(values, number) for number in order}
    first, *others = order
    for group in same:
        path = next((path for number, path in group if number == first), None)
        if path is None or not others or not isinstance(events[first].get(path), str):
            continue
        changed = {**events[first], path: f"other-{events[first][path]}"}
        rest = tuple(Happened(events[number], times[number]) for number in others)
        yield Extra(f"another {path}", "quiet", (Happened(changed, times[first]), *rest))
    span = joined.maxspan if isinstance(joined, Sequence) else None
    if span is not None and others:
        late = -(span // 1_000 + 1) * 1_000
        rest = tuple(Happened(events[number], times[number]) for number in others)
        yield Extra("longer apart than maxspan", "quiet", (Happened(events[first], late), *rest))


def event_of(values: Values, number: int) -> dict[str, object]:
    """The fields of one event."""
    return {path: value for (event, path), value in values.items() if event == number}


FRAMES: dict[type[Plan], Callable[[Any], Frame]] = {
    QueryPlan: _query,
    ThresholdPlan: _threshold,
    NewTermsPlan: _new_terms,
    RowsPlan: _rows,
    EqlPlan: _eql,
}
"""What makes the frame of a plan, by its kind."""
