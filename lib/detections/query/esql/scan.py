"""Tokens of ES|QL (Elasticsearch 9.2). Commands differ in their words: each is scanned once its name is known."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detections.errors import QuerySyntaxError

_WORD = r"[A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+"
_QUOTED = r"`[^`]*+(?:``[^`]*+)*+`"
_STRING = r'"""[^\r\n]*?"""(?:"{1,2})?|"[^\r\n"\\]*+(?:\\[tnr"\\][^\r\n"\\]*+)*+"'
_PATTERN = rf"(?:[A-Za-z*][A-Za-z0-9_*]*|[_@][A-Za-z0-9_*]+|{_QUOTED})+"

EXPRESSION = re.compile(
    rf"(?P<string>{_STRING})"
    r"|(?P<decimal>[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+\.[0-9]*)"
    rf"|(?P<integer>[0-9]+)|(?P<word>{_WORD})|(?P<quoted>{_QUOTED})"
    r"|(?P<parameter>\?{1,2}[A-Za-z0-9_]*)"
    r"|(?P<symbol>::|==|=~|!=|<=|>=|[-+*/%<>=()\[\]{},.:])"
)
"""What EVAL, LIMIT, ROW, SORT and WHERE are made of."""

NAMES = re.compile(rf"(?P<pattern>{_PATTERN})|(?P<parameter>\?{{1,2}}[A-Za-z0-9_]*)|(?P<symbol>[,.=])")
"""What KEEP, DROP and RENAME are made of."""

SOURCES = re.compile(
    rf'(?P<string>{_STRING})|(?P<source>(?:[^:"=|,\[\]/() \t\r\n]|/(?![*/]))+)|(?P<symbol>::|[:=,\[\]()])'
)
"""What FROM is made of."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*)+")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_COMMAND = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SKIPPED = re.compile(rf'{_STRING}|{_QUOTED}|[^"`/|()\[\]{{}}]+|/(?![/*])')
_ESCAPE = re.compile(r'\\([tnr"\\])')
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
_OPEN_STRING = re.compile(r'"[^\r\n"\\]*+(?:\\[tnr"\\][^\r\n"\\]*+)*+')


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is a group of the patterns above, or ``end`` (of the command)."""

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
            return "end of command" if self.text else "end of query"
        return f"'{self.text}'" if len(self.text) <= 40 else f"'{self.text[:40]}...'"


def skip_blank(text: str, at: int) -> int:
    """The position behind blanks and comments. Comments nest."""
    while True:
        found = _BLANK.match(text, at)
        if found is not None:
            at = found.end()
        if not text.startswith("/*", at):
            return at
        at = _behind_comment(text, at)


def _behind_comment(text: str, start: int) -> int:
    depth, at = 0, start
    while (edge := _COMMENT_EDGE.search(text, at)) is not None:
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
        if not depth:
            return at
    raise QuerySyntaxError("comment is not closed", text, start, start + 2)


def command_word(text: str, at: int) -> Token:
    """The name of a command, as it stands, or the token ``end``."""
    found = _COMMAND.match(text, at)
    if found is None:
        return Token("end", text[at : at + 1], at, at + 1)
    return Token("word", found[0], at, found.end())


def scan(text: str, at: int, pattern: re.Pattern[str]) -> list[Token]:
    """The tokens of a command from ``at`` to the pipe that ends it (or the end of the query), and the token ``end``."""
    tokens: list[Token] = []
    while True:
        at = skip_blank(text, at)
        if at == len(text) or text[at] == "|":
            tokens.append(Token("end", text[at : at + 1], at, at + 1))
            return tokens
        found = pattern.match(text, at)
        if found is None:
            raise _refusal(text, at)
        tokens.append(Token(found.lastgroup or "", found[0], at, found.end()))
        at = found.end()


def skip_command(text: str, at: int) -> int:
    """Where a command that is not understood ends: at the next pipe outside of brackets, strings and comments."""
    depth = 0
    while at < len(text):
        behind = skip_blank(text, at)
        if behind > at:
            at = behind
            continue
        character = text[at]
        if character == "|" and depth <= 0:
            return at
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        found = _SKIPPED.match(text, at)
        if found is None and character in '"`':
            raise _refusal(text, at)
        at = at + 1 if found is None else found.end()
    return at


def _refusal(text: str, at: int) -> QuerySyntaxError:
    character = text[at]
    if character == '"':
        opened = _OPEN_STRING.match(text, at)
        stop = at + 1 if opened is None else opened.end()
        if not text.startswith('"""', at) and text[stop : stop + 1] == "\\":
            message = rf'unknown escape: only \" \\ \n \r \t are escapes, or write """{text[stop : stop + 2]}"""'
            return QuerySyntaxError(message, text, stop, stop + 2)
        return QuerySyntaxError("string is not closed on its line", text, at, stop)
    if character == "`":
        return QuerySyntaxError("quoted name is not closed", text, at, at + 1)
    return QuerySyntaxError(f"unexpected character {character!r}", text, at, at + 1)


def string_value(token: str) -> str:
    """What a string literal means."""
    if token.startswith('"""') and len(token) >= 6:
        return token[3:-3]
    if "\\" not in token:
        return token[1:-1]
    return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], token[1:-1])


def name_value(token: str) -> str:
    """What a quoted name means."""
    return token[1:-1].replace("``", "`")


_PATTERN_PART = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<star>\*)|(?P<plain>[^`*]+)")


def pattern_texts(token: str) -> tuple[str, ...]:
    """The texts of a name pattern between its wildcards; a quoted star is no wildcard."""
    texts = [""]
    for part in _PATTERN_PART.finditer(token):
        if part["star"]:
            texts.append("")
        else:
            texts[-1] += name_value(part[0]) if part["quoted"] else part[0]
    return tuple(texts)
