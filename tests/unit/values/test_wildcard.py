import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.values import wildcard
from detections.values.wildcard import ANY, ONE, Wild


def pattern(text: str) -> list[str | Wild]:
    marks = {"*": ANY, "?": ONE}
    return [marks.get(part, part) for part in re.split(r"([*?])", text) if part]


WORDS = ["".join(word) for length in range(6) for word in itertools.product("ab.", repeat=length)]


@given(st.text("ab.*?", max_size=8))
def test_agrees_with_a_regular_expression(text: str) -> None:
    found = wildcard.matcher(pattern(text))
    expected = re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    assert [word for word in WORDS if found(word) != bool(expected.fullmatch(word))] == []


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("*userData=*", ["{userData=x}", "userData="], ["{userdata=x}", "userData"]),
        ("a*a", ["aa", "aba", "a\na"], ["a", "ab"]),
        ("?\\[", ["x\\["], ["\\["]),
        ("?", ["\U0001f600", "\n"], ["", "ab"]),
        ("", [""], ["a"]),
        ("*", ["", "a"], []),
    ],
)
def test_whole_terms(text: str, matching: list[str], others: list[str]) -> None:
    found = wildcard.matcher(pattern(text))
    assert [word for word in matching if not found(word)] == []
    assert [word for word in others if found(word)] == []


def test_case_insensitive() -> None:
    found = wildcard.matcher(pattern("*StraßE?ÄB*"), case_insensitive=True)
    assert found("x sTRAßE_Äb")
    assert not found("x sTRAßE_äb")


def test_many_stars_do_not_hang() -> None:
    assert not wildcard.matcher(pattern("*a" * 200 + "*b"))("a" * 100_000)
    assert not wildcard.matcher(pattern("*a?" * 100 + "b"))("a" * 10_000)
