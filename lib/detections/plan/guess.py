"""Where a verdict hangs on a type that is only guessed: nobody declared the field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detections.mapping import Field
from detections.plan.expression import Call, Column, Expression
from detections.plan.predicate import (
    AnyToken,
    Between,
    Compute,
    Equals,
    Leaf,
    Like,
    Matches,
    Operator,
    Phrase,
    Predicate,
    Test,
    leaves,
)
from detections.query import Span
from detections.values.ip import parse_cidr


@dataclass(frozen=True, slots=True)
class Guess:
    """``field`` is assumed to be ``taken_for``, and with another type ``what`` would find something else."""

    field: str
    taken_for: str
    what: str
    span: Span


def guesses(predicates: Iterable[Predicate]) -> list[Guess]:
    """The guesses that decide what some predicates find, one a field: the first."""
    found: dict[str, Guess] = {}
    for predicate in predicates:
        for leaf in leaves(predicate):
            for guess in _in(leaf):
                found.setdefault(guess.field, guess)
    return list(found.values())


def _in(leaf: Leaf) -> Iterator[Guess]:
    match leaf:
        case Test(field=field, operator=operator) if not field.declared:
            what = _deciding(field, operator)
            if what is not None:
                yield Guess(field.name, _kind(field), what, leaf.span)
        case Compute(expression):
            for column in _columns(expression):
                if column.field is not None and not column.field.declared:
                    yield Guess(column.field.name, f"a {column.type}", "a computed value", leaf.span)


def _columns(expression: Expression) -> Iterator[Column]:
    match expression:
        case Column():
            yield expression
        case Call(_, arguments):
            for argument in arguments:
                yield from _columns(argument)


def _deciding(field: Field, operator: Operator) -> str | None:
    match operator:
        case Between():
            return "an order"
        case Like() | Matches():
            return "a pattern"
        case Phrase() | AnyToken():
            return "words"
        case Equals(values) if any(isinstance(value, str) and parse_cidr(value) is not None for value in values):
            return "a block of addresses"
    return "a whole text" if field.family == "text" else None


def _kind(field: Field) -> str:
    return "what each value is" if field.type == "dynamic" else f"of type {field.type}"
