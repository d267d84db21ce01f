"""The syntax tree of Lucene's query syntax: clauses that must, should or must not hold, and conditions on a field.

A ``span`` is a pair of offsets into the query in code points, the end exclusive; spans take no part in equality.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TypeAlias

from detections.query.span import NOWHERE, Span
from detections.values.wildcard import Wild


class Occur(enum.StrEnum):
    """What a clause is to the others beside it: what only should hold decides where none must."""

    MUST = "must"
    SHOULD = "should"
    MUST_NOT = "must not"


@dataclass(frozen=True, slots=True)
class Words:
    """A text, without its escapes. Words next to each other are one text, joined by spaces.

    ``fuzzy`` is what stands behind a ``~``: how many edits a word may be away, or words in quotes apart.
    """

    text: str
    quoted: bool = False
    fuzzy: str | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ``*`` or ``?``; ``prefix``: its one star is the last character."""

    parts: tuple[str | Wild, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression between slashes."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Between two bounds; None is an open end."""

    low: str | None
    high: str | None
    include_low: bool
    include_high: bool


Value: TypeAlias = Words | Pattern | Regex | Range


@dataclass(frozen=True, slots=True)
class Condition:
    """A value of a field; without one (None) of any field. ``value_span`` is where the value stands alone."""

    field: str | None
    value: Value
    span: Span = attribute(default=NOWHERE, compare=False)
    field_span: Span = attribute(default=NOWHERE, compare=False)
    value_span: Span = attribute(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Clause:
    occur: Occur
    node: Node


@dataclass(frozen=True, slots=True)
class Boolean:
    """Clauses; none at all in an empty query."""

    clauses: tuple[Clause, ...]
    span: Span = attribute(default=NOWHERE, compare=False)


Node: TypeAlias = Condition | Boolean


def conditions(node: Node) -> Iterator[Condition]:
    """The conditions, from left to right."""
    waiting = [node]
    while waiting:
        match waiting.pop():
            case Boolean(clauses):
                waiting.extend(clause.node for clause in reversed(clauses))
            case Condition() as condition:
                yield condition
