"""The tokens of Lucene's classic query parser (Lucene 10): the longest that fits, of equal ones the first listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from detections.errors import QuerySyntaxError
from detections.query.span import Span

_SPACE = " \t\n\r\u3000"
_START = r"""(?:[^ \t\n\r\u3000+\-!():^\[\]"{}~*?\\/]|\\.)"""
_INNER = rf"(?:{_START}|[+\-])"
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"

_USUAL = (
    ("and", r"AND|&&"),
    ("or", r"OR|\|\|"),
    ("not", r"NOT|!"),
    ("plus", r"\+"),
    ("minus", r"-"),
    ("bare", rf"[+\-!][{_SPACE}]"),
    ("open", r"\("),
    ("close", r"\)"),
    ("colon", r":"),
    ("star", r"\*"),
    ("boost", r"\^"),
    ("quoted", r'"(?:[^"\\]|\\.)*"'),
    ("term", rf"{_START}{_INNER}*"),
    ("fuzzy", rf"~(?:{_NUMBER})?"),
    ("prefix", rf"\*|{_START}{_INNER}*\*"),
    ("wild", rf"(?:{_START}|[*?])(?:{_INNER}|[*?])*"),
    ("regex", r"/(?:\\/|[^/])*/"),
    ("in", r"\["),
    ("ex", r"\{"),
)
_RANGE = (
    ("to", r"TO"),
    ("in_end", r"\]"),
    ("ex_end", r"\}"),
    ("range_quoted", r'"(?:[^"\\]|\\.)*"'),
    ("goop", r"[^ \]}]+"),
)
_BOOST = (("number", _NUMBER),)
_TOKENS = {
    state: [(kind, re.compile(pattern, re.DOTALL)) for kind, pattern in table]
    for state, table in (("usual", _USUAL), ("range", _RANGE), ("boost", _BOOST))
}
_NEXT = {"in": "range", "ex": "range", "in_end": "usual", "ex_end": "usual", "boost": "boost", "number": "usual"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    span: Span


def scan(text: str) -> list[Token]:
    """The tokens of a query, and one of kind ``end``.

    Raises:
        QuerySyntaxError: a part of it is no token.
    """
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    at, state = 0, "usual"
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at == len(text):
            yield Token("end", "", (at, at))
            return
        found = [(match, kind) for kind, pattern in _TOKENS[state] if (match := pattern.match(text, at))]
        if not found:
            raise QuerySyntaxError(_why(text, at, state), text, at, min(at + 1, len(text)))
        match, kind = max(found, key=lambda one: one[0].end())
        yield Token(kind, match.group(), match.span())
        at, state = match.end(), _NEXT.get(kind, state)


def _why(text: str, at: int, state: str) -> str:
    character = text[at]
    if state == "boost":
        return "a number must follow ^"
    if character == '"':
        return "the quotes are not closed"
    if character == "/":
        return 'the regular expression is not closed; a slash in a text is written \\/, or the text in "quotes"'
    if character == "\\":
        return "the query ends in a backslash, which escapes nothing"
    return f"unexpected '{character}'; in a text it is written \\{character}"


def unescaped(text: str) -> str | None:
    """A text without its escapes (``\\u0041`` is a code unit); None where a backslash is followed by no valid one."""
    made, broken = [], False

    def plain(match: re.Match[str]) -> str:
        nonlocal broken
        code, character = match.groups()
        if code is None and character in ("u", ""):
            broken = True
        return chr(int(code, 16)) if code else character

    made.append(re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.?))", plain, text, flags=re.DOTALL))
    return None if broken else "".join(made)
