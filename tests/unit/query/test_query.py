"""A query as a value."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from detections.errors import QuerySyntaxError, UsageError
from detections.query import EqlQuery, EsqlQuery, KqlQuery, Language, LuceneQuery, parse
from detections.values import limits

TEXTS = {
    "kuery": ("a :  b and not c: d", KqlQuery, "(a: b AND NOT c: d)"),
    "lucene": (" a:b  AND c ", LuceneQuery, "a:b  AND c"),
    "eql": ("any  where a==1", EqlQuery, "any where a == 1"),
    "esql": ("from x|where a==1", EsqlQuery, "FROM x | WHERE a == 1"),
}


@pytest.mark.parametrize("language", get_args(Language))
def test_a_query_has_its_text_and_what_it_means_together(language: str) -> None:
    text, kind, printed = TEXTS[language]
    query = parse(text, language)
    assert type(query) is kind
    assert (query.text, query.language, query.printed.replace("\n", " ")) == (text, language, printed)
    with pytest.raises(FrozenInstanceError):
        query.text = ""  # type: ignore[misc]


def test_what_the_fields_refuse_stands_at_its_place() -> None:
    query = parse("port: http", "kuery")
    error = query.refused("no number", (6, 10))
    assert (query.part((6, 10)), error.query, error.start, error.end) == ("http", query.text, 6, 10)
    assert str(error) == "no number\nport: http\n      ^^^^"


def test_equal_texts_of_one_language_are_parsed_once() -> None:
    assert parse("a: b", "kuery") is parse("a: b", "kuery")
    assert parse("any where true", "eql") == parse("any where true", "eql") != parse("any where false", "eql")


def test_what_is_no_query_says_why() -> None:
    with pytest.raises(QuerySyntaxError):
        parse("a:", "kuery")
    with pytest.raises(UsageError, match="unknown query language 'kql'"):
        parse("a: b", "kql")


@pytest.mark.parametrize(("language", "start"), [("kuery", "a: b"), ("eql", "any where a"), ("esql", "FROM x")])
def test_a_query_is_of_no_more_than_so_many_characters(language: str, start: str) -> None:
    most = limits.QUERY_TEXT.most
    assert parse(start.ljust(most), language).text.strip() == start
    with pytest.raises(QuerySyntaxError, match=f"at most {most:,} characters, this one {most + 1:,}") as caught:
        parse(start.ljust(most + 1), language)
    assert caught.value.start == most
