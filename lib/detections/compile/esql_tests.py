"""Conditions of ES|QL that ask one field about constants, as tests: the engine answers them column by column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from detections.compile.expression import Column
from detections.compile.functions.operators import like_pattern
from detections.compile.ir import Between, Equals, Exists, Like, Matches, Not, Operator, Predicate, Test
from detections.query.esql import ast
from detections.values.coerce import coerce
from detections.values.regex import matcher

Resolve = Callable[[str, tuple[int, int]], Column]
_KEYWORDS = ("keyword",)
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_NO_TEST = ("text", "unsupported", "version", "unsigned_long", "null")


def test_of(node: ast.Expression, resolve: Resolve) -> Predicate | None:
    """The test, None where the condition is not of that form."""
    match node:
        case ast.IsNull(ast.Name(name, span), negated):
            column = resolve(name, span)
            if column.field is None or column.type == "unsupported":
                return None
            exists = Test(column.field, Exists(), span=node.span)
            return exists if negated else Not(exists)
        case ast.Comparison(operator, ast.Name() as left, ast.Literal() as right):
            return _comparison(operator, left, right, node.span, resolve)
        case ast.Comparison(operator, ast.Literal() as left, ast.Name() as right):
            return _comparison(_TURNED[operator], right, left, node.span, resolve)
        case ast.In(ast.Name(name, span), items):
            return _membership(resolve(name, span), items, node.span)
        case ast.Like(ast.Name(name, span), patterns, regex, False) if len(patterns) == 1:
            return _pattern(resolve(name, span), patterns[0], regex, node.span)
    return None


def _comparison(
    operator: str, name: ast.Name, literal: ast.Literal, span: tuple[int, int], resolve: Resolve
) -> Predicate | None:
    column = resolve(name.name, name.span)
    value = _constant(column, literal)
    if value is None:
        return None
    match operator:
        case "==":
            return _test(column, Equals(frozenset({value})), span)
        case "!=":
            return Not(_test(column, Equals(frozenset({value})), span))
        case "<" | "<=":
            return _test(column, Between(high=value, include_high=operator == "<="), span)
    return _test(column, Between(low=value, include_low=operator == ">="), span)


def _membership(column: Column, items: tuple[ast.Expression, ...], span: tuple[int, int]) -> Predicate | None:
    values = [_constant(column, item) if isinstance(item, ast.Literal) else None for item in items]
    if None in values:
        return None
    return _test(column, Equals(frozenset(value for value in values if value is not None)), span)


def _pattern(column: Column, pattern: ast.Expression, regex: bool, span: tuple[int, int]) -> Predicate | None:
    if column.field is None or column.type not in _KEYWORDS or not isinstance(pattern, ast.Literal):
        return None
    if not isinstance(pattern.value, str):
        return None
    try:
        if not regex:
            return _test(column, Like(like_pattern(pattern.value)), span)
        matcher(pattern.value)
    except ValueError:
        return None
    return _test(column, Matches(pattern.value), span)


def _constant(column: Column, literal: ast.Literal) -> Any:
    """The literal as the column's type has it, None where that takes more than a look (the expression will say)."""
    value = literal.value
    if column.field is None or column.type in _NO_TEST or value is None or isinstance(value, tuple):
        return None
    if column.type == "keyword":
        return value if isinstance(value, str) else None
    if column.type == "boolean":
        return value if isinstance(value, bool) else None
    if column.type in ("datetime", "ip"):
        return coerce("date" if column.type == "datetime" else "ip", value) if isinstance(value, str) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _test(column: Column, operator: Operator, span: tuple[int, int]) -> Test:
    assert column.field is not None
    return Test(column.field, operator, "missing", "missing", span)
