"""Values -> TOML text: strings in the style of the one that they replace, tables in the order that they have.

Nothing is wrapped or stripped: what is read back is what was given.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

WIDTH = 120
"""The length of a line up to which a list stays on it."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all but tab and line feed
_LITERAL = re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPED_IN_LINES = re.compile(r'[\x00-\x08\x0b-\x1f\x7f\\]|"(?=""|\Z)')


class Style(NamedTuple):
    """How a string is written: its quotes, and whether three of them have a line of their own."""

    quotes: str
    own_line: bool = True


def style_of(text: str, start: int) -> Style:
    """The style of the string that opens at ``start``."""
    quote = text[start]
    if not text.startswith(quote * 3, start):
        return Style(quote)
    return Style(quote * 3, text[start + 3 : start + 5].startswith(("\n", "\r\n")))


def key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _line(name)


def string(value: str, style: Style | None = None) -> str:
    """A string in this style, or in the nearest that can say it; without one, over lines where it has several.

    A literal string wins where a basic one would need escapes, since queries and Markdown should look like themselves.
    """
    if style is None:
        style = Style("'''") if "\n" in value else Style("'" if '"' in value or "\\" in value else '"')
    quotes = style.quotes
    if "\n" in value and len(quotes) == 1:
        quotes = quotes * 3
    if quotes == "'" and ("'" in value or _CONTROL.search(value)):
        quotes = '"'
    if quotes == "'''" and ("'''" in value or value.endswith("'") or _CONTROL.search(value)):
        quotes = '"""'
    if quotes == '"':
        return f'"{_ESCAPED.sub(_escape, value)}"'
    opening = f"{quotes}\n" if len(quotes) == 3 and (style.own_line or value.startswith("\n")) else quotes
    content = _ESCAPED_IN_LINES.sub(_escape, value) if quotes == '"""' else value
    return f"{opening}{content}{quotes}"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04X}"


def inline(value: object, indent: str = "", before: int = 0) -> str:
    """A value as it stands behind an equals sign, where ``before`` characters of the line are taken already.

    A list that is too long, or has a string of several lines, has its items on lines of their own, four blanks further
    in than ``indent``.
    """
    if isinstance(value, str):
        return string(value)
    line = _line(value)
    if not isinstance(value, list) or not value:
        return line
    if before + len(line) <= WIDTH and not any(isinstance(one, str) and "\n" in one for one in value):
        return line
    below = f"{indent}    "
    return "".join(["[\n", *(f"{below}{inline(one, below, len(below) + 1)},\n" for one in value), indent, "]"])


def _line(value: object) -> str:
    """A value that ends on the line where it begins."""
    if isinstance(value, str):
        literal = ('"' in value or "\\" in value) and _LITERAL.fullmatch(value)
        return f"'{value}'" if literal else f'"{_ESCAPED.sub(_escape, value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        within = ", ".join(f"{key(name)} = {_line(one)}" for name, one in value.items())
        return f"{{ {within} }}" if within else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_line, value))}]"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(f"{type(value).__name__} is not a TOML value")


def entry(value: object, *names: str) -> str:
    """``name = value`` with its line end; of several names a dotted key."""
    start = f"{'.'.join(map(key, names))} = "
    return f"{start}{inline(value, '', len(start))}\n"


def is_block(value: object) -> bool:
    """Whether a value gets headers of its own: a table, or a list of tables, with something in it."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict) and bool(value)


def block(path: tuple[str, ...], value: Mapping[str, Any] | list[Mapping[str, Any]]) -> str:
    """A table, or a list of tables, with its headers and everything below; blocks are parted by empty lines."""
    return "\n".join(_blocks(path, value))


def document(data: Mapping[str, Any]) -> str:
    """A whole TOML document."""
    return "\n".join(_within((), data, ""))


def _blocks(path: tuple[str, ...], value: Any) -> Iterator[str]:
    name = ".".join(map(key, path))
    if isinstance(value, list):
        for one in value:
            yield from _within(path, one, f"[[{name}]]\n")
    else:
        yield from _within(path, value, f"[{name}]\n")


def _within(path: tuple[str, ...], table: Mapping[str, Any], header: str) -> Iterator[str]:
    entries = "".join(entry(one, name) for name, one in table.items() if not is_block(one))
    if entries or header.startswith("[["):
        yield header + entries
    for name, one in table.items():
        if is_block(one):
            yield from _blocks((*path, name), one)
