"""Tokens of EQL (Elasticsearch 9). Keywords are lower case and reserved; names know ASCII letters only."""

from __future__ import annotations

import re
from typing import NamedTuple

from detections.errors import QuerySyntaxError

KEYWORDS = frozenset(
    (
        "and", "any", "by", "false", "in", "join", "like", "maxspan", "not", "null", "of", "or", "regex", "sample",
        "sequence", "true", "until", "where", "with",
    )
)  # fmt: skip
_RELAXED = frozenset(("in~", "like~", "regex~"))

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
      (?P<name>[A-Za-z_@][A-Za-z0-9_]*+(?!~))
    | (?P<symbol>==|!=|<=|>=|!\[|[,()\[\]:<>|*%?=+-]|\.(?![0-9])|/(?![/*]))
    | (?P<string>\"{3}[^\r\n]*?\"{3}(?:\"{1,2})?|"(?!"")(?:[^"\\\r\n]++|\\[btnfr"'\\]|\\u\{[^}"\\\r\n]*+\})*+")
    | (?P<decimal>(?:[0-9]++\.[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?|[0-9]++[eE][+-]?[0-9]++)
    | (?P<integer>[0-9]++)
    | (?P<quoted>`[^`]*+(?:``[^`]*+)*+`)
    | (?P<tilde>[A-Za-z][A-Za-z0-9_]*+~)
    | (?P<loose>[_@][A-Za-z0-9_]*+)
    | (?P<comment>//[^\r\n]*+|/\*)
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_OPEN_STRING = re.compile(r"""["'](?:[^"\\\r\n]++|\\[btnfr"'\\]|\\u\{[^}"\\\r\n]*+\})*+""")
_ESCAPE = re.compile(r"\\(?:u\{([^}]*)\}|(.))")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_new = tuple.__new__  # half of the scanner's time is this, and Token(...) would take twice as long
_HEX = re.compile("[0-9a-fA-F]{2,8}")


class Token(NamedTuple):
    """``kind`` is name, quoted, string, integer, decimal, tilde (``name~``) or end; a keyword or symbol is its own."""

    kind: str
    text: str
    start: int
    end: int

    def shown(self) -> str:
        """How error messages call it."""
        if self.kind == "end":
            return "end of query"
        return f"'{self.text}'" if len(self.text) <= 40 else f"'{self.text[:40]}...'"


def scan(text: str) -> list[Token]:
    """The tokens of a query; the last one is ``end``.

    Raises:
        QuerySyntaxError: a character, a string, a name or a comment is none of EQL's.
    """
    tokens: list[Token] = []
    at = 0
    while at >= 0:
        at = _scan_to_comment(text, at, tokens)
    return tokens


def _scan_to_comment(text: str, at: int, tokens: list[Token]) -> int:
    """Scan to the next bracketed comment; the place behind it, or -1 at the end of the text."""
    for found in _TOKEN.finditer(text, at):
        kind = found.lastgroup or ""
        value = found[kind]
        end = found.end()
        if kind == "symbol" or (kind == "name" and value in KEYWORDS) or (kind == "tilde" and value in _RELAXED):
            kind = value
        elif kind == "loose":
            kind = "name"
        elif kind == "comment":
            if value == "/*":
                return _behind_comment(text, end - 2)
            continue
        elif kind == "other":
            raise _refusal(text, end - 1)
        tokens.append(_new(Token, (kind, value, end - len(value), end)))
        if kind == "end":
            break
    return -1


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


def _refusal(text: str, at: int) -> QuerySyntaxError:
    character = text[at]
    if character == '"' and text.startswith('"""', at):
        return QuerySyntaxError('raw string is not closed on its line by """', text, at, at + 3)
    if character == '"':
        opened = _OPEN_STRING.match(text, at)
        stop = at + 1 if opened is None else opened.end()
        if text[stop : stop + 1] == "\\":
            known = r"""\" \' \\ \b \f \n \r \t \u{...}"""
            message = f'unknown escape: only {known} are escapes, or write """{text[stop : stop + 2]}"""'
            return QuerySyntaxError(message, text, stop, stop + 2)
        return QuerySyntaxError("string is not closed on its line", text, at, stop)
    if character == "'":
        return QuerySyntaxError("""strings take double quotes ("), not single quotes (')""", text, at)
    if character == "`":
        return QuerySyntaxError("quoted name is not closed", text, at)
    if character in "\u201c\u201d\u201e\u2018\u2019":
        return QuerySyntaxError(f'strings take straight double quotes ("), not {character}', text, at)
    blank = ": write a plain space" if character.isspace() else ""
    return QuerySyntaxError(f"unexpected character {character!r}{blank}", text, at)


def string_value(query: str, token: Token) -> str:
    """What a string means.

    Raises:
        QuerySyntaxError: one of its ``\\u{...}`` is not a character.
    """
    text = token.text
    if text.startswith('"""') and len(text) >= 6:
        return text[3:-3]
    if "\\" not in text:
        return text[1:-1]
    parts: list[str] = []
    at = 1
    for found in _ESCAPE.finditer(text):
        parts.append(text[at : found.start()])
        if found[1] is None:
            parts.append(_ESCAPES.get(found[2], found[2]))
        else:
            place = token.start + found.start()
            parts.append(_character(found[1], query, place, place + len(found[0])))
        at = found.end()
    parts.append(text[at:-1])
    return "".join(parts)


def _character(code: str, query: str, start: int, end: int) -> str:
    if not _HEX.fullmatch(code):
        raise QuerySyntaxError(r"\u{...} takes 2 to 8 hexadecimal digits", query, start, end)
    value = int(code, 16)
    if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise QuerySyntaxError(f"no character has the code {code}", query, start, end)
    return chr(value)


def name_value(token: Token) -> str:
    """What a name means, quoted or not."""
    return token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text
