"""GROK: named patterns over regular expressions (Elasticsearch 9.2: those of Oniguruma, in Ruby's syntax).

A pattern is searched for anywhere in the text. ``%{NAME:column:type}`` captures; a column that is captured more than
once has several values.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from detections.errors import NotEvaluated
from detections.functions.grok_patterns import ELSEWHERE, PATTERNS
from detections.functions.signature import packed
from detections.values.backtrack import Bounded, TooMuchWork

Reader: TypeAlias = Callable[[str], "dict[str, Any] | None"]

TYPES = {
    "int": "integer", "long": "long", "double": "double", "float": "double", "boolean": "boolean", "string": "keyword",
}  # fmt: skip
"""What a capture may say of its type -> that of the column."""

_CONVERSIONS: dict[str, Callable[[str], object]] = {
    "integer": int, "long": int, "double": float, "boolean": lambda text: text.lower() == "true",
}  # fmt: skip
_REFERENCE = re.compile(r"%\{(\w+)(?::([^:}]+))?(?::(\w+))?\}")
_GROUP = re.compile(r"\\.|\(\?<([A-Za-z_][^>]*)>", re.DOTALL)
_POSIX = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": "\\s",
    "punct": "!-/:-@\\[-`{-~", "xdigit": "0-9a-fA-F", "word": "\\w", "blank": " \\t",
}  # fmt: skip
_RUBY = re.compile(r"\\(.)|\[:(\^?)(\w+):\]", re.DOTALL)
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. ``captures``: (column, type) of each capture, in the order of its groups' numbers."""

    expression: Bounded
    captures: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> dict[str, str]:
        """The columns and their types, in order."""
        return dict(self.captures)

    def read(self, text: str) -> dict[str, Any] | None:
        """The captured values, None where the text does not match. Raises TooMuchWork."""
        found = self.expression.search(text)
        if found is None:
            return None
        values: dict[str, list[object]] = {}
        for number, (name, kind) in enumerate(self.captures):
            value = found[f"c{number}"]
            if value is not None:
                values.setdefault(name, []).append(_converted(value, kind))
        return {name: packed([one for one in them if one is not None]) for name, them in values.items()}


def _converted(text: str, kind: str) -> object:
    try:
        return _CONVERSIONS[kind](text) if kind in _CONVERSIONS else text
    except ValueError:
        return None


@functools.lru_cache(maxsize=256)
def compile_grok(text: str) -> Pattern:
    """Raises ValueError (no pattern) or NotEvaluated."""
    captures: list[tuple[str, str]] = []
    made = _expanded(text, captures, 0)
    try:
        return Pattern(Bounded(re.compile(made, re.MULTILINE)), tuple(captures))
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"Invalid pattern [{text}] for grok: {error}") from None


def _expanded(text: str, captures: list[tuple[str, str]], depth: int) -> str:
    """The pattern as a regular expression, its captures being the groups ``c0`` ..."""
    if depth > _DEEPEST:
        raise ValueError("circular reference in a grok pattern")
    parts: list[str] = []
    at = 0
    for found in _REFERENCE.finditer(text):
        parts.append(_grouped(text[at : found.start()], captures))
        at = found.end()
        name, column, kind = found.groups()
        opening = "(?:"
        if column is not None:
            opening = f"(?P<c{len(captures)}>"
            captures.append((column, _type_of(kind, found[0])))
        parts.append(f"{opening}{_expanded(_pattern(name), captures, depth + 1)})")
    return "".join([*parts, _grouped(text[at:], captures)])


def _type_of(kind: str | None, reference: str) -> str:
    if kind is not None and kind not in TYPES:
        raise ValueError(f"unknown type [{kind}] in [{reference}]: expected one of {', '.join(TYPES)}")
    return TYPES.get(kind or "", "keyword")


def _pattern(name: str) -> str:
    if name in PATTERNS:
        return PATTERNS[name]
    if name in ELSEWHERE:
        raise NotEvaluated(f"the grok pattern {name} is not evaluated here")
    near = difflib.get_close_matches(name, PATTERNS, 1)
    hint = f", did you mean {near[0]}?" if near else ""
    raise ValueError(f"Unable to find pattern [{name}] in Grok's pattern dictionary{hint}")


def _grouped(text: str, captures: list[tuple[str, str]]) -> str:
    """A part of a pattern between references, for Python: ``(?<name>`` captures as well."""

    def named(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        name, _, kind = found[1].partition(":")
        captures.append((name, _type_of(kind or None, found[0])))
        return f"(?P<c{len(captures) - 1}>"

    return _RUBY.sub(_ruby, _GROUP.sub(named, text))


def _ruby(found: re.Match[str]) -> str:
    escaped, negated, name = found.groups()
    if name is not None:
        if negated or name not in _POSIX:
            raise NotEvaluated(f"{found[0]} in a grok pattern is not evaluated here")
        return _POSIX[name]
    if escaped == "h":
        return "[0-9a-fA-F]"
    return {"z": "\\Z", "Z": "(?=\\n?\\Z)"}.get(escaped, found[0])


def reader(patterns: tuple[str, ...]) -> Reader:
    """What captures of the first pattern that matches, None where none does or one takes too much work."""
    made = [compile_grok(text) for text in patterns]

    def read(text: str) -> dict[str, Any] | None:
        try:
            return next((found for one in made if (found := one.read(text)) is not None), None)
        except TooMuchWork:
            return None

    return read
