"""Parser of Lucene's query syntax, as Elasticsearch 9.2 reads a ``query_string`` (Lucene 10's classic parser, whose
operator is OR, and which does not split a text on whitespace before it is analysed)."""

from __future__ import annotations

from dataclasses import replace

from detections.errors import QuerySyntaxError
from detections.query.lucene.ast import Boolean, Clause, Condition, Node, Occur, Pattern, Range, Regex, Value, Words
from detections.query.lucene.scan import Token, scan, unescaped
from detections.query.span import NOWHERE, Span
from detections.values import limits
from detections.values.wildcard import ANY, lucene

MAX_DEPTH = limits.LUCENE_DEPTH.most

_NOT_AFTER_WORDS = ("and", "or", "colon", "star", "fuzzy", "boost")
"""What the last of several words cannot stand before: it is a clause of its own then, as ``b`` in ``a b OR c``."""

_MODIFIERS = {"plus": Occur.MUST, "minus": Occur.MUST_NOT, "not": Occur.MUST_NOT}
_SHOWN = {"end": "the end of the query", "bare": "an operator before a space"}


def parse(text: str) -> Boolean:
    """The tree of a query; one without clauses where the text is empty, which asks nothing.

    Raises:
        QuerySyntaxError: it is no query.
    """
    if not text.strip():
        return Boolean((), (0, 0))
    parser = _Parser(text)
    found = parser.clauses(None, NOWHERE, 0)
    parser.expect("end")
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = scan(text)
        self._at = 0

    def clauses(self, field: str | None, field_span: Span, depth: int) -> Boolean:
        """Clauses up to a closing parenthesis or the end."""
        start = self._here().span[0]
        if depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH} levels", self._here())
        made: list[Clause] = []
        conjunction = ""
        while True:
            modifier = None
            node: Node | None = None if conjunction else self._several_words(field, field_span)
            if node is None:
                modifier = _MODIFIERS.get(self._here().kind)
                if modifier is not None:
                    self._next()
                node = self._clause(field, field_span, depth)
            if conjunction == "and" and made and made[-1].occur is not Occur.MUST_NOT:
                made[-1] = replace(made[-1], occur=Occur.MUST)
            made.append(Clause(modifier or (Occur.MUST if conjunction == "and" else Occur.SHOULD), node))
            kind = self._here().kind
            if kind in ("end", "close"):
                return Boolean(tuple(made), (start, self._tokens[self._at - 1].span[1]))
            conjunction = self._next().kind if kind in ("and", "or") else ""

    def expect(self, kind: str) -> Token:
        token = self._next()
        if token.kind != kind:
            raise self._error(f"unexpected {_shown(token)}", token)
        return token

    def _several_words(self, field: str | None, field_span: Span) -> Condition | None:
        """Words next to each other, which are one text; None where there are not two."""
        first = self._at
        if self._tokens[first].kind != "term" or not self._goes_on(first + 1):
            return None
        while self._goes_on(self._at + 1):
            self._at += 1
        self._at += 1
        run = self._tokens[first : self._at]
        span = (run[0].span[0], run[-1].span[1])
        text = " ".join(self._plain(token, token.text) for token in run)
        return Condition(field, Words(text), span, field_span, span)

    def _goes_on(self, at: int) -> bool:
        return self._tokens[at].kind == "term" and self._tokens[at + 1].kind not in _NOT_AFTER_WORDS

    def _clause(self, field: str | None, field_span: Span, depth: int) -> Node:
        start = self._here()
        if start.kind in ("term", "star") and self._tokens[self._at + 1].kind == "colon":
            field, field_span = self._plain(start, start.text), start.span
            self._at += 2
        if self._here().kind != "open":
            return self._condition(start, field, field_span)
        self._next()
        made = self.clauses(field, field_span, depth + 1)
        end = self.expect("close")
        self._boost()
        return replace(made, span=(start.span[0], end.span[1]))

    def _condition(self, start: Token, field: str | None, field_span: Span) -> Condition:
        token = self._next()
        if token.kind in ("in", "ex"):
            value: Value = self._range(token)
            self._boost()
        else:
            value = self._value(token)
            boosted = self._boost()
            if self._here().kind == "fuzzy":
                value = self._fuzzy(value)
                if not boosted:
                    self._boost()
        end = self._tokens[self._at - 1].span[1]
        return Condition(field, value, (start.span[0], end), field_span, (token.span[0], end))

    def _value(self, token: Token) -> Value:
        match token.kind:
            case "term":
                return Words(self._plain(token, token.text))
            case "bare":
                return Words(token.text[0])
            case "quoted":
                return Words(self._plain(token, token.text[1:-1]), quoted=True)
            case "star":
                return Pattern((ANY,), prefix=True)
            case "prefix":
                return Pattern((self._plain(token, token.text[:-1]), ANY), prefix=True)
            case "wild":
                return Pattern(lucene(token.text))
            case "regex":
                return Regex(token.text[1:-1])
        raise self._error(f"unexpected {_shown(token)}", token)

    def _range(self, opened: Token) -> Range:
        bounds: list[str | None] = []
        for _ in range(2):
            if bounds and self._next().kind != "to":
                raise self._error("a range is written [low TO high] or {low TO high}", self._tokens[self._at - 1])
            token = self._next()
            if token.kind not in ("goop", "range_quoted", "to"):
                raise self._error("a range is written [low TO high] or {low TO high}", token)
            text = token.text[1:-1] if token.kind == "range_quoted" else token.text
            bounds.append(None if token.text == "*" else self._plain(token, text))
        closed = self._next()
        if closed.kind not in ("in_end", "ex_end"):
            raise self._error("a range is written [low TO high] or {low TO high}", closed)
        return Range(bounds[0], bounds[1], opened.kind == "in", closed.kind == "in_end")

    def _fuzzy(self, value: Value) -> Value:
        token = self._next()
        if isinstance(value, Words):
            return replace(value, fuzzy=token.text[1:])
        raise self._error("~ is for words and texts in quotes", token)

    def _boost(self) -> bool:
        """A boost, which changes the order of results only."""
        if self._here().kind != "boost":
            return False
        self._next()
        self.expect("number")
        return True

    def _plain(self, token: Token, text: str) -> str:
        found = unescaped(text)
        if found is None:
            raise self._error("\\u is followed by four hexadecimal digits", token)
        return found

    def _here(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        if token.kind != "end":
            self._at += 1
        return token

    def _error(self, message: str, token: Token) -> QuerySyntaxError:
        return QuerySyntaxError(message, self._text, *token.span)


def _shown(token: Token) -> str:
    return _SHOWN.get(token.kind, f"'{token.text}'")
