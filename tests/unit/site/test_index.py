"""The catalogue's index: what it packs is what comes out again, and it stays small."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest

from detections.payload import Lock
from detections.rule import Rule
from detections.site import Project, gather
from detections.site.history import History
from detections.site.index import DIGITS, index, summary
from made_rules import QUERY, rule_of


def project(rules: Sequence[Rule]) -> Project:
    return Project("t", gather(rules, (), Lock(), History(), backtest=None, executions=None))


def unpacked(script: str) -> tuple[dict[str, object], dict[str, list[int]]]:
    """The table of the script, and for each word the rules that have it, as the page reads them."""
    found = re.fullmatch(r"const INDEX = (.*);\n", script, re.DOTALL)
    assert found is not None
    table = json.loads(found[1])
    words: dict[str, list[int]] = {}
    before = ""
    for line, places in zip(table["words"].splitlines(), table["places"].splitlines(), strict=True):
        before = before[: DIGITS.index(line[0])] + line[1:]
        rule, step, words[before] = -1, 0, []
        for digit in places:
            value = DIGITS.index(digit)
            step = step * 32 + value % 32
            if value >= 32:
                rule, step = rule + step, 0
                words[before].append(rule)
    return table, words


def test_every_word_leads_to_its_rules() -> None:
    rules = [rule_of(QUERY, f"Rule number {number} of {'many' if number % 7 else 'seven'}") for number in range(300)]
    made = project(rules)
    table, words = unpacked(index(made))
    assert list(words) == sorted(words)
    assert words["many"] == [at for at, entry in enumerate(made.entries) if "many" in entry.rule.name]
    assert words["event.action"] == list(range(300))
    assert words["17"] == [next(at for at, entry in enumerate(made.entries) if "number 17 " in entry.rule.name)]
    assert "of" not in words, "what everybody writes says nothing"
    assert table["names"] == [entry.rule.name for entry in made.entries]


def test_long_words_and_long_beginnings_alike() -> None:
    rules = [rule_of(QUERY, f"{'x' * 70}{number} {'y' * 39}{number}") for number in range(10)]
    _, words = unpacked(index(project(rules)))
    assert words["x" * 40] == list(range(10))
    assert len([word for word in words if word.startswith("y")]) == 10


def test_columns_name_values_of_the_rules() -> None:
    body = 'tags = ["A", "B", "A"]\n' + QUERY
    table, _ = unpacked(index(project([rule_of(body, "one"), rule_of(QUERY, "two")])))
    column = table["columns"]["tag"]  # type: ignore[index]
    assert column == {"values": ["A", "B"], "of": [[0, 1], []]}
    assert table["columns"]["severity"] == {"values": ["low"], "of": [0, 0]}  # type: ignore[index]


def test_a_project_without_rules_has_an_index() -> None:
    table, words = unpacked(index(project([])))
    assert table["names"] == []
    assert words == {}


def test_what_would_end_a_line_of_the_script_is_escaped() -> None:
    script = index(project([rule_of(QUERY, "a\\u2028b\\u2029c\\u202ed")]))
    assert not set("\u2028\u2029\u202e") & set(script)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("One sentence is here. And another.", "One sentence is here."),
        ("Reads v1.2 of a file. Then more.", "Reads v1.2 of a file."),
        ("\n  No  end\n here ", "No end here"),
        ("E.g. a thing that is long enough. More.", "E.g. a thing that is long enough."),
        ("word " * 40, ("word " * 17).rstrip() + "…"),
        ("x" * 200, "x" * 89 + "…"),
        ("", ""),
    ],
)
def test_summaries(text: str, said: str) -> None:
    assert summary(text) == said
