"""Each known difference between `eql` and Elasticsearch is one: with the package itself on one side."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from detections.checks import eql_adapter
from detections.checks.eql_differences import UNREAD, UNREFUSED, is_known, reworded
from detections.errors import QuerySyntaxError
from detections.query.eql import parse

CORPUS = Path(__file__).parents[2] / "corpus/eql"

UNREAD_BY_EQL = {
    "a name with @ needs back-quotes in Endgame's EQL": 'any where @timestamp > "now-1d"',
    "a category in quotes came with Elasticsearch 7.13": '"my-event" where true',
    "a quoted name holds no doubled back-quote and no line's end in its grammar": "any where `a``b` == 1",
    r"it fails on two \u{...} in one string": r'any where a == "\u{1f600}\u{41}"',
    "it wants a digit after the point of a number": "any where a == 1.",
    "it takes one sign before a number, not several": "any where a == - -3",
}
UNREFUSED_BY_EQL = {
    "Endgame's pipes": "any where true | unique a",
    "Endgame's join": "join [a where true] [b where true]",
    "Endgame's process relationships": "process where child of [process where true]",
    "Endgame's forks of a sequence": "sequence [a where true] by x [b where true] fork=true by x",
    "Endgame's arrays": "any where a[0] == 1",
    "Endgame joins by expressions": "sequence by length(a) [b where true] [c where true]",
    "Endgame takes a comma after the last of a list": "any where a in (1, 2,)",
    "it does not count events and runs": "sequence [a where true]",
    "its nesting is limited by its stack": f"any where {'(' * 101}true{')' * 101}",
    "it does not check where missing events are": "sequence with maxspan=1m ![a where true] ![b where true]",
    "it takes a span of nothing": "sequence with maxspan=0s [a where true] [b where true]",
    "it takes 'by' after 'with maxspan'": "sequence with maxspan=1s by a [b where true] [c where true]",
    "it takes a sample without a key": "sample [a where true] [b where true]",
    "its numbers have no end": "any where a == 1e999",
    "it takes half a character": r'any where a == "\u{d800}"',
}


def test_every_difference_is_shown() -> None:
    assert [one.reason for one in UNREAD] == list(UNREAD_BY_EQL)
    assert [one.reason for one in UNREFUSED] == list(UNREFUSED_BY_EQL)


@pytest.mark.parametrize("query", [*UNREAD_BY_EQL.values(), "any where a . b == 1", "/* a /* b */ c */ any where a"])
def test_what_eql_does_not_read_is_put_in_its_words(query: str) -> None:
    parse(query)
    assert eql_adapter.refusal(query) is not None
    assert eql_adapter.refusal(reworded(query)) is None
    assert len(reworded(query)) == len(query)


@pytest.mark.parametrize("reason", UNREFUSED_BY_EQL)
def test_what_eql_does_not_refuse_is_known_by_the_refusal(reason: str) -> None:
    query = UNREFUSED_BY_EQL[reason]
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query)
    assert eql_adapter.refusal(query) is None
    assert [one.reason for one in UNREFUSED if re.search(one.refusal, caught.value.message)] == [reason]


@pytest.mark.parametrize(
    "query", [case["query"] for case in tomllib.loads((CORPUS / "errors.toml").read_text())["case"]]
)
def test_what_is_refused_here_is_refused_by_eql_or_known(query: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(query)
    assert is_known(caught.value.message) or eql_adapter.refusal(query) is not None


def test_a_plain_query_stays_as_it_is() -> None:
    query = """sequence by host.id with maxspan=1m
  [process where event.type == "start" and process.args : ("a*", "b") and x == 1.5] // why
  ![file where ?file.path like~ "c\\\\d" and not y in (1, -2)]"""
    assert reworded(query) == query.replace("// why", "      ")


def test_a_known_difference_does_not_hide_another() -> None:
    query = '"my-event" where "a" == 5'
    refused = eql_adapter.refusal(reworded(query))
    assert refused is not None
    assert query[refused.start : refused.start + refused.length] == '"a" == 5'
