"""The joiner of sequences: what Elasticsearch's sequence matcher and its check of missing events decide."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from detections.engine.sequence import Candidate, Match, Rank, join
from detections.engine.sequence import _Joiner as Joiner
from detections.plan import program
from detections.plan.predicate import Always
from detections.plan.program import UNTIL

ANY = Always(True)
HERE, GONE = program.Stage(ANY), program.Stage(ANY, missing=True)


def body(stages: str, maxspan: int | None = None, *, until: bool = False) -> program.Sequence:
    """``a!b``: a letter a stage, a missing one with an exclamation mark before it."""
    made = tuple(GONE if at and stages[at - 1] == "!" else HERE for at, one in enumerate(stages) if one != "!")
    return program.Sequence(made, HERE if until else None, maxspan)


def candidates(stages: str, events: str, *, until: str = "") -> list[Candidate]:
    """Events like ``a1 bc3 a3x``: the stages' letters, the time, and a join key where there is one."""
    letters = [one for one in stages if one != "!"]
    made = []
    for position, event in enumerate(events.split()):
        kinds = event.rstrip("0123456789xyz")
        rest = event[len(kinds) :]
        time = rest.rstrip("xyz")
        keys = ((rest[len(time) :],),)
        numbers = [number for number, letter in enumerate(letters) if letter in kinds]
        numbers += [UNTIL] * (until != "" and until in kinds)
        made.append(Candidate(Rank(False, int(time), True, None, position), tuple(((one,), keys) for one in numbers)))
    return made


def found(stages: str, events: str, maxspan: int | None = None, until: str = "") -> list[Sequence[int | None]]:
    made = join(body(stages, maxspan, until=bool(until)), candidates(stages, events, until=until))
    return [match.positions for match in made]


@pytest.mark.parametrize(
    ("stages", "events", "expected"),
    [
        ("ab", "a1 b2", [(0, 1)]),
        ("ab", "b1 a2", []),
        ("ab", "a1 a2 b3 b4", [(1, 2)]),
        ("ab", "a1 b2 a3 b4", [(0, 1), (2, 3)]),
        ("ab", "a1x a2y b3x b4y", [(0, 2), (1, 3)]),
        ("aa", "a1 a2 a3", [(0, 1), (1, 2)]),
        ("ab", "ab1 ab2", [(0, 1)]),
        ("abc", "a1 b2 a3 b4 c5", [(2, 3, 4)]),
        ("abc", "a1 b2 a3 c4 b5 c6", [(0, 1, 3), (2, 4, 5)]),
        ("ab", "a1 b1", [(0, 1)]),
    ],
)
def test_the_last_event_of_a_stage_wins(stages: str, events: str, expected: list[Sequence[int | None]]) -> None:
    assert found(stages, events) == expected


def test_maxspan_counts_from_the_first_event_and_includes_its_end() -> None:
    assert found("abc", "a1 b3 c6", 5) == [(0, 1, 2)]
    assert found("abc", "a1 b3 c7", 5) == []
    # What comes too late is used up: it does not stay for the next event.
    assert found("ab", "a1 b7 b8", 5) == []


def test_until_ends_what_is_open_but_not_what_the_same_event_completes() -> None:
    assert found("ab", "a1 u2 b3", until="u") == []
    assert found("ab", "a1 u2 a3 b4", until="u") == [(2, 3)]
    assert found("ab", "a1 bu2 b3", until="u") == [(0, 1)]
    assert found("abc", "a1 bu2 c3", until="u") == []
    assert found("ab", "au1 b2", until="u") == []
    assert found("ab", "a1x u2y b3x", until="u") == [(0, 2)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [("a1 b3", [(0, None, 1)]), ("a1 m2 b3", []), ("a1 m1 b3", [(0, None, 2)]), ("a1 m3 b3", [(0, None, 2)]),
     ("a1x m2y b3x", [(0, None, 2)]), ("m1 a1 a2 b3 m4", [(2, None, 3)])],
)  # fmt: skip
def test_a_missing_event_is_one_strictly_between_its_neighbours(
    events: str, expected: list[Sequence[int | None]]
) -> None:
    assert found("a!mb", events, 9) == expected


def test_a_spoilt_sequence_stands_in_the_way_of_an_earlier_one() -> None:
    assert found("a!mbc", "a1 b2 a3 m4 b5 c6", 9) == []
    assert found("a!mbc", "a1 b2 a3 b5 c6", 9) == [(2, None, 3, 4)]


@pytest.mark.parametrize(
    ("stages", "events", "expected"),
    [
        ("!ma", "m1 a6", []),
        ("!ma", "m1 a7", [(None, 1)]),
        ("!ma", "m6 a6", [(None, 1)]),
        ("!mab", "m1 a5 b7", [(None, 1, 2)]),
        ("!mab", "m1 a5 b6", []),
        ("a!m", "a1 m6", []),
        ("a!m", "a1 m7", [(0, None)]),
        ("a!m", "a1 m1", [(0, None)]),
        ("a!m", "a1", [(0, None)]),
        ("!ma!n", "m1 a3 n6", []),
        ("!ma!n", "m1 a3 n7", [(None, 1, None)]),
        ("!ma!n", "a3 n4", [(None, 0, None)]),
        ("!ma!n", "m2 a3", [(None, 1, None)]),
        ("!m!na", "n1 m2 a7", []),
        ("!m!na", "n1 m1 a7", [(None, None, 2)]),
    ],
)
def test_before_and_behind_a_span_must_be_free_of_the_missing(
    stages: str, events: str, expected: list[Sequence[int | None]]
) -> None:
    assert found(stages, events, 5) == expected


def test_matches_wait_for_those_before_them() -> None:
    """The second is known to be free of a trailing event when the first is not."""
    assert found("a!m", "a1x a2y m4y m20x", 5) == [(0, None)]
    assert found("a!m", "a1x a2y m20y m20x", 5) == [(0, None), (1, None)]
    made = Joiner(body("a!m", 5))
    fed = [list(made.take(one)) for one in candidates("a!m", "a1x a2y m3z m7x")]
    assert fed == [[], [], [], [Match(("x",), (0, None))]]
    assert list(made.finish()) == [Match(("y",), (1, None))]


def test_several_keys_make_several_sequences_in_the_order_of_the_keys() -> None:
    both = (("y",), (None,), ("x",))
    events = [
        Candidate(Rank(False, 1, True, None, 0), (((0,), both),)),
        Candidate(Rank(False, 2, True, None, 1), (((1,), both),)),
    ]
    assert [match.keys for match in join(body("ab"), events)] == [(None,), ("x",), ("y",)]


def test_memory_is_bounded_by_what_is_open_inside_maxspan() -> None:
    joiner = Joiner(body("!mab!n", 5))
    for time in range(1_000):
        for stage in (0, 1, 3):
            list(joiner.take(Candidate(Rank(False, time, True, None, time), (((stage,), ((time,),)),))))
    assert len(joiner._keyed) <= 6
    # Without a maxspan only the keys of open sequences are kept.
    joiner = Joiner(body("ab"))
    for time in range(1_000):
        for stage in (0, 1):
            list(joiner.take(Candidate(Rank(False, time, True, None, 2 * time + stage), (((stage,), ((time,),)),))))
    assert not joiner._keyed


def test_an_event_without_a_time_is_in_no_sequence() -> None:
    timeless = Candidate(Rank(True, 0, True, None, 5), (((0, 1), ((),)),))
    timely = Candidate(Rank(False, 0, True, None, 6), (((1,), ((),)),))
    assert not list(join(body("ab"), [timely, timeless, timeless]))


def test_stages_that_are_alike_are_as_those_one_by_one() -> None:
    events = [Candidate(Rank(False, time, True, None, time), (((0, 1, 2), ((time // 9,),)),)) for time in range(20)]
    apart = [Candidate(rank, tuple(((stage,), keys) for stage in stages)) for rank, ((stages, keys),) in events]
    assert list(join(body("aaa", 5), events)) == list(join(body("aaa", 5), apart)) != []
    assert [match.positions for match in join(body("aaa"), events)][:2] == [(0, 1, 2), (1, 2, 3)]
