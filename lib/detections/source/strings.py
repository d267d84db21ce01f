"""The inside of TOML strings: from an offset in the value to an offset in the text.

The four kinds of string and their escapes are those of TOML 1.0, with ``\\e`` and ``\\xHH`` of 1.1.
"""

from __future__ import annotations

import re

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_HEX = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|\\(.)", re.DOTALL)

# Each token of a string's text is worth: nothing (a backslash at the end of a line, and the blanks after it), one
# character (an escape, a line end of two), or as many as it has.
_TOKEN = re.compile(
    r"(?P<nothing>\\[ \t]*\r?\n[ \t\r\n]*)"
    r"|(?P<one>\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\.|\r\n)"
    r"|(?P<plain>[^\\\r]+|\r)",
    re.DOTALL,
)
_LITERAL_TOKEN = re.compile(r"(?P<nothing>(?!))|(?P<one>\r\n)|(?P<plain>[^\r]+|\r)")


def unescape(content: str) -> str:
    """The value of a basic string on one line, given what stands between its quotes."""
    if "\\" not in content:
        return content
    return _HEX.sub(_character, content)


def _character(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits:
        code = int(digits, 16)
        return chr(code) if code <= 0x10FFFF else match[0]
    return _ESCAPES.get(match[4], match[0])


def is_string(text: str, start: int) -> bool:
    """Whether the value at ``start`` is a string."""
    return text[start : start + 1] in ('"', "'")


def content_start(text: str, start: int) -> int:
    """Where the value of the string that opens at ``start`` begins: behind the quotes, and the line end after three."""
    quote = text[start] * 3
    if not text.startswith(quote, start) or _is_empty(text, start):
        return start + 1
    start += 3
    if text.startswith("\r\n", start):
        return start + 2
    return start + 1 if text.startswith("\n", start) else start


def content_end(text: str, start: int, end: int) -> int:
    """Where the value of the string at ``start:end`` ends, before its closing quotes."""
    multiline = text.startswith(text[start] * 3, start) and not _is_empty(text, start)
    return end - (3 if multiline else 1)


def _is_empty(text: str, start: int) -> bool:
    """Whether the string is ``""``. Three quotes open a string over lines; the empty one can only be followed by other
    characters."""
    return text[start + 1] == text[start] and text[start + 2 : start + 3] != text[start]


def offset_in_text(text: str, start: int, end: int, offset: int) -> int:
    """Where code point ``offset`` of a string at ``start:end`` stands in the text; at most at its closing quotes."""
    position, stop = content_start(text, start), content_end(text, start, end)
    token = _TOKEN if text[start] == '"' else _LITERAL_TOKEN
    while position < stop:
        match = token.match(text, position, stop)
        if match is None:  # a lone backslash before the end: no TOML, which the reader has refused
            break
        if match.lastgroup == "plain":
            length = match.end() - position
            if offset < length:
                return position + offset
            offset -= length
        elif match.lastgroup == "one":
            if offset == 0:
                return position
            offset -= 1
        position = match.end()
    return stop
