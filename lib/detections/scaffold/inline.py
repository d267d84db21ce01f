"""The conditions of a row pipeline as conditions of the event: columns that were computed, written out."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from detections.plan import RowsPlan
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import Compute, Leaf, Predicate, leaves, rewrite
from detections.plan.rows import Eval, Limit, Project, Sort, Where, columns_in


class _UnknownError(Exception):
    """A column comes from a command that cannot be written out."""


def conditions_of_rows(plan: RowsPlan) -> list[Predicate]:
    """What every WHERE asks of the event. One about columns that DISSECT, GROK and their like make is left out: the
    event is then made without it, and the engine says whether it does."""
    known: dict[str, Expression] = {}
    found: list[Predicate] = []
    for command in plan.pipeline.commands:
        match command:
            case Where(predicate):
                try:
                    found.append(rewrite(predicate, partial(_leaf, dict(known))))
                except _UnknownError:
                    continue
            case Eval(columns):
                for name, expression in columns:
                    try:
                        known[name] = _written_out(expression, known)
                    except _UnknownError:
                        known.pop(name, None)
            case Project(columns):
                known |= {
                    name: known.get(column.name, column)
                    for name, column in columns
                    if column.name in known or column.field is not None
                }
            case Sort() | Limit():
                continue
    return [predicate for predicate in found if all(_resolved(leaf) for leaf in leaves(predicate))]


def _leaf(known: dict[str, Expression], leaf: Leaf) -> Predicate:
    if not isinstance(leaf, Compute):
        return leaf
    return replace(leaf, expression=_written_out(leaf.expression, known))


def _written_out(expression: Expression, known: dict[str, Expression]) -> Expression:
    match expression:
        case Column(name, _, None):
            if name not in known:
                raise _UnknownError(name)
            return known[name]
        case Call():
            return replace(
                expression, arguments=tuple(_written_out(argument, known) for argument in expression.arguments)
            )
        case Column() | Constant():
            return expression


def _resolved(leaf: Leaf) -> bool:
    """Whether a leaf asks the event alone."""
    return not isinstance(leaf, Compute) or all(column.field is not None for column in columns_in(leaf.expression))
