"""What expressions of ES|QL come to: computed once when the query is compiled, and once a row."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import detections
from detections.errors import NotEvaluated, QueryError
from detections.functions import AGGREGATES, ALIASES, FUNCTIONS, NOT_EVALUATED
from detections.functions.javaregex import compile_java, replace_all

CORPUS = Path(__file__).parents[2] / "corpus/esql/functions.toml"
CASES: list[dict[str, Any]] = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"]
STRING = re.compile(r'"""[^\n]*?"""|"(?:\\.|[^"\\])*"')


def shown(query: str) -> tuple[str, Any]:
    found = detections.search([{}], query, "esql", fields={})
    return found.columns[-1]["type"], found.rows[0][-1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["row"][:60])
def test_an_expression_has_a_value(case: dict[str, Any]) -> None:
    assert shown(f"ROW x = {case['row']}") == (case["type"], case.get("is"))


def test_the_value_is_the_same_where_nothing_is_constant() -> None:
    compared = 0
    for case in CASES:
        texts = [found[0] for found in STRING.finditer(case["row"])]
        names = iter(f"s{number}" for number in range(len(texts)))
        expression = STRING.sub(lambda found, names=names: next(names), case["row"])
        columns = ", ".join(f"s{number} = {text}" for number, text in enumerate(texts))
        try:
            found = shown(f"ROW {columns} | EVAL x = {expression}")
        except QueryError:
            continue  # there are no strings, or one takes a type that a column does not, or must be a constant
        compared += 1
        assert found == (case["type"], case.get("is")), case["row"]
    assert compared > 50


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('SPLIT("a", "")', "delimiter must be single byte for now"),
        ('SPLIT("a", "é")', "delimiter must be single byte for now"),
        ('SPLIT("a", ", ")', "delimiter must be single byte for now"),
        ('DATE_PARSE("yyyy G", "2022 AD")', "the letter G in the date format"),
        ('DATE_FORMAT("YYYY", NOW())', "the letter Y in the date format"),
        ('DATE_FORMAT("yyyy[", NOW())', "the brackets of the date format"),
        ('DATE_FORMAT("yyyy]", NOW())', "the brackets of the date format"),
        ('DATE_FORMAT("yyyy{", NOW())', "the date format"),
    ],
)
def test_a_constant_that_a_function_does_not_take_is_told(row: str, message: str) -> None:
    with pytest.raises((QueryError, NotEvaluated), match=message):
        shown(f"ROW x = {row}")


def test_the_table_is_whole() -> None:
    assert set(ALIASES.values()) <= set(FUNCTIONS)
    assert not set(FUNCTIONS) & (NOT_EVALUATED | set(AGGREGATES))


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a.c", "a\u2028c", False),
        ("(?s)a.c", "a\nc", True),
        ("^a$", "a\r\n", True),
        ("^a$", "a\n\n", False),
        (r"\h", "\u00a0", True),
        (r"\R", "\r\n", True),
        (r"[\w&&x]", None, None),
        ("[a[b]]", None, None),
        (r"\p{L}", None, None),
        ("a(?i)b", None, None),
        (r"[\p{Digit}\-]+", "1-2", True),
        ("[]a]", "]", True),
        (r"\x41A\0101", "AAA", True),
        ("(?<n>a)\\k<n>", "aa", True),
        ("a++b", "aab", True),
        ("(?>a+)b", "aab", True),
        ("é", "É", False),
        ("(?i)é", "É", False),
    ],
)
def test_java_s_regular_expressions(pattern: str, text: str | None, matches: bool | None) -> None:
    if text is None:
        with pytest.raises(NotEvaluated):
            compile_java(pattern)
    else:
        assert bool(compile_java(pattern).search(text)) is matches


@pytest.mark.parametrize("pattern", ["{a", "a{", "(", "[a", "*a", r"\y", "a\\", "(?x", r"[\b]", "a{,2}"])
def test_what_is_no_regular_expression_for_java(pattern: str) -> None:
    with pytest.raises(ValueError):
        compile_java(pattern)


def test_a_group_number_takes_as_many_digits_as_there_are_groups() -> None:
    assert replace_all(compile_java("(a)"), "a", "$12") == "a2"
    with pytest.raises(ValueError, match="illegal group reference"):
        replace_all(compile_java("(a)"), "a", "x$")
