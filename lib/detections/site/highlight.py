"""A query as HTML: its words in colours, and drawn on it which clauses the cases cover.

The words are told apart by their shape alone, so that a query that does not parse looks as well as one that does.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from detections.case import Clause

_STRING = r'"""[\s\S]*?"""|"(?:[^"\\]|\\[\s\S])*"'
_COMMENT = r"//[^\n]*|/\*[\s\S]*?\*/"
_NUMBER = r"\b[0-9]+(?:\.[0-9]+)?(?:ms|[smhdwMyq])?\b"
_NAME = r"[A-Za-z_@?][\w@]*(?:\.[\w@*]+)*|`[^`\n]*`"
_KQL_WORD = r"[^\s():<>\"{}]+"
_SIGN = r"[-+*/%<>=!:~|]+"
_BRACKET = r"[()\[\]{},.?;]"

_EQL_WORDS = "and|any|by|false|in|join|like|maxspan|not|null|of|or|regex|sample|sequence|true|until|where|with"
_ESQL_COMMANDS = (
    "change_point|completion|dissect|drop|enrich|eval|fork|from|fuse|grok|inline|inlinestats|join|keep|limit|lookup|"
    "metadata|mv_expand|rename|rerank|row|sample|show|sort|stats|ts|where"
)
_ESQL_WORDS = "and|as|asc|by|desc|false|first|in|is|last|like|not|null|nulls|on|or|rlike|true|with"


def _pattern(**kinds: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items()))


_LANGUAGES = {
    "kuery": _pattern(
        string=r'"(?:[^"\\]|\\[\s\S])*"', keyword=r"(?i:\b(?:and|or|not)\b)(?=[\s()]|$)",
        field=rf"{_KQL_WORD}(?=\s*(?::|<|>))", sign=r"[:<>]=?", bracket=r"[(){}]", value=_KQL_WORD,
    ),
    "lucene": _pattern(
        string=r'"(?:[^"\\]|\\[\s\S])*"', keyword=r"\b(?:AND|OR|NOT|TO)\b|&&|\|\|", field=r"[\w.@*\\]+(?=:)",
        sign=r"[:<>]=?|[-+!^~]", bracket=r"[()\[\]{}]", value=_KQL_WORD,
    ),
    "eql": _pattern(
        comment=_COMMENT, string=_STRING, keyword=rf"\b(?:{_EQL_WORDS})\b~?", number=_NUMBER,
        function=r"[A-Za-z_]\w*~?(?=\s*\()", field=_NAME, sign=_SIGN, bracket=_BRACKET,
    ),
    "esql": _pattern(
        comment=_COMMENT, string=_STRING, keyword=rf"(?i:\b(?:{_ESQL_COMMANDS}|{_ESQL_WORDS})\b)", number=_NUMBER,
        function=r"[A-Za-z_]\w*(?=\s*\()", field=_NAME, sign=_SIGN, bracket=_BRACKET,
    ),
}  # fmt: skip
_STATES = {"covered": "covered", "excused": "excused", "open": "not covered"}


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    kind: str


def highlight(text: str, language: str | None, clauses: Sequence[Clause] = ()) -> Markup:
    """A query; each clause leads to the row ``#clause-N`` that says which cases turn on it, N from 1."""
    pieces = deque(_pieces(text, language))
    html: list[str] = []
    at = 0
    for number, clause in sorted(enumerate(clauses, 1), key=lambda one: one[1].span):
        start, end = clause.span
        if start < at or end > len(text) or start >= end:
            continue  # it stands inside another one, or has no place in the text
        html += _coloured(text, pieces, at, start)
        state = state_of(clause)
        html.append(f'<a class="clause {state}" href="#clause-{number}" title="clause {number}: {_STATES[state]}">')
        html += [*_coloured(text, pieces, start, end), "</a>"]
        at = end
    html += _coloured(text, pieces, at, len(text))
    return Markup("".join(html))  # safe: all of the text went through escape


def state_of(clause: Clause) -> str:
    """How a clause stands: covered, excused or open."""
    return "covered" if clause.covered else "excused" if clause.excuse else "open"


def _pieces(text: str, language: str | None) -> Iterator[_Piece]:
    pattern = _LANGUAGES.get(language or "")
    for found in pattern.finditer(text) if pattern else ():
        yield _Piece(found.start(), found.end(), found.lastgroup or "")


def _coloured(text: str, pieces: deque[_Piece], start: int, end: int) -> Iterator[str]:
    """A part of the text, each piece of it, or what lies of it inside the part, in an element of its kind. Pieces that
    end in the part are taken from the queue."""
    at = start
    while pieces and pieces[0].start < end:
        piece = pieces[0]
        begin, stop = max(piece.start, at), min(piece.end, end)
        yield escape(text[at:begin])
        yield f'<span class="q-{piece.kind}">{escape(text[begin:stop])}</span>'
        at = stop
        if piece.end > end:
            break
        pieces.popleft()
    yield escape(text[at:end])
