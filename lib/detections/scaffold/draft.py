"""Drafts of cases: for each leaf of a query an event that turns on it, and the near-miss beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from detections.plan import Plan
from detections.plan.predicate import Predicate, extent, leaves
from detections.query.span import NOWHERE, Span, excerpt
from detections.scaffold.candidates import ABSENT
from detections.scaffold.decisive import decisive
from detections.scaffold.frame import Frame, Happened, event_of, frame
from detections.scaffold.goals import Asked, Spot
from detections.scaffold.solve import Solver, Values, document

_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Draft:
    """A case: ``events`` in the order of time, the own one last. ``verdict`` is what the query's own logic says."""

    name: str
    verdict: str
    events: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class Drafts:
    """What was made of a plan, the first being an alert; nothing where no event satisfies it. ``unsolved`` are the
    texts of the leaves for which no event was found that turns on them."""

    drafts: tuple[Draft, ...]
    unsolved: tuple[str, ...]


def drafts(plan: Plan, query: str) -> Drafts:
    """The drafts of a plan's cases, for each of its leaves.

    Raises:
        NotEvaluated: nothing here makes cases for plans of its kind.
    """
    return _Drafting(frame(plan), query).made()


class _Drafting:
    def __init__(self, found: Frame, query: str) -> None:
        self._frame = found
        self._query = query
        self._solver = Solver(found.same)
        self._covered: set[int] = set()
        self._drafts: dict[str, Draft] = {}
        self._names: dict[str, int] = {}
        self._spots = list(_once(found.spots))

    def made(self) -> Drafts:
        values = self._solver.solve(self._frame.needed)
        if values is None:
            return Drafts((), tuple(self._text(spot.leaf.part) for spot in self._spots))
        self._keep("what the query is for", "alert", self._events(values))
        self._cover(values)
        for number in self._frame.absent:
            self._absent(number)
        unsolved = [self._text(spot.leaf.part) for spot in self._spots if not self._turn(spot)]
        for spot in self._spots:
            if spot.positive:
                self._near_miss(spot)
        for extra in self._frame.extras(values):
            self._keep(extra.name, extra.verdict, extra.events)
        return Drafts(tuple(self._drafts.values()), tuple(dict.fromkeys(unsolved)))

    def _turn(self, spot: Spot) -> bool:
        """Make the case that turns on a leaf, unless there is one."""
        leaf = spot.leaf.part
        if id(leaf) in self._covered:
            return True
        values = self._solve(spot, holds=True)
        if values is None:
            return False
        here = spot.leaf.event in self._frame.absent
        verdict = "alert" if spot.positive is not here else "quiet"
        word = "with" if not spot.positive else "by"
        self._keep(f"{word} {self._text(leaf)}", verdict, self._events(values, *([spot.leaf.event] if here else [])))
        self._covered.add(id(leaf))
        self._cover(values)
        return True

    def _near_miss(self, spot: Spot) -> None:
        values = self._solve(spot, holds=False)
        if values is not None:
            here = spot.leaf.event in self._frame.absent
            events = self._events(values, *([spot.leaf.event] if here else []))
            self._keep(f"without {self._text(spot.leaf.part)}", "alert" if here else "quiet", events)

    def _absent(self, number: int) -> None:
        """The case with the event that must not be there."""
        _, asked = self._frame.absent[number]
        values = self._solver.solve((*self._frame.needed, asked))
        if values is not None:
            name = f"with the event that must not be there: {self._text(asked.part)}"
            self._keep(name, "quiet", self._events(values, number))
            self._covered |= decisive(asked.part, document(event_of(values, number)))

    def _solve(self, spot: Spot, *, holds: bool) -> Values | None:
        """Values for a case that a leaf decides: the other parts of its condition as that wants them, and every other
        condition true."""
        whole = _root_of(spot, self._frame)
        others = (asked for asked in self._frame.needed if asked is not whole)
        return self._solver.solve((*spot.turned(holds=holds), *others))

    def _events(self, values: Values, *absent: int) -> tuple[Happened, ...]:
        """The events of an alert, and those of the numbers given, the own one last."""
        times = dict(self._frame.times)
        own = self._frame.own
        for number in absent:
            times[number] = self._frame.absent[number][0]
        order = sorted(times, key=lambda number: (number == own, times[number], number))
        events = [Happened(event_of(values, number), times[number]) for number in order]
        return (*reversed(list(self._frame.beside(events[-1].values))), *events)

    def _cover(self, values: Values) -> None:
        """Note which leaves an alert turns on."""
        for asked in self._frame.needed:
            self._covered |= decisive(asked.part, document(event_of(values, asked.event)))

    def _keep(self, name: str, verdict: str, events: Sequence[Happened]) -> None:
        """Keep a draft whose events no other has."""
        key = repr([(_present(event.values), event.at) for event in events])
        if key not in self._drafts:
            again = self._names[name] = self._names.get(name, 0) + 1
            self._drafts[key] = Draft(name if again == 1 else f"{name} ({again})", verdict, tuple(events))

    def _text(self, part: Predicate) -> str:
        """A part of the query as it is written."""
        text = excerpt(self._query, extent(part))
        return f"`{text[:_LONGEST]}{'...' if len(text) > _LONGEST else ''}`" if text else "a filter"


def _once(found: Iterable[Spot]) -> Iterator[Spot]:
    """The leaves, each place of the query once: the events of ``with runs`` all ask the same."""
    seen: set[tuple[Span, bool]] = set()
    for spot in found:
        key = extent(spot.leaf.part), spot.positive
        if key not in seen or key[0] == NOWHERE:
            seen.add(key)
            yield spot


def _root_of(spot: Spot, found: Frame) -> Asked | None:
    """The condition that a leaf belongs to, among those that are needed."""
    for asked in found.needed:
        if asked.event == spot.leaf.event and any(leaf is spot.leaf.part for leaf in leaves(asked.part)):
            return asked
    return None


def _present(values: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(((path, value) for path, value in values.items() if value is not ABSENT), key=lambda one: one[0])
