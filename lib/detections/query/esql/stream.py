"""The tokens of one command, read one by one."""

from __future__ import annotations

import re

from detections.errors import QuerySyntaxError
from detections.query.esql.ast import Name, Parameter, Pattern
from detections.query.esql.scan import KEYWORDS, Scanner, Token, name_value, pattern_texts

DEEPEST = 100
"""How deep expressions, sub-queries and maps may nest (Elasticsearch: 400). Chains of AND and OR are not deep."""


class Source:
    """The text of a query, with what is remembered while it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.comments: list[tuple[int, int]] = []
        self.depth = 0

    def deeper(self, place: int) -> None:
        """One level more. Raises QuerySyntaxError where that is one too many."""
        self.depth += 1
        if self.depth >= DEEPEST:
            raise self.too_deep(place)

    def too_deep(self, place: int) -> QuerySyntaxError:
        return QuerySyntaxError(f"expression is nested more than {DEEPEST} deep", self.text, place)


class Stream:
    """What commands and expressions ask of their tokens."""

    def __init__(self, source: Source, at: int, pattern: re.Pattern[str], stops: tuple[str, ...] = ()) -> None:
        self.source = source
        self.text = source.text
        self._scanner = Scanner(source.text, pattern, source.comments, stops)
        self._scanner.run(at)
        self.tokens = self._scanner.tokens
        self.at = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def resume(self, at: int) -> None:
        """Go on behind a sub-query that was read."""
        self._scanner.run(at)
        self.at += 1

    def switch(self, pattern: re.Pattern[str]) -> None:
        """Read what follows, the word that ended the tokens included, as tokens of another pattern."""
        self._scanner.pattern = pattern
        self._scanner.run(self.tokens.pop().start)

    def stops_at(self, *words: str) -> bool:
        """Whether the tokens ended at one of these words."""
        return self.token.kind == "end" and self.token.lower in words

    def is_next(self, *words: str) -> bool:
        """Whether the next tokens are these symbols or words."""
        for offset, word in enumerate(words):
            if self.at + offset >= len(self.tokens):
                return False
            token = self.tokens[self.at + offset]
            if token.kind != word and (token.kind not in ("word", "source", "pattern") or token.lower != word):
                return False
        return True

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def accept(self, word: str) -> bool:
        """Step over a symbol or keyword."""
        if self.tokens[self.at].kind != word:
            return False
        self.at += 1
        return True

    def accept_word(self, word: str) -> bool:
        """Step over a word that is not a keyword of expressions."""
        if not self.is_next(word):
            return False
        self.at += 1
        return True

    def expect(self, word: str) -> Token:
        if not self.is_next(word):
            raise self.unexpected(f"'{word.upper()}'")
        return self.take()

    def unexpected(self, *expected: str) -> QuerySyntaxError:
        """The error that the next token is none of these."""
        token = self.token
        wanted = expected[0] if len(expected) == 1 else f"{', '.join(expected[:-1])} or {expected[-1]}"
        return self.error(f"unexpected {token.shown()}, expected {wanted}", token)

    def error(self, message: str, token: Token) -> QuerySyntaxError:
        return QuerySyntaxError(message, self.text, token.start, token.end)

    def span(self, start: int) -> tuple[int, int]:
        """From ``start`` to the end of the token taken last."""
        return start, self.tokens[self.at - 1].end if self.at else start

    # Names.

    def name(self, *, any_word: bool = False) -> Name:
        """A dotted name; with ``any_word`` keywords are names, too."""
        token = self.tokens[self.at]
        kind = token.kind
        if (kind == "word" or kind == "dotted") and self.tokens[self.at + 1].kind != ".":
            if kind == "dotted" and not any_word:
                self._refuse_keywords(token)
            self.at += 1
            return Name(token.text, (token.start, token.end))
        unbound = token.kind == "parameter"
        parts = [self._name_part(any_word)]
        while self.accept("."):
            unbound = unbound or self.token.kind == "parameter"
            parts.append(self._name_part(any_word))
        return Name(".".join(parts), self.span(token.start), unbound)

    def _name_part(self, any_word: bool) -> str:
        token = self.token
        if token.kind == "quoted" and len(token.text) > 2:
            return name_value(self.take().text)
        if token.kind == "word" or token.kind == "parameter" or (any_word and token.kind in KEYWORDS):
            return self.take().text
        if token.kind == "dotted":
            self._refuse_keywords(token)
            return self.take().text
        if token.kind in KEYWORDS:
            raise self._keyword(token)
        raise self.unexpected("a name")

    def _refuse_keywords(self, token: Token) -> None:
        """Raises QuerySyntaxError where a part of a dotted name is a keyword."""
        if KEYWORDS.isdisjoint(token.lower.split(".")):
            return
        start = token.start
        for part in token.text.split("."):
            if part.lower() in KEYWORDS:
                raise self._keyword(Token("word", part, start, start + len(part)))
            start += len(part) + 1

    def _keyword(self, token: Token) -> QuerySyntaxError:
        return self.error(f"'{token.text}' is a keyword: write `{token.text}` for a column of that name", token)

    def parameter(self) -> Parameter:
        token = self.take()
        return Parameter(token.text, (token.start, token.end))

    def pattern(self) -> Pattern:
        """A dotted name with wildcards, of tokens of commands that take patterns."""
        token = self.tokens[self.at]
        if token.kind == "pattern" and self.tokens[self.at + 1].kind != "." and token.text.isidentifier():
            self.at += 1
            return Pattern((token.text,), (token.start, token.end))
        texts, unbound = self._pattern_part()
        while self.accept("."):
            following, parameter = self._pattern_part()
            texts = [*texts[:-1], f"{texts[-1]}.{following[0]}", *following[1:]]
            unbound = unbound or parameter
        return Pattern(tuple(texts), self.span(token.start), unbound)

    def _pattern_part(self) -> tuple[list[str], bool]:
        token = self.token
        if token.kind == "parameter":
            return [self.take().text], True
        if token.kind != "pattern" or token.text == "``":
            raise self.unexpected("a column name")
        return pattern_texts(self.take().text), False
