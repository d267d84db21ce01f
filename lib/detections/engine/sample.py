"""Samples: events that share their keys, in any order (Elasticsearch 9: the sample iterator of EQL).

Elasticsearch leaves open which of the events with the same keys make a sample; here it is the first of the input.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from detections.engine.sequence import Candidate, JoinKeys, Match
from detections.plan import program


def sample(
    body: program.Sample,
    candidates: Iterable[Candidate],
    *,
    samples_per_key: int = 1,
    order: Callable[[JoinKeys], Any],
) -> Iterator[Match]:
    """The samples among candidates: for each keys that every stage has, a different event a stage.

    Keys come in the order of ``order``, a sort key for them. ``body.limits`` are not applied. ``samples_per_key`` is
    the request's ``max_samples_per_key``. Memory grows with keys, not with events.
    """
    stages = len(body.stages)
    # With so many events a stage, others can always take what one sample has taken.
    enough = stages + samples_per_key - 1
    # Of each keys and stage the first positions, negative, so that the last of them is the heap's first.
    found: dict[JoinKeys, list[list[int]]] = {}
    for candidate in candidates:
        place = -candidate.rank.position
        for numbers, several in candidate.stages:
            for keys in several:
                heaps = found.get(keys)
                if heaps is None:
                    heaps = found[keys] = [[] for _ in range(stages)]
                for stage in numbers:
                    heap = heaps[stage]
                    if len(heap) < enough:
                        heapq.heappush(heap, place)
                    elif place > heap[0]:
                        heapq.heapreplace(heap, place)
    for keys in sorted((keys for keys, heaps in found.items() if all(heaps)), key=order):
        choices = [sorted(-place for place in heap) for heap in found[keys]]
        for _, chosen in zip(range(samples_per_key), _choose(choices, ()), strict=False):
            yield Match(keys, chosen)


def _choose(choices: Sequence[list[int]], chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The ways to take a different one of each choice, the first choice varying slowest."""
    if len(chosen) == len(choices):
        yield chosen
        return
    for one in choices[len(chosen)]:
        if one not in chosen and _is_possible(choices[len(chosen) + 1 :], {*chosen, one}):
            yield from _choose(choices, (*chosen, one))


def _is_possible(choices: Sequence[list[int]], taken: set[int]) -> bool:
    """Whether each choice can still have one of its own (a matching in a bipartite graph, by augmenting paths)."""
    holder: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for one in choices[number]:
            if one not in taken and one not in tried:
                tried.add(one)
                if one not in holder or place(holder[one], tried):
                    holder[one] = number
                    return True
        return False

    return all(place(number, set()) for number in range(len(choices)))
