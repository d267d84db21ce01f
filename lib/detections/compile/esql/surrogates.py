"""Functions that Elasticsearch itself replaces by others before it looks at them: TRANGE, EARLIEST, LATEST (9.5)."""

from __future__ import annotations

from detections.compile.esql.context import Context
from detections.query.esql import ast

AGGREGATES = {"earliest": "first", "latest": "last"}
"""Aggregate functions over ``@timestamp`` -> the function that says what it sorts by."""


def aggregate(context: Context, node: ast.Function) -> ast.Function:
    """EARLIEST and LATEST as FIRST and LAST; any other function as it is. Raises QueryTypeError."""
    name = AGGREGATES.get(node.name)
    if name is None:
        return node
    if len(node.arguments) != 1 or node.star:
        message = f"error building [{node.name}]: expects 1 argument, found {len(node.arguments)}"
        raise context.query.refused(message, node.span)
    return ast.Function(name, (*node.arguments, ast.Name("@timestamp", node.span)), span=node.span)


def time_range(context: Context, node: ast.Function) -> ast.Logical:
    """TRANGE as two comparisons of ``@timestamp``: its start is outside, its end inside. Raises QueryTypeError."""
    count = len(node.arguments)
    if count not in (1, 2):
        raise context.query.refused(f"error building [trange]: expects 1 to 2 arguments, found {count}", node.span)
    time, first, last = ast.Name("@timestamp", node.span), node.arguments[0], node.arguments[-1]
    if count == 1 and isinstance(first, ast.TimeSpan) and first.amount < 0:
        raise context.query.refused("start_time_or_offset cannot be negative", first.span)
    now = ast.Function("now", (), span=node.span)
    start = ast.Arithmetic("-", now, first, first.span) if count == 1 else _instant(first)
    end = now if count == 1 else _instant(last)
    name = (node.span[0], node.span[0] + len(node.name))
    later = ast.Comparison(">", time, start, first.span)
    return ast.Logical("and", (later, ast.Comparison("<=", time, end, last.span if count == 2 else name)), node.span)


def _instant(node: ast.Expression) -> ast.Expression:
    return ast.Function("to_datetime", (node,), span=node.span)
