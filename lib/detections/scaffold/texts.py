"""Texts that match a wildcard pattern or a Lucene regular expression."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from detections.values.regex_syntax import parse
from detections.values.regex_tree import (
    Characters,
    Complement,
    Concat,
    Intersection,
    Ranges,
    Regex,
    Repeat,
    Text,
    Union,
)
from detections.values.wildcard import ANY, Wild

_MOST = 12
"""Texts made of one expression, at most."""
_OPEN = "/\\.-_=:@ "
"""Beside one of these, nothing looks cut off: `/tmp/*` wants a name."""
_LIKELY = "aA0x-_ ./"


def of_pattern(pattern: Sequence[str | Wild], fillings: Sequence[str] = ()) -> Iterator[str]:
    """Texts that match a pattern; ``fillings`` are put where anything may stand."""
    yield "".join(_filled(pattern, number) for number in range(len(pattern)))
    for filling in ("", "x", *fillings, *(f" {one} " for one in fillings)):
        yield "".join(part if isinstance(part, str) else filling if part is ANY else "x" for part in pattern)
    for filling in fillings:
        for chosen in (number for number, part in enumerate(pattern) if part is ANY):
            yield "".join(
                part if isinstance(part, str) else (filling if number == chosen else "") if part is ANY else "x"
                for number, part in enumerate(pattern)
            )


def _filled(pattern: Sequence[str | Wild], number: int) -> str:
    """A part of a pattern as text; a star is empty where that looks whole."""
    part = pattern[number]
    if isinstance(part, str):
        return part
    if part is not ANY:
        return "x"
    before = pattern[number - 1] if number else ""
    after = pattern[number + 1] if number + 1 < len(pattern) else ""
    cut = (isinstance(before, str) and before[-1:] in _OPEN and before) or (
        isinstance(after, str) and after[:1] in _OPEN and after
    )
    return "x" if cut or (not before and not after) else ""


def of_expression(pattern: str) -> list[str]:
    """Texts that a regular expression probably matches; whoever uses one asks the expression itself.

    Raises:
        RegexError: the text is not a regular expression.
    """
    return list(dict.fromkeys(_texts(parse(pattern))))[:_MOST]


def _texts(syntax: Regex) -> list[str]:
    match syntax:
        case Text(text):
            return [text]
        case Characters(ranges):
            return [_character(ranges)] if ranges else []
        case Concat(items):
            made = itertools.product(*(_texts(item)[:_MOST] for item in items))
            return ["".join(parts) for parts in itertools.islice(made, _MOST)]
        case Union(items):
            return [text for item in items for text in _texts(item)[:_MOST]]
        case Intersection(items):
            return [text for item in items for text in _texts(item)[:_MOST]]
        case Complement(_):
            return ["", "x", "example"]
        case Repeat(item, least, most):
            counts = [least, *([least + 1] if most is None or most > least else [])]
            return [text * count for count in counts for text in _texts(item)[:_MOST]]


def _character(ranges: Ranges) -> str:
    """A character of a set, a plain one where it has some."""
    for likely in _LIKELY:
        if any(low <= ord(likely) <= high for low, high in ranges):
            return likely
    return chr(max(ranges[0][0], 0x20 if ranges[0][1] >= 0x20 else 0))
