"""EQL sequences and samples in the plainest way, as Elasticsearch finds them: what the engine is held against.

It shares nothing with the package, and looks at all events again for every question. Events are dicts with ``id``,
``time``, ``tie`` (None: without a tiebreaker), ``kind`` and lists of values for the names of join keys.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]
Keys = tuple[Any, ...]
Found = tuple[Keys, tuple[str | None, ...]]
"""Join keys, and the ids of the events, None for a missing one."""


class NullKey(Exception):
    """A missing event would be asked for by a null key: the search fails."""


@dataclass(frozen=True)
class Stage:
    """Events of one of ``kinds``; each key is a name and whether it is optional."""

    kinds: tuple[str, ...]
    keys: tuple[tuple[str, bool], ...] = ()
    missing: bool = False

    def selects(self, event: Event) -> bool:
        return event["kind"] in self.kinds

    def keys_of(self, event: Event) -> list[Keys]:
        values: list[list[Any]] = []
        for name, optional in self.keys:
            found = sorted(set(event.get(name, [])))
            values.append(found or ([None] if optional else []))
        return list(itertools.product(*values))


def ordered(events: list[Event]) -> list[Event]:
    """By time, tiebreaker (events without one last), and place in the input."""
    return sorted(events, key=lambda event: (event["time"], event["tie"] is None, event["tie"] or 0))


def sequences(stages: list[Stage], until: Stage | None, maxspan: int | None, events: list[Event]) -> list[Found]:
    """Stage by stage: each event takes the sequence that ended last before it, and does away with those before."""
    events = ordered(events)
    place = {event["id"]: number for number, event in enumerate(events)}

    def hits(stage: Stage) -> list[tuple[Event, Keys]]:
        return [(event, keys) for event in events if stage.selects(event) for keys in stage.keys_of(event)]

    def ended(keys: Keys, start: Event, stop: Event) -> bool:
        return until is not None and any(
            other == keys and place[start["id"]] <= place[event["id"]] < place[stop["id"]]
            for event, other in hits(until)
        )

    positive = [stage for stage in stages if not stage.missing]
    ways: list[tuple[Keys, list[Event]]] = [(keys, [event]) for event, keys in hits(positive[0])]
    for stage in positive[1:]:
        longer = []
        for event, keys in hits(stage):
            earlier = [way for way in ways if way[0] == keys and place[way[1][-1]["id"]] < place[event["id"]]]
            if not earlier:
                continue
            ways = [way for way in ways if way not in earlier]
            _, before = max(earlier, key=lambda way: place[way[1][-1]["id"]])
            too_long = maxspan is not None and event["time"] - before[0]["time"] > maxspan
            if not too_long and not ended(keys, before[-1], event):
                longer.append((keys, [*before, event]))
        ways = longer
    if len(positive) < len(stages) and any(None in keys for keys, _ in ways):
        raise NullKey
    complete = [way for way in ways if free_of_missing(stages, maxspan, way, hits)]
    complete.sort(key=lambda way: (place[way[1][-1]["id"]], [(key is not None, key or 0) for key in way[0]]))
    found = []
    for keys, chosen in complete:
        left = iter(chosen)
        found.append((keys, tuple(None if stage.missing else next(left)["id"] for stage in stages)))
    return found


def free_of_missing(stages: list[Stage], maxspan: int | None, way: tuple[Keys, list[Event]], hits: Any) -> bool:
    """No missing event strictly between its neighbours; none before or behind in some span of maxspan.

    The span ends with the last event where only leading stages are missing, begins with the first one where only
    trailing ones are, and may lie anywhere around the events where both are.
    """
    keys, chosen = way
    start, end = chosen[0]["time"], chosen[-1]["time"]
    leading, trailing = [], []
    passed = 0
    for stage in stages:
        if not stage.missing:
            passed += 1
            continue
        times = [event["time"] for event, other in hits(stage) if other == keys]
        if passed == 0:
            leading += [time for time in times if time < start]
        elif passed == len(chosen):
            trailing += [time for time in times if time > end]
        elif any(chosen[passed - 1]["time"] < time < chosen[passed]["time"] for time in times):
            return False
    if not leading and not trailing:
        return True
    if stages[0].missing and not leading:
        return True
    if stages[-1].missing and not trailing:
        return True
    begin = max(leading) if stages[0].missing else start
    finish = min(trailing) if stages[-1].missing else end
    return maxspan is not None and finish - begin > maxspan


def samples(stages: list[Stage], events: list[Event]) -> list[Found]:
    """For each keys that all stages have, the first choice of different events, in the order of the keys."""
    by_stage = [
        [(event["id"], keys) for event in events if stage.selects(event) for keys in stage.keys_of(event)]
        for stage in stages
    ]
    every = {keys for hits in by_stage for _, keys in hits}
    found = []
    for keys in sorted(every, key=lambda keys: [(key is not None, key or 0) for key in keys]):
        choices = [[one for one, other in hits if other == keys] for hits in by_stage]
        for chosen in itertools.product(*choices):
            if len(set(chosen)) == len(chosen):
                found.append((keys, chosen))
                break
    return found
