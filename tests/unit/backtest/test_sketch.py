"""Counting in bounded memory: exact below the limit, within its bounds beyond it, and said to be so."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from detections.backtest.sketch import Distinct, Frequent

VALUES = st.lists(st.text("abcdefgh", max_size=2), max_size=200)


@given(VALUES)
def test_few_values_are_counted_exactly(values: list[str]) -> None:
    frequent, distinct = Frequent(100), Distinct(100)
    for value in values:
        frequent.add(value)
        distinct.add(value)
    exact = Counter(values)
    assert dict(frequent.top(1000)) == exact
    assert distinct.count == len(exact)
    assert not frequent.approximate
    assert not distinct.approximate


@given(VALUES, st.integers(1, 8))
def test_counts_are_never_too_low_and_frequent_values_are_there(values: list[str], most: int) -> None:
    frequent = Frequent(most)
    for value in values:
        frequent.add(value)
    exact, found = Counter(values), dict(frequent.top(most))
    assert len(found) == min(most, len(exact))
    assert sum(found.values()) == len(values), "what was forgotten is counted for who replaced it"
    least = min(found.values(), default=0)
    for value, count in found.items():
        assert exact[value] <= count <= exact[value] + (least if frequent.approximate else 0)
    assert all(value in found for value, count in exact.items() if count > len(values) / most)
    assert frequent.approximate == (len(exact) > most)


def test_the_most_frequent_come_first_and_equal_ones_by_their_text() -> None:
    frequent = Frequent()
    for value in "b", "c", "a", "c":
        frequent.add(value)
    assert frequent.top(2) == [("c", 2), ("a", 1)]


def test_a_million_values_are_estimated_within_some_percent() -> None:
    distinct, frequent = Distinct(), Frequent()
    for number in range(1_000_000):
        distinct.add(str(number))
    for number in range(300_000):
        frequent.add(str(number))
        frequent.add("again and again")
    assert distinct.approximate
    assert abs(distinct.count - 1_000_000) < 100_000
    assert frequent.approximate
    (value, count), (_, other) = frequent.top(2)
    assert value == "again and again"
    assert 300_000 <= count <= 300_000 + other


def test_the_estimate_does_not_depend_on_order_or_repetition() -> None:
    values = [str(number) for number in range(5000)]
    random.Random(1).shuffle(values)
    one, two = Distinct(64), Distinct(64)
    for value in values:
        one.add(value)
    for value in [*reversed(values), *values]:
        two.add(value)
    assert one.count == two.count
    assert one.approximate


def test_a_text_that_is_no_unicode_is_counted() -> None:
    distinct = Distinct()
    distinct.add("\ud800")
    assert distinct.count == 1
