import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.values import regex


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("", [""], ["a"]),
        ("a.c", ["abc", "a\nc", "a\U0001f600c"], ["ac", "abbc"]),
        ("ab?c*", ["a", "ab", "acc", "abcc"], ["b", "abb"]),
        ("(ab)+", ["ab", "abab"], ["", "aba"]),
        ("a{2}|b{2,}|c{1,2}", ["aa", "bb", "bbbb", "c", "cc"], ["a", "b", "ccc", "aaa"]),
        ("a{0}", [""], ["a"]),
        ("[a-c_]x", ["ax", "cx", "_x"], ["dx", "x"]),
        ("[^a-c]", ["d", "\n"], ["a", "", "dd"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[a\\]]", ["a", "]"], ["b"]),
        # What a backslash begins is no start of a range.
        (r"[A-Za-z0-9_\\-]", ["a", "-", "\\"], ["]", "^"]),
        (r"[\!-z]", ["!", "-", "z"], ["a"]),
        (r"[!-\z]", ["!", "a", "z"], ["\\\\", "{"]),
        (r"\d\w\s", ["1_ "], ["a_ ", "1- "]),
        (r"[\d.]+", ["1.2"], ["1,2"]),
        (r"\D\W\S", ["a-b"], ["1-b"]),
        (r"a\.b\\c", ["a.b\\c"], ["axb\\c"]),
        ('"a.b"*c', ["c", "a.ba.bc"], ["axbc"]),
        ("~(foo.*)", ["bar", "", "fo"], ["foo", "food"]),
        ("~~a", ["a"], ["b"]),
        ("a~bc", ["ac", "axc", "abbc"], ["abc", "a", "abbb"]),
        ("a#*|b#?", ["b"], ["a", ""]),
        (".*a.*&.*b.*", ["ab", "xbxa"], ["a", "b", ""]),
        ("a|b&b", ["a", "b"], ["c"]),
        ("@", ["", "anything"], []),
        ("a#|b", ["b"], ["a", ""]),
        ("()|a", ["", "a"], ["b"]),
        ("<1-100>", ["1", "57", "100", "007"], ["0", "101", "", "a"]),
        ("<100-1>", ["1", "100"], ["101"]),
        ("<01-31>", ["01", "31", "10"], ["1", "00", "32", "001"]),
        ("<8-123>", ["8", "10", "99", "123"], ["7", "124", "1000"]),
        ("*a", ["*a"], ["a"]),
        ("a**", ["", "aaa"], ["b"]),
        ("(a?)+", ["", "aa"], ["b"]),
        ("]", ["]"], []),
        (")", [")"], []),
        ("Ä.", ["Äx"], ["äx"]),
    ],
)
def test_operators(pattern: str, matching: list[str], others: list[str]) -> None:
    found = regex.matcher(pattern)
    assert [text for text in matching if not found(text)] == []
    assert [text for text in others if found(text)] == []


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("(", 1), ("(a", 2), ("a)", 1), ("a|", 2), ("a&", 2), ("~", 1), ("[a", 2), ("[", 1), ("a{", 2), ("a{x}", 2),
        ("a{1", 3), ("a{3,1}", 6), ("[z-a]", 1), ("\\", 1), ("\\q", 1), ('"a', 2), ("<a>", 1), ("<1-x>", 1),
        ("<1-99999999999>", 1), ("a{99999999999}", 2),
    ],
)  # fmt: skip
def test_refusals_have_a_place(pattern: str, position: int) -> None:
    with pytest.raises(regex.RegexError) as caught:
        regex.matcher(pattern)
    assert caught.value.position == position


def test_case_insensitive_folds_ascii_letters_but_not_ranges() -> None:
    found = regex.matcher("abÄ[xy][m-n]", case_insensitive=True)
    assert found("ABÄXm")
    assert not found("abäxm")
    assert not found("abÄxM")
    assert regex.matcher("[^ab]", case_insensitive=True)("c")
    assert not regex.matcher("[^ab]", case_insensitive=True)("A")
    assert regex.matcher("plain", case_insensitive=True)("PLAIN")


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(.*)*x", "a?" * 30 + "a" * 30])
def test_nothing_hangs(pattern: str) -> None:
    found = regex.matcher(pattern)
    begin = time.perf_counter()
    assert not found("a" * 5_000 + "c")
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    "pattern",
    [".*a.{20}", "(a{2}){2}" + "{2}" * 200, "(" * 300 + "a" + "b)*" * 300, "(a|b)*" + "c" * 200_000],
)
def test_too_complex_is_an_error(pattern: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(regex.RegexError, match=r"complex|deep"):
        regex.matcher(pattern)
    assert time.perf_counter() - begin < 5


def test_size_is_only_work() -> None:
    assert regex.matcher("x" * 10_000_000)("x" * 10_000_000)
    assert regex.matcher(".*needle")("x" * 2_000_000 + "needle")
    assert regex.matcher("(" * 10_000 + "a" + ")" * 10_000)("a")


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(a|b)", "(ab)"])
PATTERNS = st.lists(st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "{1,2}"])), max_size=6).map(
    lambda parts: "".join(atom + operator for atom, operator in parts)
)
WORDS = ["".join(word) for length in range(5) for word in itertools.product("abc", repeat=length)]


@given(PATTERNS, PATTERNS)
def test_agrees_with_python_where_the_languages_meet(left: str, right: str) -> None:
    one, other = re.compile(left, re.DOTALL), re.compile(right, re.DOTALL)
    matches = {word: (bool(one.fullmatch(word)), bool(other.fullmatch(word))) for word in WORDS}
    either, both, neither = (
        regex.matcher(f"({left or '()'})|({right or '()'})"),
        regex.matcher(f"({left or '()'})&({right or '()'})"),
        regex.matcher(f"~(({left or '()'})|({right or '()'}))"),
    )
    for word, (first, second) in matches.items():
        assert either(word) == (first or second)
        assert both(word) == (first and second)
        assert neither(word) == (not (first or second))


@pytest.mark.parametrize(
    ("pattern", "everything", "only"),
    [
        (".*", True, None), ("@", True, None), ("(.|a)*", True, None), (".?.*", True, None), (".*|a", True, None),
        ("(.*a.*)|~(.*a.*)", True, None), ("~#", True, None), (".+", False, None), ("a.*", False, None),
        ("#", False, None), ("a&b", False, None), ("a|b", False, None), ("[ab]", False, None), ("a?", False, None),
        ("", False, ""), ("abc", False, "abc"), ("(ab){2}", False, "abab"), ("[a]|a", False, "a"), ("a&.", False, "a"),
        ('"a.b"', False, "a.b"), ("()", False, ""), ("(a|b)&~b", False, "a"),
    ],
)  # fmt: skip
def test_what_matches_everything_and_what_one_text_only(pattern: str, everything: bool, only: str | None) -> None:
    assert (regex.matches_all(pattern), regex.only_text(pattern)) == (everything, only)
