"""Queries in colours: nothing of the text is lost, whatever it is, and each clause is drawn where it stands."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detections.case import Clause
from detections.site.highlight import highlight

LANGUAGES = ["kuery", "eql", "esql", "lucene", None, "unknown"]
_TAG = re.compile(r"</?(?:span|a)\b[^<>]*>")


def words(text: str, language: str) -> list[tuple[str, str]]:
    found = re.findall(r'<span class="q-(\w+)">(.*?)</span>', highlight(text, language), re.DOTALL)
    return [(kind, html.unescape(word)) for kind, word in found if kind not in ("sign", "bracket")]


def test_kql() -> None:
    assert words('event.action: ("a and" or b*) and not user.name >= 3', "kuery") == [
        ("field", "event.action"), ("string", '"a and"'), ("keyword", "or"), ("value", "b*"), ("keyword", "and"),
        ("keyword", "not"), ("field", "user.name"), ("value", "3"),
    ]  # fmt: skip


def test_eql() -> None:
    assert words('sequence by user.id with maxspan=1h\n [any where length(x) > 2 and y == "}" ] // end', "eql") == [
        ("keyword", "sequence"), ("keyword", "by"), ("field", "user.id"), ("keyword", "with"), ("keyword", "maxspan"),
        ("number", "1h"), ("keyword", "any"), ("keyword", "where"), ("function", "length"), ("field", "x"),
        ("number", "2"), ("keyword", "and"), ("field", "y"), ("string", '"}"'), ("comment", "// end"),
    ]  # fmt: skip


def test_esql() -> None:
    assert words('FROM logs | where a like "x" /* | */ | stats n = count(*) by b', "esql") == [
        ("keyword", "FROM"), ("field", "logs"), ("keyword", "where"), ("field", "a"), ("keyword", "like"),
        ("string", '"x"'), ("comment", "/* | */"), ("keyword", "stats"), ("field", "n"), ("function", "count"),
        ("keyword", "by"), ("field", "b"),
    ]  # fmt: skip


def test_clauses_lead_to_their_rows() -> None:
    text = "a: 1 or b: 2 or c: 3"
    clauses = [Clause("c: 3", (16, 20), ()), Clause("a: 1", (0, 4), ("x",)), Clause("b: 2", (8, 12), (), "excused")]
    found = re.findall(r'<a class="clause (\w+)" href="#clause-(\d)"[^>]*>(.*?)</a>', highlight(text, "kuery", clauses))
    assert [(state, number, _TAG.sub("", inside)) for state, number, inside in found] == [
        ("covered", "2", "a: 1"), ("excused", "3", "b: 2"), ("open", "1", "c: 3"),
    ]  # fmt: skip


def test_a_clause_that_begins_inside_a_word() -> None:
    shown = highlight('a: "long value"', "kuery", [Clause("x", (5, 8), ("x",))])
    assert html.unescape(_TAG.sub("", shown)) == 'a: "long value"'
    assert (
        '<a class="clause covered" href="#clause-1" title="clause 1: covered"><span class="q-string">ong</span></a>'
        in shown
    )


@given(
    st.text(st.sampled_from("ab.:\"'`()[]{}<>|/*\\ \n&=0_@") | st.characters(), max_size=60),
    st.sampled_from(LANGUAGES),
    st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=5),
)
def test_nothing_of_the_text_is_lost_or_added(text: str, language: str | None, spans: list[tuple[int, int]]) -> None:
    shown = highlight(text, language, [Clause("c", span, ()) for span in spans if span[0] >= 0])
    assert html.unescape(_TAG.sub("", shown)) == text
    opened: list[str] = re.findall(r"<(/?\w+)", shown)
    stack: list[str] = []
    for tag in opened:
        if tag.startswith("/"):
            assert stack.pop() == tag[1:]
        else:
            stack.append(tag)
    assert stack == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_query_takes_no_longer_a_character(language: str | None) -> None:
    text = 'a: "b" or ' * 30_000
    assert len(_TAG.sub("", highlight(text, language))) > len(text)
