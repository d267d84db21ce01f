"""Many wildcard patterns at once, against each by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detections.engine.patterns import Patterns
from detections.values import wildcard
from detections.values.wildcard import ANY, ONE, Wild

TEXTS = st.text("abc", max_size=6)
PARTS = st.lists(st.one_of(st.text("abc", min_size=1, max_size=4), st.just(ANY), st.just(ONE)), max_size=5)


def expected(patterns: list[list[str | Wild]], text: str) -> list[int]:
    return [number for number, pattern in enumerate(patterns) if wildcard.matcher(pattern)(text)]


def filed(patterns: list[list[str | Wild]]) -> Patterns:
    made = Patterns()
    for number, pattern in enumerate(patterns):
        made.add(number, pattern, wildcard.matcher(pattern))
    return made


@given(st.lists(PARTS, max_size=60), st.lists(TEXTS, max_size=10))
def test_each_pattern_is_found_as_if_it_were_the_only_one(patterns: list[list[str | Wild]], texts: list[str]) -> None:
    made = filed(patterns)
    for text in texts:
        assert sorted(made.matching(text)) == expected(patterns, text)


@given(st.lists(st.text("abc", min_size=1, max_size=5), min_size=30, max_size=80, unique=True), TEXTS)
def test_of_many_parts_those_in_the_text_are_found(parts: list[str], text: str) -> None:
    patterns: list[list[str | Wild]] = [[ANY, part, ANY] for part in parts]
    assert sorted(filed(patterns).matching(text)) == expected(patterns, text)


def test_beginnings_of_one_letter_and_patterns_of_marks() -> None:
    patterns: list[list[str | Wild]] = [["a", ANY], [ANY, "a"], [ANY, "a", ANY], [ONE], [ANY], [""], ["a"]]
    made = filed(patterns)
    assert sorted(made.matching("a")) == [0, 1, 2, 3, 4, 6]
    assert sorted(made.matching("")) == [4, 5]
    assert sorted(made.matching("bab")) == [2, 4]
    assert not Patterns()
