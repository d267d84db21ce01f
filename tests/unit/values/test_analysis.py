import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.values.analysis import _PROPERTIES, _TOKEN, _cut, standard_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("c:d x.com 10.1.2.3 don't", ["c:d", "x.com", "10.1.2.3", "don't"]),
        ("a.1 1.a a=b x-y a/b", ["a", "1", "1", "a", "a", "b", "x", "y", "a", "b"]),
        ("severity=HIGH, name", ["severity", "high", "name"]),
        ("severity:High severity: High", ["severity:high", "severity", "high"]),
        ("169.254.170.2$AWS_CONTAINER_CREDENTIALS", ["169.254.170.2", "aws_container_credentials"]),
        ("process.env.AWS_X $env:AWS_X", ["process.env.aws_x", "env:aws_x"]),
        ("1,000.5 1'000 a,b a'b' 'a", ["1,000.5", "1'000", "a", "b", "a'b", "a"]),
        ("_a_ __ a__b _1_", ["_a_", "a__b", "_1_"]),
        ("a1b2 i-0abc.def", ["a1b2", "i", "0abc.def"]),
        ("日本 ひら カタカナ 한국어", ["日", "本", "ひ", "ら", "カタカナ", "한국어"]),
        ("ΣΑΣ İx ÀÉ", ["\u03c3\u03b1\u03c3", "ix", "àé"]),
        ("e\u0301a a\u00adb", ["e\u0301a", "a\u00adb"]),
        ("שלום ג'ירפה צה\"ל", ["שלום", "ג'ירפה", 'צה"ל']),
        ("สวัสดี", ["สวัสดี"]),
        ("a😀b 👍🏽", ["a", "😀", "b", "👍🏽"]),
        ("a\u200bb", ["a", "b"]),
        ("1;2 1:2 a;b", ["1;2", "1", "2", "a", "b"]),
        ("😀😀 ©a 🇩🇪🇫🇷 👨‍👩‍👧", ["😀", "😀", "©", "a", "🇩🇪", "🇫🇷", "👨‍👩‍👧"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert standard_tokens(text) == tokens


def test_long_tokens_are_cut() -> None:
    assert standard_tokens("a" * 600) == ["a" * 255, "a" * 255, "a" * 90]
    assert standard_tokens("\U0001d400" * 200) == ["\U0001d400" * 127, "\U0001d400" * 73]
    assert standard_tokens("x." * 127 + "xy") == ["x." * 127 + "x", "y"]


def test_size_is_only_work() -> None:
    assert len(standard_tokens("_" * 3_000_000 + " a")) == 1
    assert len(standard_tokens("ä_" * 1_000_000)) > 1000
    assert len(standard_tokens("ab " * 1_000_000)) == 1_000_000


@given(st.text("aZ19_:.,;'- =", max_size=30))
def test_the_ascii_pattern_is_the_general_one(text: str) -> None:
    assert standard_tokens(text) == _cut(_TOKEN, text.translate(_PROPERTIES), text)
