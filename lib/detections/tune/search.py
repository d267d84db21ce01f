"""The smallest exceptions that cover false positives and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from detections.engine.alert import Shown
from detections.mapping import Field
from detections.tune.model import Entry, Item, Kind
from detections.tune.values import Column

_MOST = {1: 2000, 2: 150, 3: 40}
"""Entries that are tried alone, in pairs, and three at once: those that cover most."""
_ITEMS = 200
"""Exceptions, before those that are alike become one."""

_Entries: TypeAlias = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry, the false positives that it covers, and the alerts to keep that it would cover too."""

    entry: Entry
    order: int
    wanted: int
    kept: int

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """What covers more comes first; of the rest values before patterns, and of patterns the narrowest."""
        length = len(self.entry.values[0])
        return -self.wanted.bit_count(), self.entry.kind is not Kind.MATCH, self.order, -length


class Search:
    """Exceptions over false positives and alerts to keep, each given by its values of ``fields``; earlier fields are
    preferred.

    An exception is worth what it covers of its price, which grows with its entries: so of two that cover the same the
    shorter one is taken, and one entry more is taken where that covers much more.
    """

    def __init__(self, fields: Sequence[Field], wanted: Sequence[Shown], kept: Sequence[Shown]) -> None:
        self._every = (1 << len(wanted)) - 1
        self._candidates: list[_Candidate] = []
        for number, field in enumerate(fields):
            false, true = Column(field, wanted, number), Column(field, kept, number)
            for entry in false.entries():
                self._candidates.append(_Candidate(entry, number, false.having(entry), true.having(entry)))

    def items(self, refused: Collection[Item] = ()) -> list[Item]:
        """Exceptions that cover as many false positives as can be covered, without those that are ``refused``."""
        banned = {frozenset(item.entries) for item in refused}
        left = self._every
        found: list[_Entries] = []
        while left and len(found) < _ITEMS:
            best = self._best(left, banned)
            if best is None:
                break
            found.append(tuple(one.entry for one in sorted(best, key=lambda one: one.order)))
            covered = left
            for one in best:
                covered &= one.wanted
            left &= ~covered
        return _joined(found, banned)

    def spoilt(self) -> Iterator[tuple[Item, int]]:
        """The single entries that cover most false positives, but alerts to keep as well: these, as bits."""
        for candidate in sorted(self._candidates, key=lambda one: one.rank):
            if candidate.kept:
                yield Item((candidate.entry,), candidate.wanted.bit_count()), candidate.kept

    def _best(self, left: int, banned: Collection[frozenset[Entry]]) -> tuple[_Candidate, ...] | None:
        """What covers most of what is left for its price."""
        useful = sorted(
            (candidate for candidate in self._candidates if candidate.wanted & left), key=lambda one: one.rank
        )
        best: tuple[_Candidate, ...] | None = None
        worth = 0.0
        for size, most in _MOST.items():
            for group in combinations(useful[:most], size):
                wanted, kept = left, -1
                for one in group:
                    wanted &= one.wanted
                    kept &= one.kept
                if kept or wanted.bit_count() <= worth * (size + 1):
                    continue
                if len({one.order for one in group}) < size or frozenset(one.entry for one in group) in banned:
                    continue
                best, worth = group, wanted.bit_count() / (size + 1)
        return best


def _joined(found: Sequence[_Entries], banned: Collection[frozenset[Entry]]) -> list[Item]:
    """Exceptions that differ in the value of one field only become one that has all the values."""
    for place in range(max(_MOST)):
        alike: dict[object, list[_Entries]] = {}
        for entries in found:
            alike.setdefault(_without_value(entries, place), []).append(entries)
        found = [one for group in alike.values() for one in _together(group, place, banned)]
    return [Item(entries) for entries in found]


def _without_value(entries: _Entries, place: int) -> object:
    if place >= len(entries) or entries[place].kind is not Kind.MATCH:
        return entries
    return entries[:place], entries[place].field, entries[place + 1 :]


def _together(group: list[_Entries], place: int, banned: Collection[frozenset[Entry]]) -> list[_Entries]:
    if len(group) == 1:
        return group
    values = dict.fromkeys(value for entries in group for value in entries[place].values)
    one = group[0]
    joined = (*one[:place], Entry(one[place].field, tuple(values)), *one[place + 1 :])
    return group if frozenset(joined) in banned else [joined]
