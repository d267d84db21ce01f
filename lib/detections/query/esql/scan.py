"""Tokens of ES|QL (Elasticsearch 9.5). Commands differ in their words: each is scanned once its name is known."""

from __future__ import annotations

import re
from typing import NamedTuple

from detections.errors import QuerySyntaxError

KEYWORDS = frozenset(
    (
        "and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls", "on", "or",
        "rlike", "true", "where", "with",
    )
)  # fmt: skip
"""What no column of an expression is called without quotes."""

_WORD = r"[A-Za-z][A-Za-z0-9_]*+|[_@][A-Za-z0-9_]++"
_QUOTED = r"`[^`]*+(?:``[^`]*+)*+`"
_STRING = r'"""[^\r\n]*?"""(?:"{1,2})?|"[^\r\n"\\]*+(?:\\[tnrTNR"\\][^\r\n"\\]*+)*+"'
_PATTERN = rf"(?:[A-Za-z*][A-Za-z0-9_*]*+|[_@][A-Za-z0-9_*]++|{_QUOTED})+"
_SOURCE = r'(?:[^:"=|,\[\]/() \t\r\n]|/(?![*/]))+'
_PARAMETER = r"\?{1,2}(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)?"


def _tokens(*kinds: str) -> re.Pattern[str]:
    """A pattern for one token of some kinds, with the blanks before it."""
    every = (*kinds, r"(?P<comment>//[^\r\n]*+|/\*)", r"(?P<end>\Z)", "(?P<other>.)")
    return re.compile(rf"[ \t\r\n]*+(?:{'|'.join(every)})", re.DOTALL)


EXPRESSION = _tokens(
    rf"(?P<word>{_WORD})(?P<dotted>(?:\.(?:{_WORD}))++)?+",
    r"(?P<symbol>::|==|!=|<=|>=|=~|->|[-+*%<>=()\[\]{},:;|]|\.(?![0-9])|/(?![/*]))",
    rf"(?P<string>{_STRING})",
    r"(?P<decimal>[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.[0-9]*)",
    r"(?P<integer>[0-9]++)",
    rf"(?P<quoted>{_QUOTED})",
    rf"(?P<parameter>{_PARAMETER})",
)
"""What EVAL, LIMIT, ROW, SORT, STATS, WHERE and most other commands are made of."""

NAMES = _tokens(rf"(?P<pattern>{_PATTERN})", rf"(?P<parameter>{_PARAMETER})", r"(?P<symbol>[],.=|()[])")
"""What KEEP, DROP and RENAME are made of."""

SOURCES = _tokens(rf"(?P<string>{_STRING})", rf"(?P<source>{_SOURCE})", r"(?P<symbol>::|[],:=()[|])")
"""What FROM is made of."""

POLICY = _tokens(
    rf"(?P<string>{_STRING})",
    r'(?P<source>(?:[^\\/?"<>| ,#\t\r\n:()]+:)?[^\\/?"<>| ,#\t\r\n:()]+)',
    r"(?P<symbol>[|()])",
)
"""What names the policy of ENRICH."""

_BLANK = re.compile(r"[ \t\r\n]*+")
_COMMENT = re.compile(r"//[^\r\n]*+|/\*")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_COMMAND = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUBQUERY = re.compile(r"(?:from|promql|row|show|ts)\b", re.IGNORECASE)
_ESCAPE = re.compile(r'\\([tnrTNR"\\])')
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "T": "\t", "N": "\n", "R": "\r", '"': '"', "\\": "\\"}
_OPEN_STRING = re.compile(r'"[^\r\n"\\]*+(?:\\[tnrTNR"\\][^\r\n"\\]*+)*+')
_new = tuple.__new__  # half of the scanner's time is this, and Token(...) would take twice as long


class Token(NamedTuple):
    """``kind`` is a group of the patterns above (``dotted`` a name of several words); a keyword or symbol is its own.
    The last token of a command is ``end``, the one before a sub-query ``subquery``."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()

    def shown(self) -> str:
        """How error messages call it."""
        if self.kind == "end":
            return {"": "end of query", "|": "end of command"}.get(self.text, f"'{self.text}'")
        return f"'{self.text}'" if len(self.text) <= 40 else f"'{self.text[:40]}...'"


class Scanner:
    """The tokens of one command, up to what ends it: a pipe, a semicolon, the parenthesis around a sub-query, the end.

    Where a sub-query begins the tokens end with one of kind ``subquery``; :meth:`run` goes on behind it. Words in
    ``stops`` (lower case) end the tokens as well; what follows them is scanned with another pattern.
    """

    def __init__(
        self, text: str, pattern: re.Pattern[str], comments: list[tuple[int, int]], stops: tuple[str, ...] = ()
    ) -> None:
        self.tokens: list[Token] = []
        self._text = text
        self.pattern = pattern
        self._comments = comments
        self._stops = stops
        self._depth = 0

    def run(self, at: int) -> None:
        """Add the tokens from a place on. Raises QuerySyntaxError."""
        while at >= 0:
            at = self._run(at)

    def _run(self, at: int) -> int:
        """Scan to the next bracketed comment; the place behind it, or -1 at the end of the tokens."""
        add = self.tokens.append
        for found in self.pattern.finditer(self._text, at):
            kind = found.lastgroup
            assert kind is not None
            value = found[kind]
            end = found.end()
            if kind == "word":
                lower = value.lower()
                if lower in KEYWORDS:
                    kind = lower
            elif kind == "dotted":
                value = found["word"] + value
            elif kind == "symbol":
                kind = self._bracket(value, end)
            elif kind == "comment":
                start = end - len(value)
                if value == "/*":
                    end = _behind_comment(self._text, start)
                self._comments.append((start, end))
                if value == "/*":
                    return end
                continue
            elif kind == "other":
                raise refusal(self._text, end - 1)
            elif kind == "source" and self._stops and value.lower() in self._stops:
                kind = "end"
            add(_new(Token, (kind, value, end - len(value), end)))
            if kind == "end" or kind == "subquery":
                break
        return -1

    def _bracket(self, symbol: str, end: int) -> str:
        """The kind of a symbol, once the depth of parentheses is known."""
        if symbol == "(":
            if self._opens_query(end):
                return "subquery"
            self._depth += 1
        elif symbol == ")":
            if not self._depth:
                return "end"
            self._depth -= 1
        elif symbol == "|" or symbol == ";":
            return "end"
        return symbol

    def _opens_query(self, behind: int) -> bool:
        if self.pattern is SOURCES:
            return True
        if not self.tokens or self.tokens[-1].kind != "in":
            return False
        return _SUBQUERY.match(self._text, skip_blank(self._text, behind, [])) is not None


def skip_blank(text: str, at: int, comments: list[tuple[int, int]]) -> int:
    """The position behind blanks and comments, which are added to ``comments``."""
    while True:
        blank = _BLANK.match(text, at)
        assert blank is not None
        at = blank.end()
        found = _COMMENT.match(text, at)
        if found is None:
            return at
        start, at = at, _behind_comment(text, at) if found[0] == "/*" else found.end()
        comments.append((start, at))


def _behind_comment(text: str, start: int) -> int:
    """Comments nest. Where they are not balanced, the last ``*/`` ends the outer one."""
    depth, at = 0, start
    while (edge := _COMMENT_EDGE.search(text, at)) is not None:
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
        if not depth:
            return at
    last = text.rfind("*/", start + 2)
    if last < 0:
        raise QuerySyntaxError("comment is not closed", text, start, start + 2)
    return last + 2


def command_word(text: str, at: int) -> Token:
    """The name of a command, as it stands, or the token ``end``."""
    found = _COMMAND.match(text, at)
    if found is None:
        return Token("end", text[at : at + 1], at, at + 1)
    return Token("word", found[0], at, found.end())


def refusal(text: str, at: int) -> QuerySyntaxError:
    """The error that no token begins here."""
    character = text[at]
    if character == '"':
        opened = _OPEN_STRING.match(text, at)
        stop = at + 1 if opened is None else opened.end()
        if text[max(0, at - 2) : at] == '""':  # the first two were read as an empty string
            return QuerySyntaxError('raw string is not closed on its line by """', text, at - 2, at + 1)
        if text[stop : stop + 1] == "\\":
            message = rf'unknown escape: only \" \\ \n \r \t are escapes, or write """{text[stop : stop + 2]}"""'
            return QuerySyntaxError(message, text, stop, stop + 2)
        return QuerySyntaxError("string is not closed on its line", text, at, stop)
    if character == "'":
        return QuerySyntaxError("""strings take double quotes ("), not single quotes (')""", text, at)
    if character in "\u201c\u201d\u201e\u2018\u2019":
        return QuerySyntaxError(f'strings take straight double quotes ("), not {character}', text, at)
    if character == "`":
        return QuerySyntaxError("quoted name is not closed", text, at, at + 1)
    blank = ": write a plain space" if character.isspace() else ""
    return QuerySyntaxError(f"unexpected character {character!r}{blank}", text, at, at + 1)


def string_value(token: str) -> str:
    """What a string literal means."""
    if token.startswith('"""') and len(token) >= 6:
        return token[3:-3]
    if "\\" not in token:
        return token[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], token[1:-1])


def string_offsets(token: str) -> list[int]:
    """Where in a string literal each character of its value stands, and last where the value ends."""
    if token.startswith('"""') and len(token) >= 6:
        return list(range(3, len(token) - 2))
    offsets, at, last = [], 1, len(token) - 1
    while at < last:
        offsets.append(at)
        at += 2 if token[at] == "\\" else 1
    return [*offsets, last]


def name_value(token: str) -> str:
    """What a quoted name means."""
    return token[1:-1].replace("``", "`")


_PATTERN_PART = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<star>\*)|(?P<plain>[^`*]+)")


def pattern_texts(token: str) -> list[str]:
    """The texts of a name pattern between its wildcards; a quoted star is not a wildcard."""
    texts = [""]
    for part in _PATTERN_PART.finditer(token):
        if part["star"]:
            texts.append("")
        else:
            texts[-1] += name_value(part[0]) if part["quoted"] else part[0]
    return texts
