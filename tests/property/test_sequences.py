"""Sequences and samples: the engine against a naive evaluator on random ones, and laws."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detections
import naive_eql as naive
from detections.errors import NotEvaluated

PAIRS = 1_000
ROUNDS = 10
KINDS = "abcd"
FIELDS = {"@timestamp": "date", "tie": "long", "kind": "keyword", "event.category": "keyword", "x": "long", "y": "long"}


def make_events(dice: random.Random) -> list[dict[str, Any]]:
    span = dice.choice([3, 12, 40])
    tied = dice.random() < 0.6
    made = []
    for number in range(dice.randint(0, 14)):
        event = {"id": str(number), "time": dice.randint(0, span), "kind": dice.choice(KINDS), "tie": None}
        if tied and dice.random() < 0.8:
            event["tie"] = dice.randint(0, 2)
        for name in "xy":
            if dice.random() < 0.85:
                event[name] = [dice.randint(1, 2) for _ in range(dice.choice([1, 1, 1, 2]))]
        made.append(event)
    return made


def make_stages(dice: random.Random, count: int, *, missing: float) -> list[Any]:
    shared = [(name, dice.random() < 0.3) for name in dice.choice(["", "", "x", "x", "xy"])]
    own = dice.random() < 0.3

    def stage(missing: bool) -> Any:
        keys = [*shared, *([(dice.choice("xy"), dice.random() < 0.3)] if own else [])]
        return naive.Stage(tuple(sorted(dice.sample(KINDS, dice.choice([1, 1, 2])))), tuple(keys), missing)

    made = [stage(dice.random() < missing) for _ in range(count)]
    if all(one.missing for one in made):
        made[dice.randrange(count)] = stage(False)
    return [*made, stage(False)]


def term(stage: Any) -> str:
    kinds = ", ".join(f'"{kind}"' for kind in stage.kinds)
    by = ", ".join(f"{'?' * optional}{name}" for name, optional in stage.keys)
    return f"{'!' * stage.missing}[any where kind in ({kinds})]{f' by {by}' if by else ''}"


def document(event: dict[str, Any]) -> dict[str, Any]:
    named = {"@timestamp": event["time"], "kind": event["kind"], "event": {"id": event["id"]}, "tie": event["tie"]}
    return {**named, **{name: event[name] for name in "xy" if name in event}}


def search(query: str, events: list[dict[str, Any]], **options: Any) -> list[tuple[Any, tuple[str | None, ...]]]:
    found = detections.search(
        map(document, events), query, language="eql", fields=FIELDS, tiebreaker_field="tie", **options
    )
    return [
        (one.join_keys, tuple(None if event is None else event["event"]["id"] for event in one.events))
        for one in found.sequences
    ]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_sequences_are_those_of_the_naive_evaluator(seed: int) -> None:
    dice = random.Random(f"sequences {seed}")
    for _ in range(PAIRS):
        events = make_events(dice)
        *stages, last = make_stages(dice, dice.randint(2, 4), missing=dice.choice([0, 0, 0.4]))
        until = last if dice.random() < 0.3 else None
        has_missing = any(stage.missing for stage in stages)
        maxspan = dice.choice([1, 3, 8, 20]) if has_missing or dice.random() < 0.4 else None
        query = f"sequence{f' with maxspan={maxspan}ms' * (maxspan is not None)} {' '.join(map(term, stages))}"
        query += "" if until is None else f" until {term(until)}"
        try:
            expected = naive.sequences(stages, until, maxspan, events)
        except naive.NullKey:
            with pytest.raises(NotEvaluated, match="null"):
                search(query, events)
        else:
            assert search(query, events) == expected, (query, events)


@pytest.mark.parametrize("seed", range(2))
def test_samples_are_those_of_the_naive_evaluator(seed: int) -> None:
    dice = random.Random(f"samples {seed}")
    for _ in range(PAIRS):
        events = make_events(dice)
        *stages, _ = make_stages(dice, dice.randint(2, 3), missing=0)
        if stages[0].keys:
            query = f"sample {' '.join(map(term, stages))}"
            assert search(query, events) == naive.samples(stages, events), (query, events)


# --- laws

EVENT = st.fixed_dictionaries(
    {"time": st.integers(0, 20), "kind": st.sampled_from(KINDS), "tie": st.none() | st.integers(0, 3)},
    optional={"x": st.lists(st.integers(1, 3), min_size=1, max_size=2)},
)
EVENTS = st.lists(EVENT, max_size=16).map(lambda events: [{**one, "id": str(at)} for at, one in enumerate(events)])
DISTINCT = st.lists(EVENT, max_size=16, unique_by=lambda event: (event["time"], event["tie"])).map(
    lambda events: [{**one, "id": str(at)} for at, one in enumerate(events)]
)
QUERY = st.sampled_from(
    [
        'sequence by x [any where kind == "a"] [any where kind in ("b", "c")]',
        'sequence by ?x with maxspan=6ms [any where kind == "a"] [any where kind == "b"] with runs=2 '
        'until [any where kind == "c"]',
        'sequence with maxspan=8ms ![any where kind == "c"] [any where kind == "a"] ![any where kind == "b"]',
        'sequence with maxspan=8ms [any where kind == "a"] ![any where kind == "b"] [any where kind in ("a", "c")]',
    ]
)


@settings(max_examples=120, deadline=None)
@given(DISTINCT, QUERY, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(
    events: list[dict[str, Any]], query: str, shuffle: random.Random
) -> None:
    shuffled = list(events)
    shuffle.shuffle(shuffled)
    assert search(query, shuffled) == search(query, naive.ordered(events))


@settings(max_examples=80, deadline=None)
@given(EVENTS, QUERY, st.integers(0, 16), st.integers(0, 20))
def test_an_unrelated_event_changes_nothing(events: list[dict[str, Any]], query: str, at: int, time: int) -> None:
    unrelated = {"id": "z", "time": time, "kind": "z", "tie": None, "x": [1]}
    assert search(query, [*events[:at], unrelated, *events[at:]]) == search(query, events)


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_one_stage_beside_a_missing_one_that_never_comes_is_an_event_query(events: list[dict[str, Any]]) -> None:
    query = 'sequence with maxspan=1m ![any where kind == "z"] [any where kind == "a"]'
    alone = detections.search(
        map(document, events), 'any where kind == "a"', language="eql", fields=FIELDS, tiebreaker_field="tie"
    )
    assert [ids for _, ids in search(query, events)] == [(None, event["event"]["id"]) for event in alone.events]


@settings(max_examples=60, deadline=None)
@given(EVENTS, QUERY, st.integers(0, 4), st.integers(0, 4))
def test_head_and_tail_are_the_ends_of_the_whole(
    events: list[dict[str, Any]], query: str, head: int, tail: int
) -> None:
    whole = search(query, events)
    assert search(f"{query} | head {head}", events) == whole[:head]
    assert search(f"{query} | tail {tail}", events) == whole[len(whole) - min(tail, len(whole)) :]
    assert search(f"{query} | head {head} | tail {tail}", events) == whole[:head][-tail:] * (tail > 0)
    assert search(query, events, size=tail) == search(f"{query} | tail {tail}", events)
