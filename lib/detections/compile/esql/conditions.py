"""Conditions of ES|QL as predicates.

What asks one field of the documents about constants becomes a :class:`~detections.plan.predicate.Test`, answered once
per distinct value; the rest is computed. Lists (``IN``, ``LIKE (...)``, ``CIDR_MATCH``) become one leaf per value.
"""

from __future__ import annotations

from functools import partial

from detections.compile.esql.context import Context
from detections.compile.esql.expressions import Expressions
from detections.compile.esql.fulltext import FULL_TEXT, full_text
from detections.compile.esql.scope import Scope
from detections.compile.esql.surrogates import time_range
from detections.errors import NotEvaluated
from detections.functions.operators import like_pattern
from detections.functions.others import block
from detections.plan.expression import Call, Column, Constant, Expression
from detections.plan.predicate import (
    Always,
    And,
    Between,
    Compute,
    Equals,
    Exists,
    Like,
    Matches,
    Not,
    Operator,
    Or,
    Predicate,
    Test,
)
from detections.query import Span
from detections.query.esql import ast

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_FAMILIES = frozenset({"keyword", "number", "date", "boolean", "ip"})


class Conditions:
    """Compiles the condition of one WHERE. ``columnar``: it speaks of documents, no command stands before it."""

    def __init__(self, context: Context, scope: Scope, *, columnar: bool) -> None:
        self._context = context
        self._expressions = Expressions(context, scope)
        self._columnar = columnar

    def compile(self, node: ast.Expression) -> Predicate:
        otherwise: Predicate = Always(None, node.span)
        return self._context.attempt(partial(self._compile, node), otherwise)

    def _compile(self, node: ast.Expression) -> Predicate:
        match node:
            case ast.Logical(operator, items):
                made = tuple(self.compile(item) for item in items)
                return And(made) if operator == "and" else Or(made)
            case ast.Not(value):
                return Not(self.compile(value))
            case ast.Comparison(operator, left, right):
                return self._comparison(operator, left, right, node, node.span)
            case ast.In(value, items, negated):
                self._context.wholes.update((item.span, node.span) for item in items)
                leaves = [self._comparison("==", value, item, node, item.span) for item in items]
                return _negated(_any(leaves), negated)
            case ast.Like():
                return _negated(self._like(node), node.negated)
            case ast.IsNull(value, negated):
                return self._is_null(value, negated, node)
            case ast.Function(name="cidr_match"):
                return self._cidr_match(node)
            case ast.Function(name="trange"):
                return self._compile(time_range(self._context, node))
            case ast.Match():
                return self._full_text(node)
            case ast.Function(name=name) if name in FULL_TEXT:
                return self._full_text(node)
            case _:
                return self._leaf(self._expressions.condition(node), node.span)

    def _full_text(self, node: ast.Function | ast.Match) -> Predicate:
        if not self._columnar:
            raise NotEvaluated("full-text search after the first EVAL is not evaluated here", node.span)
        return full_text(self._context, self._expressions.scope, node)

    def _leaf(self, made: Expression, span: Span) -> Predicate:
        if isinstance(made, Constant):
            return Always(made.value if isinstance(made.value, bool) else None, span)
        if isinstance(made, Column) and self._tests(made):
            return _test(made, Equals(frozenset({True})), span)
        return Compute(made, span)

    def _tests(self, made: Expression) -> bool:
        """Whether this is a field whose values the engine can test."""
        return (
            self._columnar
            and isinstance(made, Column)
            and made.field is not None
            and made.type != "text"
            and made.field.family in _FAMILIES
        )

    def _comparison(
        self, operator: str, left: ast.Expression, right: ast.Expression, node: ast.Expression, span: Span
    ) -> Predicate:
        made = self._expressions.comparison(operator, left, right, node)
        if not isinstance(made, Call):
            return self._leaf(made, span)
        one, other = made.arguments
        if isinstance(one, Constant):
            one, other, operator = other, one, _MIRRORED[operator]
        if not isinstance(other, Constant):
            return Compute(made, span)
        if other.value is None or isinstance(other.value, tuple):
            return Always(None, span)
        if not self._tests(one):
            return Compute(made, span)
        assert isinstance(one, Column)
        test = _test(one, _operator(operator, other.value), span)
        return Not(test) if operator == "!=" else test

    def _like(self, node: ast.Like) -> Predicate:
        value = self._expressions.string(node.value, node)
        if self._expressions.matches_all(node):
            return self._exists(value, node)
        function = "rlike" if node.regex else "like"
        leaves: list[Predicate] = []
        for pattern, place in self._expressions.patterns(node):
            span = place.span if len(node.patterns) > 1 else node.span
            self._context.wholes[span] = node.span
            if pattern is None:
                leaves.append(Always(None, span))
            elif self._tests(value):
                assert isinstance(value, Column)
                operator = Matches(pattern) if node.regex else Like(like_pattern(pattern))
                leaves.append(_test(value, operator, span))
            else:
                made = self._expressions.made(function, (value, Constant(pattern, "keyword")), "boolean", node)
                leaves.append(self._leaf(made, span))
        return _any(leaves)

    def _is_null(self, value: ast.Expression, negated: bool, node: ast.Expression) -> Predicate:
        exists = self._exists(self._expressions.usable(value), node)
        return exists if negated else Not(exists)

    def _exists(self, value: Expression, node: ast.Expression) -> Predicate:
        if self._columnar and isinstance(value, Column) and value.field is not None:
            return Test(value.field, Exists(), "false", "any", node.span)
        return self._leaf(self._expressions.made("is not null", (value,), "boolean", node), node.span)

    def _cidr_match(self, node: ast.Function) -> Predicate:
        made = self._expressions.condition(node)
        if not isinstance(made, Call):
            return self._leaf(made, node.span)
        address, *blocks = made.arguments
        known = all(isinstance(one, Constant) and isinstance(one.value, str) for one in blocks)
        if not known or not self._tests(address):
            return Compute(made, node.span)
        assert isinstance(address, Column)
        self._context.wholes.update((argument.span, node.span) for argument in node.arguments[1:])
        places = [argument.span if len(blocks) > 1 else node.span for argument in node.arguments[1:]]
        ranges = [block(one.value) for one in blocks if isinstance(one, Constant) and isinstance(one.value, str)]
        return _any([_test(address, Between(*ends), span) for ends, span in zip(ranges, places, strict=True)])


def _operator(operator: str, value: object) -> Operator:
    assert isinstance(value, str | int | float | bool)
    match operator:
        case "<" | "<=":
            return Between(high=value, include_high=operator == "<=")
        case ">" | ">=":
            return Between(low=value, include_low=operator == ">=")
        case _:
            return Equals(frozenset({value}))


def _test(column: Column, operator: Operator, span: Span) -> Test:
    assert column.field is not None
    return Test(column.field, operator, "missing", "missing", span)


def _any(leaves: list[Predicate]) -> Predicate:
    return leaves[0] if len(leaves) == 1 else Or(tuple(leaves))


def _negated(made: Predicate, negated: bool) -> Predicate:
    return Not(made) if negated else made
