"""Regular expressions with a bound on their work: they find what `re` finds, and no pattern explodes."""

from __future__ import annotations

import dataclasses
import random
import re
from typing import Any

import pytest

from detections.values import backtrack, limits
from detections.values.backtrack import Bounded, TooMuchWork

PATTERNS = (
    "(a+)+b", "a*?b", "(?:a|ab)(c|bcd)(d*)", r"(?P<x>\w+)\s(\d+)?", "(?>a+)b", "(?=ab)a.", "(?=(a+))a", "(?!ab)a.",
    "(?<!x)a", "^a$|b", r"\ba\w*\b", "(a|b)*?c", "a{2,3}?", "(ab|a)(bc)?", "[a-c]+[b-d]+", "(?i:AB)c", "", "x*",
    "(a)|(b)", r"(\w)\1", "a++b", "(?:ab?)*c", "[]a]+", r"[^\]a]b", "a{,2}b", r"\Aa|b\Z", ".b", "(?s:.)b",
    "(?P<q>a)(?P=q)",
)  # fmt: skip


def found(matches: Any, groups: int) -> list[tuple[Any, ...]]:
    return [(one.span(), *[one[number] for number in range(1, groups + 1)]) for one in matches]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_machine_finds_what_re_finds(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtrack, "CHEAP", -1)
    chance = random.Random(pattern)
    compiled = re.compile(pattern, re.MULTILINE)
    bounded = Bounded(compiled)
    for _ in range(300):
        text = "".join(chance.choice("aabbcd 1\nxA]") for _ in range(chance.randint(0, 9)))
        expected = found(compiled.finditer(text), compiled.groups)
        assert found(bounded.finditer(text), compiled.groups) == expected, text


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a*)*b", "(a|aa)+$", "(?:a|a)*b", "(.*)(.*)(.*)(.*)(.*)b", r"(\w+\s?)+:", "((a*)*)*b"]
)
def test_no_pattern_explodes(pattern: str) -> None:
    assert Bounded(re.compile(pattern)).search("a" * 500 + "!") is None


def test_references_have_a_bound_on_their_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = dataclasses.replace(limits.REGEX_STEPS, most=50_000)
    monkeypatch.setattr(limits, "REGEX_STEPS", fewer)
    with pytest.raises(TooMuchWork):
        Bounded(re.compile(r"(\w+)+\1z")).search("a" * 100)


def test_easy_patterns_are_left_to_re() -> None:
    text = "a=1 " * 100
    assert isinstance(Bounded(re.compile(r"(\w+)=(\d+) ")).search(text), re.Match)
