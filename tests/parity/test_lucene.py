"""Lucene's query syntax: what is a query, and what it finds, is the same in both engines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from detections.events import Document
from detections.mapping import Mapping

if TYPE_CHECKING:
    from conftest import Both, Corpus

MAPPING = Mapping.of(
    {
        "k": "keyword", "low": {"type": "keyword", "normalizer": "lowercase"}, "t": "text", "n": "long", "e": "double",
        "i": "ip", "b": "boolean", "d": "date", "w": "wildcard", "o.k": "keyword", "o.t": "text", "f": "flattened",
    }
)  # fmt: skip
DOCUMENTS: list[Document] = [
    {"k": "a"}, {"k": "b"}, {"k": ["a", "b"]}, {"k": "a b"}, {"k": "ab"}, {"k": "a*b"}, {"k": "AND"}, {"k": "-"},
    {"low": "Ab"}, {"low": "a b"}, {"t": "a quick Brown fox"}, {"t": "brown a fox"}, {"t": "foo-bar a"},
    {"t": "quick"}, {"n": 1}, {"n": [5, 10]}, {"n": 20, "k": "a"}, {"e": 1.5}, {"i": "10.0.0.1"}, {"i": "10.1.0.1"},
    {"i": "::1"}, {"b": True}, {"b": False}, {"d": "2026-01-01T00:00:00Z"}, {"d": "2026-01-01T23:59:59.999Z"},
    {"d": "2026-02-01T00:00:00Z"}, {"w": "C:\\Windows\\a.exe"}, {"w": "a"}, {"o": {"k": "a", "t": "quick a"}},
    {"o": {"k": "b"}}, {"f": {"x": "a"}}, {"k": "a/b"}, {"k": "a:b"}, {}, {"k": "fo", "t": "b", "n": 5},
    {"k": "true"}, {"k": "10.0.0.1"}, {"t": "quick brown", "k": "b"},
]  # fmt: skip
LEAVES = """
a|b|a b|a b a|b a k:b|quick|"quick brown"|"a b"|k:a|k:"a b"|k:a\\ b|k:a b|k:(a b)|k:(a OR b)|k:(+a -b)|k:(a AND b)
t:quick|t:"quick brown"|t:"brown quick"|t:(quick fox)|t:QUICK|t:qui*|t:QUI*|t:foo-b*|t:*uic*|t:/q.*k/|k:a*|k:A*|k:?b|k:*
k:"a*"|k:a\\*b|k:/a.?b/|low:AB|low:A*|low:?B|low:a b|n:1|n:>1|n:>=5|n:<5|n:<=5|n:(>=5 AND <=10)|n:[1 TO 5]|n:{1 TO 5]
n:[1 TO 5}|n:[* TO 5]|n:[5 TO *]|n:{5 TO *}|n:[* TO *]|n:a|n:1*|n:"1"|n:1.5|e:>1|e:1.5|i:10.0.0.1|i:"10.0.0.0/8"
i:10.0.0.0\\/8|i:10.*|i:[10.0.0.0 TO 10.0.255.255]|b:true|b:false|b:yes|d:2026-01-01|d:[2026-01-01 TO 2026-01-31]
d:>2026-01-01|d:>=2026-01-01|d:"2026-01-01T00:00:00Z"|d:[2026-01-01 TO 2026-02-01}|w:*.exe|w:*Windows*|w:a|o.k:a
o.*:a|o.\\*:a|o:a|_exists_:k|_exists_:o|_exists_:o.k|_exists_:nothing|_exists_:"k"|nothing:a|nothing:*|*:a|*:*|*|?|a*
[a TO b]|"10.0.0.1"|true|5|>5|k:>a|k:>=a|k:[a TO ab]|k:{a TO b}|t:[a TO c]|f.x:a|f.x:a*|k:a^2|k:"a b"^2|"a b"~0
k:""|t:""|t:"-"|t:-|""|k:AND|k:"AND"|k:\\AND|k:-|- a|a - b|a && b|a&&b|a || b|!a|! a|NOT a|+a|-a|a AND|AND a|a OR OR b
(a|a)|()|k:|:a|k:a:b|k:a\\:b|k:a/b|k:a\\/b|k:(a|k:[a TO b|k:[a b]|k:[TO TO b]|"a|a\\|a^|a^b|k:(a)^2|a~|a+b|a-b|k:\\u0061
k:\\u00|NOT NOT a|+-a|k:-a|k:(-a)|k:!a|k:NOT|(NOT k:a)|k:a AND NOT k:b|NOT k:a AND NOT k:b|k:(NOT a)|k:**|k:*?*|k : a
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
"""Queries and parts of them, some of which are none."""


@pytest.fixture
def corpus(both: Both) -> Iterator[Corpus]:
    made = both.index(MAPPING, DOCUMENTS)
    yield made
    made.close()


def test_conditions(corpus: Corpus) -> None:
    assert corpus.lucene_differences(LEAVES, "queries in Lucene's syntax") == []


def test_combined(corpus: Corpus) -> None:
    chosen = random.Random(1)

    def made(depth: int) -> str:
        if not depth or chosen.random() < 0.3:
            return chosen.choice(LEAVES)
        parts = [
            chosen.choice(("", "", "", "+", "-", "NOT ", "!")) + made(depth - 1) for _ in range(chosen.randint(1, 4))
        ]
        parts += [chosen.choice(("a b", "b a b"))] if chosen.random() < 0.2 else []
        joined = parts[0]
        for part in parts[1:]:
            joined += chosen.choice((" ", " ", " AND ", " OR ", " && ", " || ")) + part
        return joined if chosen.random() < 0.4 else f"({joined})"

    queries = [made(3) for _ in range(3000)]
    assert corpus.lucene_differences(queries, "queries in Lucene's syntax")[:10] == []
