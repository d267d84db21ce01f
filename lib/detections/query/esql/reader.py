"""What the readers of commands have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import Command, Field, Index, Limit, Name, Parameter, Where
from detections.query.esql.expressions import Expressions
from detections.query.esql.scan import string_value

_T = TypeVar("_T")
_NAMES = ("word", "dotted", "quoted", "parameter")


class Reader(Expressions):
    """The tokens of one command, and what several commands are made of."""

    def several(self, read: Callable[[], _T]) -> tuple[_T, ...]:
        """One or more of something, with commas between."""
        items = [read()]
        while self.accept(","):
            items.append(read())
        return tuple(items)

    def field(self, *, group: bool = False) -> Field:
        """``name = value`` or a value alone."""
        start = self.token.start
        value = self.expression()
        if isinstance(value, Name | Parameter) and self.tokens[self.at].kind == "=" and self._is_bare():
            self.at += 1
            named = value.name if isinstance(value, Name) else value.text
            return Field(named, self.expression(), self.span(start))
        span = self.span(start)
        if group and isinstance(value, Name):
            return Field(value.name, value, span)
        return Field(self.text[start : span[1]], value, span)

    def _is_bare(self) -> bool:
        """Whether the name that was read last stands without parentheses around it."""
        return self.tokens[self.at - 1].kind != ")"

    def fields(self) -> tuple[Field, ...]:
        return self.several(self.field)

    def groups(self) -> tuple[Field, ...]:
        """``BY ...``, where it follows."""
        return self.several(lambda: self.field(group=True)) if self.accept("by") else ()

    def target(self) -> Name:
        """``name =``."""
        made = self.name(any_word=True)
        if not self.accept("="):
            raise self.unexpected("'='")
        return made

    def optional_target(self) -> Name | None:
        """``name =``, where it follows."""
        at = self.at
        while self.tokens[at].kind in _NAMES and self.tokens[at + 1].kind == ".":
            at += 2
        is_name = self.tokens[at].kind in _NAMES
        return self.target() if is_name and self.tokens[at + 1].kind == "=" else None

    def index(self) -> Index:
        """An index pattern, of the tokens of FROM."""
        token = self.token
        if token.kind == "string":
            self.at += 1
            return Index(string_value(token.text), (token.start, token.end))
        name = self._source("an index pattern")
        if self.accept(":"):
            name += f":{self._source('an index pattern')}"
        if self.accept("::"):
            name += f"::{self._source('failures or data')}"
        return Index(name, self.span(token.start))

    def _source(self, expected: str) -> str:
        token = self.token
        if token.kind != "source" or token.lower in ("metadata", "with") or token.text.startswith("?"):
            raise self.unexpected(expected)
        self.at += 1
        return token.text

    def leftover(self, command: Command) -> QuerySyntaxError:
        """The error that a command is read, but its text goes on."""
        token = self.token
        if token.kind in ("=", "=~"):
            return self.error(f"unexpected '{token.text}', expected an operator: equality is '=='", token)
        if token.kind == "not":
            return self.unexpected("an operator (AND NOT ..., NOT IN, NOT LIKE)", "'|'", "the end of the query")
        single = isinstance(command, Where) or (isinstance(command, Limit) and not command.groups)
        return self.unexpected(*(() if single else ("','",)), "'|'", "the end of the query")


Read: TypeAlias = Callable[[Reader, int], Command]
Readers: TypeAlias = dict[str, tuple[re.Pattern[str], tuple[str, ...], Read]]
"""The name of a command -> what its tokens are, the words at which its first tokens end, and what reads it. A reader
gets the place where the command begins."""
