"""Where the PyPI package `eql` is known to read EQL otherwise than Elasticsearch 9, each with its reason.

What Elasticsearch takes and `eql` does not is put in words that `eql` reads, of the same length, before it is asked.
What `eql` takes and Elasticsearch does not is known by the words in which this project refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from detections.query.eql.scan import Token, scan


@dataclass(frozen=True, slots=True)
class Unread:
    """What `eql` does not read. ``reworded`` gives a token in its words, None for any other token.

    It is given the token before, the token and the token behind.
    """

    reason: str
    reworded: Callable[[Token, Token, Token], str | None]


@dataclass(frozen=True, slots=True)
class Unrefused:
    """What `eql` does not refuse, by a pattern that the message of this project's refusal matches."""

    reason: str
    refusal: str


_START = Token("start", "", 0, 0)
_NUMBER = re.compile(r"[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+")


def _filled(token: Token) -> str:
    return "_" * len(token.text)


def _at(before: Token, token: Token, behind: Token) -> str | None:
    return token.text.replace("@", "_") if token.kind == "name" and "@" in token.text else None


def _category(before: Token, token: Token, behind: Token) -> str | None:
    return _filled(token) if token.kind == "string" and behind.kind == "where" else None


def _quoted(before: Token, token: Token, behind: Token) -> str | None:
    return _filled(token) if token.kind == "quoted" else None


def _code_point(before: Token, token: Token, behind: Token) -> str | None:
    if token.kind == "string" and r"\u{" in token.text and not token.text.startswith('"""'):
        return f'"{"_" * (len(token.text) - 2)}"'
    return None


def _decimal(before: Token, token: Token, behind: Token) -> str | None:
    return "1" * len(token.text) if token.kind == "decimal" and not _NUMBER.fullmatch(token.text) else None


def _signs(before: Token, token: Token, behind: Token) -> str | None:
    return " " if token.kind in ("+", "-") and behind.kind in ("+", "-") else None


UNREAD = (
    Unread("a name with @ needs back-quotes in Endgame's EQL", _at),
    Unread("a category in quotes came with Elasticsearch 7.13", _category),
    Unread("a quoted name holds no doubled back-quote and no line's end in its grammar", _quoted),
    Unread(r"it fails on two \u{...} in one string", _code_point),
    Unread("it wants a digit after the point of a number", _decimal),
    Unread("it takes one sign before a number, not several", _signs),
)
"""And: functions, which it knows by one spelling only (its own setting); nested comments; blanks around the dots of a
name and behind its question mark."""

UNREFUSED = (
    Unrefused("Endgame's pipes", r"has no pipe|^'(head|tail)' takes|how many results|a sample takes no pipes"),
    Unrefused("Endgame's join", r"has no 'join'"),
    Unrefused("Endgame's process relationships", r"no process relationships"),
    Unrefused("Endgame's forks of a sequence", r"^unexpected 'fork'"),
    Unrefused("Endgame's arrays", r"^arrays have no indices"),
    Unrefused("Endgame joins by expressions", r"^a join key is a field"),
    Unrefused("Endgame takes a comma after the last of a list", r"^unexpected '\)', expected a value"),
    Unrefused("it does not count events and runs", r"^a sequence is of at|^a sample is of at|^'runs' is at most"),
    Unrefused("its nesting is limited by its stack", r"^expression is nested more than"),
    Unrefused("it does not check where missing events are", r"^a sequence needs an event|^a missing event"),
    Unrefused("it takes a span of nothing", r"takes a number greater than 0"),
    Unrefused("it takes 'by' after 'with maxspan'", r"^'by' goes before"),
    Unrefused("it takes a sample without a key", r"^a sample needs a key"),
    Unrefused("its numbers have no end", r"^number is too large"),
    Unrefused("it takes half a character", r"^no character has the code"),
)


def reworded(query: str) -> str:
    """A query that parses here in words that `eql` reads; as long as before, so that places stay what they are."""
    tokens = scan(query)
    parts: list[str] = []
    at = 0
    for before, token, behind in zip([_START, *tokens], tokens, [*tokens[1:], tokens[-1]], strict=False):
        parts.append(_between(query[at : token.start], before, token))
        found = (one.reworded(before, token, behind) for one in UNREAD)
        parts.append(next((text for text in found if text is not None), token.text))
        at = token.end
    return "".join(parts)


def _between(gap: str, before: Token, token: Token) -> str:
    """Blanks and comments between two tokens: inside a name they are filled, elsewhere blank."""
    if gap and (before.kind in ("?", ".") or token.kind == "."):
        return "_" * len(gap)
    return "".join(character if character in " \t\r\n" else " " for character in gap)


def is_known(refusal: str) -> bool:
    """Whether `eql` is known to take what this project refuses with these words."""
    return any(re.search(one.refusal, refusal) for one in UNREFUSED)
