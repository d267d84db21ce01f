"""A query as a value: its text, its language, and its syntax tree with the place of every node in the text."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias, overload

from detections.errors import QuerySyntaxError, QueryTypeError, UsageError
from detections.query import eql, esql, kql, lucene
from detections.query.eql import ast as eql_ast
from detections.query.esql import ast as esql_ast
from detections.query.span import Span
from detections.values import limits

Language: TypeAlias = Literal["kuery", "lucene", "eql", "esql"]
"""Kibana's names of the languages."""

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Query:
    text: str

    def refused(self, message: str, span: Span) -> QueryTypeError:
        """What the fields have against a part of the query."""
        return QueryTypeError(message, self.text, *span)

    def part(self, span: Span) -> str:
        """A part of the text."""
        return self.text[span[0] : span[1]]


@dataclass(frozen=True, slots=True)
class KqlQuery(_Query):
    """A query in KQL, which Kibana calls kuery."""

    tree: kql.Node = field(compare=False, repr=False)
    language: ClassVar[Language] = "kuery"

    @property
    def printed(self) -> str:
        """The query as it is written by the printer of its language."""
        return kql.to_kql(self.tree)


@dataclass(frozen=True, slots=True)
class EqlQuery(_Query):
    """A query in EQL."""

    tree: eql_ast.Query = field(compare=False, repr=False)
    language: ClassVar[Language] = "eql"

    @property
    def printed(self) -> str:
        """The query as it is written by the printer of its language."""
        return eql.to_eql(self.tree)


@dataclass(frozen=True, slots=True)
class EsqlQuery(_Query):
    """A query in ES|QL."""

    tree: esql_ast.Query = field(compare=False, repr=False)
    language: ClassVar[Language] = "esql"

    @property
    def printed(self) -> str:
        """The query as it is written by the printer of its language."""
        return esql.to_esql(self.tree)


@dataclass(frozen=True, slots=True)
class LuceneQuery(_Query):
    """A query in Lucene's syntax."""

    tree: lucene.Boolean = field(compare=False, repr=False)
    language: ClassVar[Language] = "lucene"

    @property
    def printed(self) -> str:
        """The query as it stands: the language has no layout."""
        return self.text.strip()


Query: TypeAlias = KqlQuery | LuceneQuery | EqlQuery | EsqlQuery


@overload
def parse(text: str, language: Literal["kuery"]) -> KqlQuery: ...


@overload
def parse(text: str, language: Literal["lucene"]) -> LuceneQuery: ...


@overload
def parse(text: str, language: Literal["eql"]) -> EqlQuery: ...


@overload
def parse(text: str, language: Literal["esql"]) -> EsqlQuery: ...


@overload
def parse(text: str, language: str) -> Query: ...


def parse(text: str, language: str) -> Query:
    """The query of a text; equal texts are parsed once.

    ``language`` is Kibana's name of it: kuery, lucene, eql or esql.

    Raises:
        QuerySyntaxError: the text is not of its language.
        UsageError: there is no such language.
    """
    return _parse(text, language)


@functools.lru_cache(maxsize=_REMEMBERED)
def _parse(text: str, language: str) -> Query:
    most = limits.QUERY_TEXT.most
    if len(text) > most:
        raise QuerySyntaxError(f"a query has at most {most:,} characters, this one {len(text):,}", text, most)
    match language:
        case "kuery":
            return KqlQuery(text, kql.parse(text))
        case "lucene":
            return LuceneQuery(text, lucene.parse(text))
        case "eql":
            return EqlQuery(text, eql.parse(text))
        case "esql":
            return EsqlQuery(text, esql.parse(text))
    raise UsageError(f"unknown query language '{language}': kuery, esql, eql or lucene")
