"""How plans, predicates and expressions read: outlines, which a report writes down in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import (
    Always,
    And,
    AnyField,
    AnyToken,
    Between,
    Compute,
    Equals,
    Exists,
    IsTrue,
    Like,
    Matches,
    Nested,
    Not,
    Operator,
    Or,
    Phrase,
    Predicate,
    Ranges,
    Test,
    Until,
)
from detections.values.datemath import Relative
from detections.values.dates import format_date

_MOST = 100
"""Values that are written out: a value list has a million."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A line, and what stands below it, further in."""

    text: str
    inside: tuple[Outline, ...] = ()


def outline(node: Predicate) -> Outline:
    """A predicate, one leaf a line."""
    match node:
        case And(items):
            return _around("all of", items)
        case Or(items):
            return _around("any of", items)
        case Not(item):
            return _around("not", (item,))
        case IsTrue(item):
            return _around("is true", (item,))
        case Nested(path, item):
            return _around(f"one object under {path}", (item,))
        case Test(field, operator):
            absent = ", missing where it has no value" if node.missing == "missing" else ""
            return Outline(f"{field.name} {_operator(operator)}  ({field.type}{absent})")
        case Compute(value):
            return Outline(written(value))
        case Always(value):
            return Outline(f"always {'missing' if value is None else str(value).lower()}")
        case Until(instant):
            return Outline(f"until {format_date(instant)}")
        case AnyField():
            return Outline("some field, whichever the event has")


def _around(text: str, items: Iterable[Predicate]) -> Outline:
    return Outline(text, tuple(map(outline, items)))


def _operator(operator: Operator) -> str:
    match operator:
        case Exists():
            return "exists"
        case Equals(values, insensitive):
            shown = sorted(map(repr, values))
            more = f" and {len(shown) - _MOST:,} more" if len(shown) > _MOST else ""
            said = f"= {shown[0]}" if len(shown) == 1 else f"one of {', '.join(shown[:_MOST])}{more}"
            return said + " in any case" * insensitive
        case Between(low, high, include_low, include_high):
            bounds = [f"{'>=' if include_low else '>'} {_bound(low)}"] * (low is not None)
            bounds += [f"{'<=' if include_high else '<'} {_bound(high)}"] * (high is not None)
            return " and ".join(bounds) or "has any value"
        case Ranges(ranges):
            return f"in one of {len(ranges):,} ranges"
        case Like(pattern, insensitive):
            text = "".join(map(str, pattern))
            return f"like {text!r}" + " in any case" * insensitive
        case Matches(pattern, insensitive):
            return f"matches {pattern!r}" + " in any case" * insensitive
        case Phrase(tokens):
            return f"has the phrase {' '.join(tokens)!r}"
        case AnyToken(tokens):
            return f"has a token of {', '.join(sorted(map(repr, tokens)))}"


def _bound(bound: object) -> str:
    return str(bound) if isinstance(bound, Relative) else repr(bound)


def written(node: Expression) -> str:
    """A scalar expression, every call written as a function."""
    match node:
        case Column(name):
            return name
        case Constant(value):
            return "null" if value is None else repr(value)
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"
