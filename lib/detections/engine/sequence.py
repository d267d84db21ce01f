"""Sequences: events that follow one another, joined by their keys (Elasticsearch 9: the sequence matcher of EQL).

The joiner takes the events that some stage selects, in order, and knows nothing of documents, so that it also joins the
hits of a server that has no EQL.

* An event at a stage continues the sequence with its keys that got to the stage before *last*: earlier ones are
  dropped. A sequence continued too late for ``maxspan``, which is measured from its first event, is dropped too.
* An event of ``until`` ends the open sequences with its keys, also one that the same event has continued. One that it
  completes is complete.
* An event of a missing stage spoils a sequence only if its time is strictly between those of the events beside the
  gap; tiebreakers play no part. In front of a sequence there must be none in the ``maxspan`` that ends with its last
  event, behind it none in the one that begins with its first; with both, some ``maxspan`` around it must be free. A
  spoilt sequence still stands in the way of earlier ones until it ends. Such events are asked for by the keys' values,
  so that a null key, which is not a value, fails the search.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from detections.errors import NotEvaluated
from detections.plan import program

JoinKeys: TypeAlias = tuple[object, ...]
"""Values of the join keys of one stage; None is a missing optional one."""


class Rank(NamedTuple):
    """What events are ordered by: time, tiebreaker (none last), and place in the input."""

    timeless: bool
    time: int
    untied: bool
    tiebreaker: object
    position: int


StageKeys: TypeAlias = tuple[tuple[int, ...], tuple[JoinKeys, ...]]
"""Stages by number, ascending, that are alike (the runs of one), and the values that their join keys take."""


class Candidate(NamedTuple):
    """An event that some stage selects, with these stages.

    Several values of a key make several tuples; without join keys there is one empty tuple.
    """

    rank: Rank
    stages: tuple[StageKeys, ...]


class Match(NamedTuple):
    """Joined events: their positions in the input, one a stage, None for a missing event."""

    keys: JoinKeys
    positions: tuple[int | None, ...]


def join(body: program.Sequence, candidates: Iterable[Candidate]) -> Iterator[Match]:
    """The sequences in candidates that are sorted, in the order of their last events, then of their keys.

    ``body.limits`` are not applied. Memory grows with the keys that have an open sequence, or were seen missing,
    inside ``maxspan``, not with events. Events without a time take part in no sequence.

    Raises:
        NotEvaluated: there are missing stages, and an optional join key is null, which fails the search.
    """
    joiner = _Joiner(body)
    for candidate in candidates:
        if not candidate.rank.timeless:
            yield from joiner.take(candidate)
    yield from joiner.finish()


def _descending(places: Sequence[StageKeys]) -> Iterable[tuple[Sequence[int], tuple[JoinKeys, ...]]]:
    """The stages, the last first, those with the same keys together where none stands between them."""
    if len(places) == 1:
        return [(places[0][0][::-1], places[0][1])]
    alone = [((stage,), several) for numbers, several in places for stage in numbers]
    return sorted(alone, reverse=True)


def key_order(keys: JoinKeys) -> tuple[object, ...]:
    """A sort key for join keys: missing ones first."""
    return tuple([(value is not None, value) for value in keys])


class _Sequence:
    """A sequence on its way: ``before`` is the last event of a leading missing stage, None without one."""

    __slots__ = ("before", "free", "keys", "positions", "spoilt", "start", "time")

    def __init__(self, keys: JoinKeys, rank: Rank, before: int | None) -> None:
        self.keys = keys
        self.start = self.time = rank.time
        self.positions = [rank.position]
        self.before = before
        self.spoilt = False
        # Of a complete one that waits for a trailing missing stage: whether it is known to be free of it.
        self.free: bool | None = None


class _Keyed:
    """What is known of some keys: per positive stage the open sequence, per missing stage the last two times."""

    __slots__ = ("open", "seen", "touched")

    def __init__(self, stages: int) -> None:
        self.open: list[_Sequence | None] = [None] * stages
        self.seen: dict[int, tuple[int, int | None]] = {}
        self.touched = 0

    def see(self, stage: int, time: int) -> None:
        latest, earlier = self.seen.get(stage, (None, None))
        self.seen[stage] = (time, earlier if latest == time else latest)

    def last(self, stages: Iterable[int], time: int) -> int | None:
        """The latest time before ``time`` at which one of some missing stages was seen."""
        found = [one for stage in stages for one in self.seen.get(stage, ()) if one is not None and one < time]
        return max(found, default=None)


class _Joiner:
    def __init__(self, body: program.Sequence) -> None:
        self._maxspan = body.maxspan or None
        self._stages = len(body.stages)
        self._positive = [number for number, stage in enumerate(body.stages) if not stage.missing]
        self._place = {number: place for place, number in enumerate(self._positive)}
        self._last = len(self._positive) - 1
        self._missing = len(self._positive) < self._stages
        first, last = self._positive[0], self._positive[-1]
        self._leading = range(first)
        self._trailing = range(last + 1, self._stages)
        self._gaps = [range(0), *(range(a + 1, b) for a, b in zip(self._positive, self._positive[1:], strict=False))]
        self._keyed: OrderedDict[JoinKeys, _Keyed] = OrderedDict()
        # Complete sequences that a trailing missing stage may still refuse: all in order, and those of each key.
        self._waiting: deque[_Sequence] = deque()
        self._waiting_for: dict[JoinKeys, deque[_Sequence]] = {}

    def take(self, candidate: Candidate) -> Iterator[Match]:
        rank = candidate.rank
        self._forget(rank.time)
        complete: list[_Sequence] = []
        # The last stage first: an event does not follow itself. ``until``, whose number is the lowest, ends it all.
        for stages, several in _descending(candidate.stages):
            for keys in several:
                complete += self._take(stages, keys, rank)
        complete.sort(key=lambda sequence: key_order(sequence.keys))
        if not self._trailing:
            return iter([self._match(sequence) for sequence in complete if self._is_free_before(sequence)])
        for sequence in complete:
            self._wait(sequence)
        return self._decided(rank.time)

    def finish(self) -> Iterator[Match]:
        """What waits for a missing event that did not come."""
        return (self._match(sequence) for sequence in self._waiting if sequence.free is not False)

    def _forget(self, time: int) -> None:
        """Drop what is too old to be of use."""
        while self._maxspan is not None and self._keyed:
            keys, keyed = next(iter(self._keyed.items()))
            if time - keyed.touched <= self._maxspan:
                break
            del self._keyed[keys]

    def _touch(self, keys: JoinKeys, time: int) -> _Keyed:
        keyed = self._keyed.get(keys)
        if keyed is None:
            keyed = self._keyed[keys] = _Keyed(len(self._positive))
        else:
            self._keyed.move_to_end(keys)
        keyed.touched = time
        return keyed

    def _end(self, keys: JoinKeys) -> None:
        keyed = self._keyed.get(keys)
        if keyed is not None:
            keyed.open = [None] * len(keyed.open)
            self._tidy(keys, keyed)

    def _tidy(self, keys: JoinKeys, keyed: _Keyed) -> None:
        if not keyed.seen and not any(keyed.open):
            del self._keyed[keys]

    def _see(self, stage: int, keys: JoinKeys, time: int) -> None:
        if stage not in self._trailing:
            self._touch(keys, time).see(stage, time)
            return
        waiting = self._waiting_for.get(keys, deque())
        while waiting and waiting[0].time < time:
            sequence = waiting.popleft()
            sequence.free = self._exceeds(self._reference(sequence), time)

    def _take(self, stages: Iterable[int], keys: JoinKeys, rank: Rank) -> Iterator[_Sequence]:
        """The sequences with some keys that an event completes at some stages."""
        keyed = self._keyed.get(keys)
        for stage in stages:
            place = self._place.get(stage)
            if place == 0:
                keyed = self._touch(keys, rank.time)
                sequence = _Sequence(keys, rank, keyed.last(self._leading, rank.time))
            elif place is not None:
                if keyed is None or (open_ := keyed.open[place - 1]) is None:
                    continue
                keyed.open[place - 1] = None
                sequence = open_
                if self._exceeds(sequence.start, rank.time):
                    self._tidy(keys, keyed)
                    continue
                self._continue(sequence, keyed, self._gaps[place], rank)
            else:
                if stage == program.UNTIL:
                    self._end(keys)
                else:
                    self._see(stage, keys, rank.time)
                keyed = self._keyed.get(keys)
                continue
            if place < self._last:
                keyed.open[place] = sequence
            else:
                self._tidy(keys, keyed)
                if self._missing and None in keys:
                    raise NotEvaluated(
                        "a join key is null where a missing event is asked for: the search fails in Elasticsearch"
                    )
                if not sequence.spoilt:
                    yield sequence

    def _continue(self, sequence: _Sequence, keyed: _Keyed, gap: range, rank: Rank) -> None:
        """Add an event to a sequence, which events of the missing stages in the gap before it may have spoilt."""
        if gap:
            seen = keyed.last(gap, rank.time)
            sequence.spoilt = sequence.spoilt or (seen is not None and seen > sequence.time)
        sequence.time = rank.time
        sequence.positions.append(rank.position)

    def _exceeds(self, start: int, end: int) -> bool:
        return self._maxspan is not None and end - start > self._maxspan

    def _is_free_before(self, sequence: _Sequence) -> bool:
        return sequence.before is None or self._exceeds(sequence.before, sequence.time)

    def _reference(self, sequence: _Sequence) -> int:
        """From when on a trailing missing stage counts maxspan."""
        return sequence.start if sequence.before is None else sequence.before

    def _wait(self, sequence: _Sequence) -> None:
        self._waiting.append(sequence)
        if self._leading and sequence.before is None:
            sequence.free = True
        else:
            self._waiting_for.setdefault(sequence.keys, deque()).append(sequence)

    def _decided(self, now: int) -> Iterator[Match]:
        """The complete sequences about which no later event can say anything, as far as they come first."""
        while self._waiting:
            sequence = self._waiting[0]
            if sequence.free is None and not self._exceeds(self._reference(sequence), now):
                return
            self._waiting.popleft()
            if sequence.free is not False:
                yield self._match(sequence)
            if sequence.free is None:
                self._waiting_for[sequence.keys].popleft()
            if not self._waiting_for.get(sequence.keys, True):
                del self._waiting_for[sequence.keys]

    def _match(self, sequence: _Sequence) -> Match:
        positions: list[int | None] = [None] * self._stages
        for number, position in zip(self._positive, sequence.positions, strict=True):
            positions[number] = position
        return Match(sequence.keys, tuple(positions))
