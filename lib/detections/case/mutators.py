"""Predicates changed in one place: one leaf, one operator, one value or one connective at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from detections.case.written import cut, value_written, written
from detections.functions import COMPUTED
from detections.plan.expression import Call, Constant, Expression
from detections.plan.predicate import (
    Always,
    And,
    AnyToken,
    Between,
    Compute,
    Equals,
    Exists,
    IsTrue,
    Leaf,
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
    extent,
)
from detections.query.span import Span
from detections.values.coerce import Scalar
from detections.values.wildcard import ANY

_SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "and": "or", "or": "and"}


class Change(NamedTuple):
    """What was changed in words, where it stands in the query, and what came of it."""

    description: str
    span: Span
    predicate: Predicate


def mutants(predicate: Predicate, query: str) -> Iterator[Change]:
    """Every predicate that differs from this one in one place, in the order of the query's text."""
    return _walk(predicate, lambda whole: whole, query)


def _walk(node: Predicate, rebuild: Callable[[Predicate], Predicate], query: str) -> Iterator[Change]:
    """Every mutant of a node, put back into the whole predicate by ``rebuild``."""
    match node:
        case And(items) | Or(items):
            joined, other = (And, Or) if isinstance(node, And) else (Or, And)
            if len(items) > 1:
                change = f"{other.__name__.lower()} instead of {joined.__name__.lower()}"
                change = f"`{_text(query, node)}`: {change}"
                yield Change(change, extent(node), rebuild(other(items)))
            for number, item in enumerate(items):

                def put(new: Predicate, number: int = number) -> Predicate:
                    return rebuild(joined((*items[:number], new, *items[number + 1 :])))

                yield from _walk(item, put, query)
        case Not(item):
            yield Change(f"`{_text(query, node)}`: {_affirmed(query, item)}", extent(node), rebuild(item))
            yield from _walk(item, lambda new: rebuild(Not(new)), query)
        case IsTrue(item):
            yield from _walk(item, lambda new: rebuild(IsTrue(new)), query)
        case Nested(path, item):
            yield from _walk(item, lambda new: rebuild(Nested(path, new)), query)
        case _:
            text = _text(query, node)
            for change, new in _leaf(node, text):
                yield Change(f"`{text}`: {change}", node.span, rebuild(new))


def _text(query: str, node: Predicate) -> str:
    return cut(written(query, node)) or "filter"


def _affirmed(query: str, item: Predicate) -> str:
    """What becomes of a negation that is taken away."""
    inner = written(query, item)
    is_operator = inner == written(query, Not(item)) and "!=" in inner
    return "== instead of !=" if is_operator else "not removed"


def _leaf(leaf: Leaf, text: str) -> Iterator[tuple[str, Predicate]]:
    if isinstance(leaf, Always):
        if leaf.value is not None:
            yield f"always {str(not leaf.value).lower()}", Always(not leaf.value, leaf.span)
        return
    yield "always true", Always(True, leaf.span)
    yield "always false", Always(False, leaf.span)
    if isinstance(leaf, Test):
        for change, operator in _operators(leaf.operator, text):
            yield change, replace(leaf, operator=operator)
    elif isinstance(leaf, Compute):
        for change, expression in _expressions(leaf.expression, text):
            yield change, replace(leaf, expression=expression)


def _operators(operator: Operator, text: str) -> Iterator[tuple[str, Operator]]:
    if not isinstance(operator, Exists):
        yield "only that it exists", Exists()
    match operator:
        case Equals(values):
            for value in sorted(values, key=str):
                rest = values - {value}
                if rest:
                    yield f"without {value_written(text, value)}", replace(operator, values=rest)
                yield _instead(text, _other(value), value), replace(operator, values=rest | {_other(value)})
        case Between(low, high, include_low, include_high):
            if low is not None:
                yield _bound(text, ">", include_low), replace(operator, include_low=not include_low)
                yield "without the lower bound", replace(operator, low=None)
            if high is not None:
                yield _bound(text, "<", include_high), replace(operator, include_high=not include_high)
                yield "without the upper bound", replace(operator, high=None)
        case Ranges(ranges):
            for number in range(len(ranges)):
                if len(ranges) > 1:
                    yield f"without range {number + 1}", Ranges(ranges[:number] + ranges[number + 1 :])
        case Like(pattern):
            for number, part in enumerate(pattern):
                if part is ANY and len(pattern) > 1:
                    yield (
                        f"without star {number}",
                        replace(operator, pattern=pattern[:number] + pattern[number + 1 :]),
                    )
                elif isinstance(part, str):
                    changed = (*pattern[:number], str(_other(part)), *pattern[number + 1 :])
                    yield _instead(text, str(_other(part)), part), replace(operator, pattern=changed)
        case Matches(pattern):
            yield "another expression", Matches(f"({pattern})x", operator.case_insensitive)
        case Phrase(tokens):
            for number in range(len(tokens)):
                if len(tokens) > 1:
                    yield (
                        f"without {value_written(text, tokens[number])}",
                        Phrase(tokens[:number] + tokens[number + 1 :]),
                    )
        case AnyToken(tokens):
            for token in sorted(tokens):
                if len(tokens) > 1:
                    yield f"without {value_written(text, token)}", AnyToken(tokens - {token})


def _instead(text: str, other: Scalar, value: Scalar) -> str:
    """``"xx" instead of "x"``, with quotes where the text has them."""
    shown = value_written(text, value)
    quote = '"' if isinstance(value, str) and shown.startswith('"') and not value.startswith('"') else ""
    return f"{quote}{other if not isinstance(other, bool) else str(other).lower()}{quote} instead of {shown}"


def _bound(text: str, sign: str, inclusive: bool) -> str:
    """A bound turned to the other side; a range may be written without a sign."""
    if sign not in text:
        return f"{'lower' if sign == '>' else 'upper'} bound the other way"
    return f"{sign} instead of {sign}=" if inclusive else f"{sign}= instead of {sign}"


def _other(value: Scalar) -> Scalar:
    """A value of the same kind that is not this one."""
    if isinstance(value, bool):
        return not value
    return f"{value}x" if isinstance(value, str) else value + 1


def _others(value: Scalar) -> list[Scalar]:
    """Values beside this one, on either side of a number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return [_other(value), *([value - 1] if number else [])]  # type: ignore[operator]


def _expressions(expression: Expression, text: str) -> Iterator[tuple[str, Expression]]:
    """The expression with one operator or constant changed."""
    if isinstance(expression, Constant):
        if isinstance(expression.value, str | int | float):
            for other in _others(expression.value):
                yield _instead(text, other, expression.value), replace(expression, value=other)
    elif isinstance(expression, Call):
        eql, name = expression.function.startswith("eql."), expression.function.removeprefix("eql.")
        swapped = _SWAPS.get(name, "")
        function = f"eql.{swapped}" if eql else swapped
        if function in COMPUTED:
            yield f"{swapped} instead of {name}", replace(expression, function=function)
        for number, argument in enumerate(expression.arguments):
            for change, new in _expressions(argument, text):
                arguments = (*expression.arguments[:number], new, *expression.arguments[number + 1 :])
                yield change, replace(expression, arguments=arguments)
