"""Queries of ES|QL (Elasticsearch 9.5): settings, a source, and commands behind pipes."""

from __future__ import annotations

import difflib
import functools

from detections.errors import QuerySyntaxError
from detections.query.esql import processing, reshaping, sources
from detections.query.esql.ast import Command, Fork, Query, Setting
from detections.query.esql.reader import Reader, Readers
from detections.query.esql.scan import EXPRESSION, Token, command_word, skip_blank
from detections.query.esql.stream import Source
from detections.values import limits

MOST_COMMANDS = limits.ESQL_COMMANDS.most
"""Elasticsearch refuses more."""

_SOURCES: Readers = sources.READERS
_PROCESSING: Readers = {**processing.READERS, **reshaping.READERS}
_TWO_WORDS = {
    "inline": ("stats", "inlinestats"),
    "lookup": ("join", "lookup"),
    "left": ("join", ""),
    "right": ("join", ""),
    "full": ("join", ""),
}
"""The first word of a command of two: the second, and what the command is listed under (nothing: no release has it)."""

_SHOWN = {"inlinestats": "inline stats", "lookup": "lookup join"}
_UNRELEASED = frozenset(("dense_vector", "explain", "external", "insist", "lookup_\U0001f414"))


@functools.lru_cache(maxsize=1024)
def parse(text: str) -> Query:
    """The syntax tree of a query. Raises QuerySyntaxError."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._source = Source(text)

    def whole(self) -> Query:
        at = self._blank(0)
        start = at
        settings: list[Setting] = []
        while command_word(self._text, at).lower == "set":
            made, at = self._setting(at)
            settings.append(made)
        commands, at = self._pipeline(at, first=True)
        if at < len(self._text):
            raise QuerySyntaxError(
                f"unexpected '{self._text[at]}', expected '|' or the end of the query", self._text, at
            )
        return Query(commands, tuple(settings), (start, commands[-1].span[1]), tuple(self._source.comments))

    def _blank(self, at: int) -> int:
        return skip_blank(self._text, at, self._source.comments)

    def _setting(self, start: int) -> tuple[Setting, int]:
        """``SET name = value;`` and the place behind it."""
        reader = Reader(self._source, command_word(self._text, start).end, EXPRESSION)
        reader.subquery = self._subquery
        name = reader.name(any_word=True)
        if not reader.accept("="):
            raise reader.unexpected("'='")
        value = reader.map() if reader.token.kind == "{" else reader.constant()
        if reader.token.text != ";":
            raise reader.unexpected("';'")
        end = reader.token.end
        return Setting(name.name, value, (start, end)), self._blank(end)

    def _pipeline(self, at: int, *, first: bool) -> tuple[tuple[Command, ...], int]:
        """Commands behind each other and the place of what ends them; with ``first`` they begin with a source."""
        commands: list[Command] = []
        while True:
            command, at = self._command(at, first=first and not commands)
            commands.append(command)
            if self._text[at : at + 1] != "|":
                return tuple(commands), at
            at = self._blank(at + 1)
            if len(commands) == MOST_COMMANDS:
                raise QuerySyntaxError(f"query has more than {MOST_COMMANDS} commands", self._text, at)

    def _subquery(self, start: int) -> tuple[Query, int]:
        """The query in parentheses that begins at a place, and the place behind it."""
        self._source.deeper(start)
        at = self._blank(start)
        commands, end = self._pipeline(at, first=True)
        behind = self._closed(end)
        self._source.depth -= 1
        return Query(commands, (), (at, commands[-1].span[1])), behind

    def _closed(self, at: int) -> int:
        if self._text[at : at + 1] != ")":
            what = f"'{self._text[at]}'" if at < len(self._text) else "end of query"
            raise QuerySyntaxError(f"unexpected {what}, expected '|' or ')'", self._text, at)
        return at + 1

    def _command(self, at: int, *, first: bool) -> tuple[Command, int]:
        """One command, and the place of what ends it."""
        word = command_word(self._text, at)
        if not first and word.lower == "fork":
            return self._fork(word)
        if first and word.lower == "promql":
            return sources.promql(self._text, word)
        readers = _SOURCES if first else _PROCESSING
        name, end = word.lower, word.end
        if not first and name in _TWO_WORDS:
            name, end = self._two_words(word)
        if word.kind != "word" or name not in readers:
            raise self._unknown_command(word, first)
        pattern, stops, read = readers[name]
        reader = Reader(self._source, end, pattern, stops)
        reader.subquery = self._subquery
        command = read(reader, at)
        if reader.token.kind != "end":
            raise reader.leftover(command)
        return command, reader.token.start

    def _two_words(self, word: Token) -> tuple[str, int]:
        second, name = _TWO_WORDS[word.lower]
        following = command_word(self._text, self._blank(word.end))
        if following.lower != second:
            message = f"unexpected {following.shown()}, expected {second.upper()}"
            raise QuerySyntaxError(message, self._text, following.start, following.end)
        return name, following.end

    def _fork(self, word: Token) -> tuple[Command, int]:
        branches: list[tuple[Command, ...]] = []
        end = word.end
        at = self._blank(end)
        while self._text[at : at + 1] == "(":
            self._source.deeper(at)
            branch, closing = self._pipeline(self._blank(at + 1), first=False)
            end = self._closed(closing)
            self._source.depth -= 1
            branches.append(branch)
            at = self._blank(end)
        if not branches or self._text[at : at + 1] not in ("|", ")", ""):
            found = f"'{self._text[at]}'" if at < len(self._text) else "end of query"
            raise QuerySyntaxError(f"unexpected {found}, expected a branch in parentheses", self._text, at)
        return Fork(tuple(branches), (word.start, end)), at

    def _unknown_command(self, word: Token, first: bool) -> QuerySyntaxError:
        start, end = word.start, word.end
        if word.kind == "end":
            what = "a query starts with FROM or ROW" if first else "expected a command after the pipe"
            if not first and word.text and word.text not in "|)":
                what = "expected the name of a command"
            shown = f"unexpected {word.text!r}, " if word.text else ""
            return QuerySyntaxError(f"{shown}{what}", self._text, start, end)
        if word.lower in _UNRELEASED or _TWO_WORDS.get(word.lower, ("", " "))[1] == "":
            message = f"{word.text.upper()} is in no released version of Elasticsearch"
            return QuerySyntaxError(message, self._text, start, end)
        if first and word.lower in (*_PROCESSING, *_TWO_WORDS, "fork"):
            message = f"{word.text.upper()} needs rows: a query starts with FROM or ROW"
            return QuerySyntaxError(message, self._text, start, end)
        if not first and word.lower in (*_SOURCES, "promql"):
            message = f"{word.text.upper()} begins a query and cannot follow a pipe"
            return QuerySyntaxError(message, self._text, start, end)
        known = [*_SOURCES, "promql"] if first else [*(_SHOWN.get(one, one) for one in _PROCESSING), "fork"]
        near = difflib.get_close_matches(word.lower, known, 1)
        hint = f", did you mean {near[0].upper()}?" if near else ""
        return QuerySyntaxError(f"unknown command '{word.text}'{hint}", self._text, start, end)
