"""Samples: different events a stage that share their keys."""

from __future__ import annotations

from detections.engine.sample import sample
from detections.engine.sequence import Candidate, Rank, key_order
from detections.plan import program
from detections.plan.predicate import Always

STAGE = program.Stage(Always(True))


def found(stages: int, events: list[tuple[str, str]], per_key: int = 1) -> list[tuple[str, tuple[int | None, ...]]]:
    """Events are the digits of their stages, and the letters of their keys."""
    made = [
        Candidate(
            Rank(True, 0, True, None, position),
            tuple(((int(stage),), tuple((key,) for key in keys)) for stage in numbers),
        )
        for position, (numbers, keys) in enumerate(events)
    ]
    body = program.Sample((STAGE,) * stages)
    return [(match.keys[0], match.positions) for match in sample(body, made, samples_per_key=per_key, order=key_order)]


def test_order_does_not_matter_and_keys_come_sorted() -> None:
    assert found(2, [("1", "y"), ("0", "x"), ("0", "y"), ("1", "x"), ("0", "z")]) == [("x", (1, 3)), ("y", (2, 0))]


def test_each_stage_has_an_event_of_its_own() -> None:
    assert found(2, [("01", "x")]) == []
    assert found(2, [("01", "x"), ("0", "x")]) == [("x", (1, 0))]
    assert found(3, [("012", "x"), ("012", "x"), ("0", "x")]) == [("x", (2, 0, 1))]


def test_an_event_with_several_keys_stands_for_each() -> None:
    assert found(2, [("0", "xy"), ("1", "yx")]) == [("x", (0, 1)), ("y", (0, 1))]


def test_more_samples_of_one_key() -> None:
    events = [("0", "x"), ("1", "x"), ("0", "x"), ("0", "x")]
    assert [at for _, at in found(2, events, 2)] == [(0, 1), (2, 1)]
    assert [at for _, at in found(2, events, 9)] == [(0, 1), (2, 1), (3, 1)]


def test_no_choice_takes_long() -> None:
    """Ten stages and nine events that are good for any: there are 9! ways to fail."""
    stages = "0123456789"
    wide = [(stages, "x")] * 9
    assert found(10, wide) == []
    assert len(found(10, [*wide, ("9", "x")])) == 1
