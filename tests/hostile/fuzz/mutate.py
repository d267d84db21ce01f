"""Good inputs made bad: bytes, words of a language, values of JSON. All that is random comes from ``rng``."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

POISON: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**40, "", "x", "\x00\x1b[31m\r\n", "\u202e", "ä" * 300, [], {}, [[]], [{}], [None],
    {"": {}}, {"id": None}, [1, "two", {"three": 3}], "2026-01-01T00:00:00Z",
    "9" * 30, 2**63, -(2**63) - 1, 1e308, 5e-324,
    "\ud800", "\ufeff", "İıß", "😀" * 20, "a" * 40_000, list(range(300)), {"a": {"b": {"c": [{"d": 1}]}}}, "now-1d/d",
    "1.2.3.4", "::ffff:1.2.3.4", "10.0.0.0/8", "*", "a.b", {"a.b": 1, "a": {"b": 2}}, "\\", "${x}", "%", "\n::error::x",
)  # fmt: skip
JUNK = (
    b"\xff", b"\xc3", b"NaN", b"-Infinity", b"1e999", b'"\\ud800"', b"\x00", b"\xef\xbb\xbf", b"[" * 3000, b"'", b'"""',
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\x1b[2J", b"{" * 300, b"\\u0000", b"\xe2\x80\xa8", b"9" * 5000,
)  # fmt: skip
TEXTS = (
    "", " ", "\x00", "\n", "\\",
    '"', "'", "*", "?", "**", "*" * 60, "a*b?c\\*", "\ud800", "\ufeff", "\u202e", "😀", "İ",
    "ß", "ﬀ", "e\u0301", "a" * 3000, "9" * 400, "-0", "1e400", "0x10", "1.5", "true", "null", "now", "now-1d/d",
    "now+99999999999999y", "now||/M", "2026-01-31", "2026-02-30", "9999-12-31T23:59:59.999999999Z", "-292275055-05-16",
    "+292278994-08-17T07:12:55.807Z", "1969-12-31T23:59:60Z", "1.2.3.4", "1.2.3.4/33", "::1/129", "::ffff:1.2.3.4",
    "10.0.0.0/8", "1.2.3", "8.19.0-SNAPSHOT", "(a*)*b", "(a|a)*$", "(?<x>a)(\\k<x>)", "[", "[^]", "a{1000000000}", "(",
    "~(a)", "a&b", "<1-99>", "@", "#", "(?i)a", "\\p{L}", "%{IP:x:int}", "%{NOSUCH:x}", "%{", "%{a}%{b}", "%{+a} %{&b}",
    "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "QQQQ", "'", "POINT(1 2)", "POINT(1e400 0)", "$.a[0]", "a..b", "$", "_id",
    "@timestamp",
    "${a}", "$1$2", "%ff", "%zz", "%", "=", "A===", "SHA-1", "a\tb", "\u0085", "\u2028",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "1", "-1", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "0.1", "-1.5", "1e308", "1e309", "1e-400", "9" * 400, "1e999999999",
    "00", "1.", ".5", "100000", "1_0", "0x1f", "NaN",
)  # fmt: skip
MOST = 20_000
"""About how long an input grows, so that many are made."""

_WORD = re.compile(
    r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|`[^`]*`|[\w@][\w.@*-]*|\s+|[^\w\s]'
)


def broken(data: bytes, rng: random.Random) -> bytes:
    """One change of bytes."""
    at = rng.randrange(len(data) + 1)
    how = rng.random()
    if how < 0.25:
        return data[:at]
    if how < 0.55:
        return data[:at] + rng.choice(JUNK) + data[at:]
    if how < 0.8:
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
    return data[:at] + data[rng.randrange(len(data) + 1) :]


def words(text: str, rng: random.Random, vocabulary: Sequence[str], other: Callable[[], str]) -> str:
    """One change of a text's words: another order, others in their place, more of them. ``other`` gives a text of the
    same language."""
    parts = _WORD.findall(text) or [""]
    at, end = sorted((rng.randrange(len(parts)), rng.randrange(len(parts))))
    end = min(end, at + 20) + 1
    some = parts[at:end]
    how = rng.randrange(11)
    if how == 0:
        some = []
    elif how == 1:
        some = some * 2
    elif how == 2:
        some = some[::-1]
    elif how == 3:
        some = [rng.choice(vocabulary)]
    elif how == 4:
        some = [*some, " ", rng.choice(vocabulary), " "]
    elif how == 5:
        some = [rng.choice(parts)]
    elif how == 6:
        some = some * min(rng.choice((3, 10, 300)), 1 + MOST // (1 + sum(map(len, some))))
    elif how == 7:
        count = rng.choice((1, 2, 12, 150))
        left, right = rng.choice((("(", ")"), ("[", "]"), ("{", "}"), ("not (", ")"), ("(", "")))
        some = [left * count, *some, right * count]
    elif how == 8:
        some = [_literal(parts[at], rng), *some[1:]]
    elif how == 9:
        donor = _WORD.findall(other()) or [""]
        start = rng.randrange(len(donor))
        some = donor[start : start + rng.randrange(1, 20)]
    else:
        some = [_letters(parts[at], rng), *some[1:]]
    return "".join([*parts[:at], *some, *parts[end:]])


def _literal(word: str, rng: random.Random) -> str:
    """Another literal, in the quotes that this one has."""
    if word[:1].isdigit() or rng.random() < 0.3:
        return rng.choice(NUMBERS)
    quote = next((one for one in ('"""', "'''", '"', "'", "`") if word.startswith(one)), rng.choice(('"', "")))
    inner = rng.choice(TEXTS)
    if quote == '"' and rng.random() < 0.8:
        inner = inner.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f"{quote}{inner}{quote}"


def _letters(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) + 1)
    return word[:at] + rng.choice((chr(rng.randrange(128)), rng.choice(TEXTS), "")) + word[at + rng.randrange(2) :]


def reshaped(value: Any, rng: random.Random) -> Any:
    """A value of JSON with another one somewhere in it; None where nothing is left. The value itself is changed."""
    holder = [value]
    _change(holder, rng)
    return holder[0] if holder else None


def _change(holder: list[Any], rng: random.Random) -> None:
    """Walk down at random, and change what is there."""
    place: Any = holder
    key: Any = 0
    while isinstance(place[key], dict | list) and place[key] and rng.random() < 0.8:
        place = place[key]
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
    how = rng.random()
    if how < 0.55:
        place[key] = _copy(rng.choice(POISON))
    elif how < 0.7 and place is not holder:
        del place[key]
    elif how < 0.78:
        place[key] = [place[key]]
    elif how < 0.84:
        place[key] = {"x": place[key]}
    elif how < 0.88:
        deep: Any = place[key]
        for _ in range(rng.choice((50, 150, 700))):
            deep = [deep]
        place[key] = deep
    elif isinstance(place, list):
        place.append(_copy(place[key]))
    else:
        key = rng.choice(("id", "name", "tags", "body", "too_deep", "", "x", "a.b", "@timestamp"))
        place[key] = _copy(rng.choice(POISON))


def _copy(value: Any) -> Any:
    """A copy: of what is too deep for one, nothing."""
    try:
        return copy.deepcopy(value)
    except RecursionError:
        return None


def json_line(data: bytes, rng: random.Random) -> bytes:
    """One line of JSON with another value somewhere in it."""
    lines = data.split(b"\n")
    number = rng.randrange(len(lines))
    try:
        value = json.loads(lines[number])
    except (ValueError, RecursionError):
        return broken(data, rng)
    lines[number] = encoded(reshaped(value, rng))
    return b"\n".join(lines)


def encoded(value: Any, *, indent: int | None = None) -> bytes:
    """JSON; of what is too deep for it, what it would begin with."""
    try:
        return json.dumps(value, indent=indent).encode()
    except RecursionError:
        return b"[" * 3000
