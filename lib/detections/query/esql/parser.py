"""The commands of ES|QL (Elasticsearch 9.2).

FROM, ROW, WHERE, EVAL, KEEP, DROP, RENAME, SORT and LIMIT are understood; every other command of the language is kept
as :class:`~.ast.Opaque` text, and what follows it is parsed all the same.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import (
    Command,
    Drop,
    Eval,
    Field,
    From,
    Keep,
    Limit,
    Literal,
    Name,
    Opaque,
    Order,
    Pattern,
    Query,
    Rename,
    Row,
    Sort,
    Where,
)
from detections.query.esql.expressions import Expressions
from detections.query.esql.scan import (
    EXPRESSION,
    NAMES,
    SOURCES,
    Token,
    command_word,
    pattern_texts,
    scan,
    skip_blank,
    skip_command,
    string_value,
)

MOST_COMMANDS = 500
"""Elasticsearch refuses more."""

_OPAQUE_SOURCES = ("explain", "metrics_info", "promql", "show", "ts", "ts_info")
_OPAQUE = (
    "change_point", "completion", "dissect", "enrich", "fork", "fuse", "grok", "inlinestats", "insist", "mmr",
    "mv_expand", "registered_domain", "rerank", "sample", "stats", "uri_parts", "user_agent",
)  # fmt: skip
_TWO_WORDS = {"inline": ("stats",), "lookup": ("join",), "left": ("join",), "right": ("join",), "full": ("join",)}

_T = TypeVar("_T")


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Query:
    """The syntax tree of a query. Raises QuerySyntaxError."""
    commands: list[Command] = []
    at = skip_blank(text, 0)
    while True:
        command, at = _command(text, at, first=not commands)
        commands.append(command)
        if at == len(text):
            return Query(tuple(commands), (commands[0].span[0], commands[-1].span[1]))
        at = skip_blank(text, at + 1)
        if len(commands) == MOST_COMMANDS:
            raise QuerySyntaxError(f"query has more than {MOST_COMMANDS} commands", text, at)


def _command(text: str, at: int, first: bool) -> tuple[Command, int]:
    """One command, and the position of the pipe behind it (or the end)."""
    word = command_word(text, at)
    known = _SOURCES if first else _PROCESSING
    if word.lower in known and word.kind == "word":
        pattern, read = known[word.lower]
        if word.lower == "from" and text.startswith("(", skip_blank(text, word.end)):
            return _opaque(text, word, "from (subquery)", word.end)
        tokens = scan(text, word.end, pattern)
        parser = Expressions(text, tokens)
        command = read(parser, at)
        if parser.token.kind != "end":
            raise _leftover(parser, command)
        return command, parser.token.start
    if word.lower in (_OPAQUE_SOURCES if first else _OPAQUE):
        return _opaque(text, word, word.lower, word.end)
    if not first and word.lower in _TWO_WORDS:
        second = command_word(text, skip_blank(text, word.end))
        if second.lower in _TWO_WORDS[word.lower]:
            return _opaque(text, word, f"{word.lower} {second.lower}", second.end)
    raise _unknown_command(text, word, first)


def _opaque(text: str, word: Token, name: str, at: int) -> tuple[Opaque, int]:
    end = skip_command(text, at)
    body = text[word.start : end].rstrip()
    return Opaque("inline stats" if name == "inlinestats" else name, body, (word.start, word.start + len(body))), end


def _unknown_command(text: str, word: Token, first: bool) -> QuerySyntaxError:
    known = [*_SOURCES, *_OPAQUE_SOURCES] if first else [*_PROCESSING, *_OPAQUE, "inline stats", "lookup join"]
    if word.kind == "end":
        what = "a query starts with FROM or ROW" if first else "expected a command behind the pipe"
        shown = f"unexpected {word.text!r}, " if word.text else ""
        return QuerySyntaxError(f"{shown}{what}", text, word.start, word.end)
    if first and word.lower in (*_PROCESSING, *_OPAQUE):
        message = f"{word.text.upper()} needs rows: a query starts with FROM or ROW"
        return QuerySyntaxError(message, text, word.start, word.end)
    near = difflib.get_close_matches(word.lower, known, 1)
    hint = f", did you mean {near[0].upper()}?" if near else ""
    return QuerySyntaxError(f"unknown command '{word.text}'{hint}", text, word.start, word.end)


def _leftover(parser: Expressions, command: Command) -> QuerySyntaxError:
    if parser.is_next("="):
        token = parser.token
        message = "unexpected '=', expected an operator: equality is '=='"
        return QuerySyntaxError(message, parser.text, token.start, token.end)
    separator = () if isinstance(command, Where | Limit) else ("','",)
    return parser.unexpected(*separator, "'|'", "the end of the query")


def _list(parser: Expressions, read: Callable[[Expressions], _T]) -> tuple[_T, ...]:
    items = [read(parser)]
    while parser.accept(","):
        items.append(read(parser))
    return tuple(items)


def _from(parser: Expressions, start: int) -> From:
    indices = _list(parser, _index)
    if parser.is_next("["):
        token = parser.token
        message = "METADATA stands without brackets since Elasticsearch 9.0: METADATA _id"
        raise QuerySyntaxError(message, parser.text, token.start, token.end)
    metadata: tuple[Name, ...] = ()
    if parser.token.kind == "source" and parser.token.lower == "metadata":
        parser.take()
        metadata = _list(parser, _metadata)
    return From(indices, metadata, parser.end_of(start))


def _index(parser: Expressions) -> str:
    token = parser.token
    if token.kind == "string":
        parser.take()
        return string_value(token.text)
    name = _source(parser, "an index pattern")
    for separator in (":", "::"):
        if parser.accept(separator):
            name += separator + _source(parser, "an index pattern")
            break
    return name


def _source(parser: Expressions, expected: str) -> str:
    if parser.token.kind != "source" or parser.token.lower == "metadata":
        raise parser.unexpected(expected)
    return parser.take().text


def _metadata(parser: Expressions) -> Name:
    token = parser.token
    return Name(_source(parser, "the name of a metadata column"), (token.start, token.end))


def _field(parser: Expressions) -> Field:
    start = parser.token.start
    name = None
    if parser.assigns():
        name = parser.name().name
        parser.take()
    value = parser.expression()
    span = parser.end_of(start)
    return Field(parser.text[start : span[1]] if name is None else name, value, span)


def _pattern(parser: Expressions) -> Pattern:
    start = parser.token.start
    texts = _pattern_part(parser)
    while parser.accept("."):
        following = _pattern_part(parser)
        texts = [*texts[:-1], f"{texts[-1]}.{following[0]}", *following[1:]]
    return Pattern(tuple(texts), parser.end_of(start))


def _pattern_part(parser: Expressions) -> list[str]:
    if parser.token.kind != "pattern":
        raise parser.unexpected("a column name")
    return list(pattern_texts(parser.take().text))


def _plain_name(parser: Expressions) -> Name:
    pattern = _pattern(parser)
    if len(pattern.texts) > 1:
        raise QuerySyntaxError("a wildcard cannot be renamed", parser.text, *pattern.span)
    return Name(pattern.texts[0], pattern.span)


def _rename_pair(parser: Expressions) -> tuple[Name, Name]:
    one = _plain_name(parser)
    if parser.accept("="):
        return _plain_name(parser), one
    token = parser.token
    if token.kind != "pattern" or token.lower != "as":
        raise parser.unexpected("AS", "'='")
    parser.take()
    return one, _plain_name(parser)


def _order(parser: Expressions) -> Order:
    start = parser.token.start
    value = parser.expression()
    ascending = not parser.accept("desc")
    if ascending:
        parser.accept("asc")
    nulls_first = not ascending
    if parser.accept("nulls"):
        nulls_first = parser.accept("first")
        if not nulls_first and not parser.accept("last"):
            raise parser.unexpected("FIRST", "LAST")
    return Order(value, ascending, nulls_first, parser.end_of(start))


def _limit(parser: Expressions, start: int) -> Limit:
    token = parser.token
    value = parser.expression()
    if not isinstance(value, Literal) or value.type not in ("integer", "long") or int(value.value) < 0:  # type: ignore[arg-type]
        message = "LIMIT takes a whole number that is not negative"
        raise QuerySyntaxError(message, parser.text, token.start, parser.end_of(token.start)[1])
    return Limit(int(value.value), parser.end_of(start))  # type: ignore[arg-type]


def _where(parser: Expressions, start: int) -> Where:
    return Where(parser.expression(), parser.end_of(start))


def _row(parser: Expressions, start: int) -> Row:
    return Row(_list(parser, _field), parser.end_of(start))


def _eval(parser: Expressions, start: int) -> Eval:
    return Eval(_list(parser, _field), parser.end_of(start))


def _keep(parser: Expressions, start: int) -> Keep:
    return Keep(_list(parser, _pattern), parser.end_of(start))


def _drop(parser: Expressions, start: int) -> Drop:
    return Drop(_list(parser, _pattern), parser.end_of(start))


def _rename(parser: Expressions, start: int) -> Rename:
    return Rename(_list(parser, _rename_pair), parser.end_of(start))


def _sort(parser: Expressions, start: int) -> Sort:
    return Sort(_list(parser, _order), parser.end_of(start))


_Reader: TypeAlias = Callable[[Expressions, int], Command]
_SOURCES: dict[str, tuple[re.Pattern[str], _Reader]] = {"from": (SOURCES, _from), "row": (EXPRESSION, _row)}
_PROCESSING: dict[str, tuple[re.Pattern[str], _Reader]] = {
    "where": (EXPRESSION, _where),
    "eval": (EXPRESSION, _eval),
    "keep": (NAMES, _keep),
    "drop": (NAMES, _drop),
    "rename": (NAMES, _rename),
    "sort": (EXPRESSION, _sort),
    "limit": (EXPRESSION, _limit),
}
