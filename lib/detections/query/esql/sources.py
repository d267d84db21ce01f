"""The commands that a query begins with: FROM, TS, ROW, SHOW, PROMQL."""

from __future__ import annotations

import re

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import From, Index, Name, Promql, Query, Row, Show
from detections.query.esql.reader import Reader, Readers
from detections.query.esql.scan import EXPRESSION, SOURCES, Token


def _from(reader: Reader, start: int) -> From:
    time_series = reader.text[start : start + 2].lower() == "ts"
    sources = reader.several(lambda: _source(reader))
    if reader.token.kind == "[":
        message = "METADATA takes no brackets since Elasticsearch 9.0: METADATA _id"
        raise reader.error(message, reader.token)
    metadata: tuple[Name, ...] = ()
    if reader.accept_word("metadata"):
        metadata = reader.several(lambda: _metadata(reader))
    return From(sources, metadata, time_series, reader.span(start))


def _source(reader: Reader) -> Index | Query:
    token = reader.token
    if token.kind != "subquery":
        return reader.index()
    query, behind = reader.subquery(token.end)
    reader.resume(behind)
    return query


def _metadata(reader: Reader) -> Name:
    token = reader.token
    if token.kind != "source" or token.lower == "metadata":
        raise reader.unexpected("the name of a metadata column")
    reader.at += 1
    return Name(token.text, (token.start, token.end))


def _row(reader: Reader, start: int) -> Row:
    return Row(reader.fields(), reader.span(start))


def _show(reader: Reader, start: int) -> Show:
    if not reader.accept_word("info"):
        raise reader.unexpected("INFO")
    return Show(reader.span(start))


_PARAMETER = re.compile(
    r"\s*+(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|\?[A-Za-z0-9_]+)\s*+=\s*+"
    r'(?P<value>"[^"\r\n]*"|`[^`]+`|[^\s=|()"]+(?:\s*,\s*[^\s=|()"]+)*)(?=\s)'
)
_NAMED = re.compile(r"\s*+(?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)\s*+=\s*+(?=\()")
_PIECE = re.compile(r"""[^()|"'#`]+|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\r\n]*""")


def promql(text: str, word: Token) -> tuple[Promql, int]:
    """The command and the place of what ends it: its query has a language of its own, which is not looked into."""
    at = word.end
    parameters: list[tuple[str, str]] = []
    while (found := _PARAMETER.match(text, at)) is not None and not _NAMED.match(text, at):
        parameters.append((found["name"], found["value"]))
        at = found.end()
    named = _NAMED.match(text, at)
    at = at if named is None else named.end()
    end = _behind_promql(text, at)
    query = text[at:end].strip()
    if not query:
        raise QuerySyntaxError("expected a PromQL query", text, at)
    name = None if named is None else named["name"].strip("`")
    return Promql(tuple(parameters), query, name, (word.start, at + len(text[at:end].rstrip()))), end


def _behind_promql(text: str, at: int) -> int:
    depth = 0
    while at < len(text):
        character = text[at]
        if character == "|" or (character == ")" and not depth):
            break
        depth += (character == "(") - (character == ")")
        found = _PIECE.match(text, at)
        at = at + 1 if found is None else found.end()
    if depth > 0:
        raise QuerySyntaxError("unexpected end of the PromQL query, expected ')'", text, at)
    return at


READERS: Readers = {
    "from": (SOURCES, (), _from),
    "ts": (SOURCES, (), _from),
    "row": (EXPRESSION, (), _row),
    "show": (EXPRESSION, (), _show),
}
